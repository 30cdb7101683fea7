"""Every component of ours passes the suite that a plugin author's must pass."""

from __future__ import annotations

from spectra.registry import installed
from spectra.testing import conformance

OWN = [it for it in installed() if it.own and it.group in ("translators", "losses", "metrics")]

for plugin in OWN:
    globals()[f"test_{plugin.kind}_{plugin.name}"] = conformance(plugin.group, plugin.full_name)


def test_none_is_left_out() -> None:
    assert {plugin.kind for plugin in OWN} == {"translator", "loss", "metric"}
    assert len(OWN) >= 11
