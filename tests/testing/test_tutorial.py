"""The metrics that the tutorial shows, and those of a new package, do what the conformance suite asks."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from spectra import Config
from spectra.scaffold import package_of
from spectra.testing import NotApplicable, checks
from spectra.testing.scored import Scene
from tests.losses.random_weights import use_random_weights
from tests.plugin_packages import PluginPackages

PAGE = Path(__file__).parents[2] / "docs" / "write_a_plugin.md"
PRELUDE = "from typing import Any\nimport torch, spectra\nfrom torch import Tensor\nfrom torch.nn import functional\n"
PRELUDE += "from spectra import Config, weights\n"
NEW_METRICS = package_of("glow")["spectra_glow/metric.py"]
OF_SETS = ["one_image"]
SHOWN = [("WorstError", []), ("FirstLayerDistance", []), ("WholeError", OF_SETS)]
WRITTEN = [("Bias", []), ("Tones", OF_SETS)]


def shown() -> str:
    """A module of the Python that the section on metrics has in it."""
    section = PAGE.read_text(encoding="utf-8").split("\n## A metric\n")[1].split("\n## ")[0]
    return PRELUDE + "\n".join(re.findall(r"^```python\n(.*?)^```$", section, re.MULTILINE | re.DOTALL))


def left_out(packages: PluginPackages, code: str, name: str) -> list[str]:
    """The checks that do not apply, after all have been made."""
    packages.add("glow", {"metrics": {"glow": f"glow:{name}"}}, code)
    found = []
    for check in checks("metrics", "glow"):
        try:
            check()
        except NotApplicable:
            found.append(check.name)
    return found


@pytest.mark.parametrize(("name", "expected"), SHOWN)
def test_a_metric_of_the_tutorial_passes(
    plugin_packages: PluginPackages, monkeypatch: pytest.MonkeyPatch, name: str, expected: list[str]
) -> None:
    use_random_weights(monkeypatch)
    assert left_out(plugin_packages, shown(), name) == expected


@pytest.mark.parametrize(("name", "expected"), WRITTEN)
def test_a_metric_of_a_new_package_passes(plugin_packages: PluginPackages, name: str, expected: list[str]) -> None:
    assert left_out(plugin_packages, NEW_METRICS, name) == expected


@pytest.mark.parametrize(("name", "code"), [("WholeError", shown()), ("Tones", NEW_METRICS)])
def test_metrics_of_whole_sets_make_the_number_of_the_formula(name: str, code: str) -> None:
    module: dict[str, Any] = {}
    exec(code, module)
    items = Scene("nir2rgb", 32).items(under_mask=1.0)
    metric = module[name](Config())
    for item in items:
        assert metric.update(item) is None
    predictions, targets = (
        np.concatenate([image[:, item.valid].double().numpy().ravel() for image, item in pairs])
        for pairs in ([(it.prediction, it) for it in items], [(it.target, it) for it in items])
    )
    levels = [np.rint(side * 255) for side in (predictions, targets)]
    expected = {
        "WholeError": 100 * np.sqrt(np.mean((predictions - targets) ** 2)),
        "Tones": 100 * wasserstein_distance(*levels) / 255,
    }
    assert metric.result().value == pytest.approx(expected[name], rel=1e-6)
    assert (metric.result().n, metric.result().low) == (len(items), None)
