"""All that Spectra asks of a translator, a loss and a metric: one line each."""

from __future__ import annotations

from spectra.testing import conformance

test_translator = conformance("translators", "firefly", preset="tiny")
test_loss = conformance("losses", "firefly_edges")
test_metric = conformance("metrics", "firefly_bias")
