"""Runs of chains, and of models that resize."""

from __future__ import annotations

import json
from pathlib import Path

import torch

import spectra
from spectra.bench.run import run

DATA = "data: {scenes: {size: 48, train: 3, test: 2}}\nevaluate: {metrics: [mae], floors: [constant], samples: 1}\n"


def test_a_chain_of_a_finished_run_and_a_name_is_carried_out_and_loaded(tmp_path: Path) -> None:
    base, chain = tmp_path / "base.yaml", tmp_path / "chain.yaml"
    sizes = "inference: {input: [40, 40], output: [56, 64]}\n"
    base.write_text(f"task: rgb2ir\ntranslator: graydef\nsettings: {{factor: fit}}\n{sizes}{DATA}")
    chain.write_text(f"task: rgb2ir\ntranslator:\n  chain:\n    - runs/base\n    - inverse\n{DATA}")
    run(base, out=tmp_path / "runs" / "base")
    done = run(chain, out=tmp_path / "runs" / "chain")
    found = done.methods["chain"]
    assert [link["origin"] for link in found["diagnostics"]["links"]] == ["base", ""]
    assert found["notes"] == ["Link 1 (base): Sources are brought to 40×40, results to 56×64."]
    assert found["scores"]["mae"]["signature"].endswith("|prediction-to-target-size:bilinear-antialias")
    assert run(chain, out=tmp_path / "runs" / "chain").done_before
    first, whole = (spectra.load(tmp_path / "runs" / name) for name in ("base", "chain"))
    source = torch.rand(1, 3, 30, 20)
    assert torch.equal(whole(source), 1 - first(source))
    assert json.loads((tmp_path / "runs" / "chain" / "model" / "model.json").read_text())["target"]["type"] == "uint8"
