"""All that Spectra asks of a translator, a loss and two metrics: one line each."""

from __future__ import annotations

from spectra.testing import conformance

test_translator = conformance("translators", "firefly", preset="tiny")
test_loss = conformance("losses", "firefly_edges")
test_metric = conformance("metrics", "firefly_bias")
test_metric_of_sets = conformance("metrics", "firefly_tones")
