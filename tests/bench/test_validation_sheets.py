"""What a page shows of the validations: the first, the best and the last, and no more than a page can bear."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spectra.bench import validation_sheets
from spectra.bench.report import report
from spectra.bench.run import run
from spectra.bench.validation_sheets import sheets_of
from spectra.data.images import write_image
from tests.pair_folders import write_data, write_recipe


def log_of(folder: Path, *looks: tuple[int, float | None, bool]) -> Path:
    """A log of validations: step, score, whether it was the best; and a picture for each."""
    (folder / "samples").mkdir(parents=True)
    step = {"kind": "step", "stage": "train", "terms": {}, "norms": {}, "rates": {}}
    lines: list[dict[str, Any]] = [{**step, "total": total} for total in (1, 2)]
    for total, value, best in looks:
        name = f"step_{total:08d}.png"
        write_image(folder / "samples" / name, np.full((1200, 40, 3), total, np.uint8))
        said = {"kind": "validation", "metric": "psnr", "scores": {"psnr": value}, "samples": name}
        lines.append({**said, "total": total, "best": best})
    (folder / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder / "log.jsonl"


def said(log: Path) -> list[str]:
    return [sheet.said for sheet in sheets_of({"": log})[""]]


def test_the_first_the_best_and_the_last_are_shown(tmp_path: Path) -> None:
    log = log_of(tmp_path, (10, 12.0, True), (20, 13.25, True), (30, 11.0, False), (40, 12.5, False))
    assert said(log) == ["after step 10: psnr 12", "after step 20: psnr 13.25, the best", "after step 40: psnr 12.5"]


def test_one_that_is_several_of_these_is_shown_once(tmp_path: Path) -> None:
    assert said(log_of(tmp_path, (10, 12.0, True))) == ["after step 10: psnr 12, the best"]


def test_what_was_not_scored_or_is_gone_does_no_harm(tmp_path: Path) -> None:
    log = log_of(tmp_path, (10, None, False), (20, None, False))
    assert said(log) == ["after step 10", "after step 20"]
    (tmp_path / "samples" / "step_00000020.png").unlink()
    assert said(log) == ["after step 10"] and said(tmp_path / "none.jsonl") == []


def test_large_sheets_are_made_smaller(tmp_path: Path) -> None:
    (sheet,) = sheets_of({"": log_of(tmp_path, (10, 12.0, True))})[""]
    assert (sheet.width, sheet.height) == (33, 1000)


def test_a_page_of_many_rows_does_not_grow_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation_sheets, "MOST_BYTES", 1)
    logs = {name: log_of(tmp_path / name, (10, 12.0, True)) for name in ("a", "b")}
    assert {row: len(sheets) for row, sheets in sheets_of(logs).items()} == {"a": 1, "b": 0}


def test_the_page_of_a_run_has_its_sheets(tmp_path: Path) -> None:
    write_data(tmp_path / "pairs")
    folder = run(write_recipe(tmp_path), data=tmp_path / "pairs", out=tmp_path / "out").folder
    assert "What validation saw" not in report(folder)
    log_of(folder / "training", (10, 12.0, True))
    text = report(folder)
    assert "What validation saw" in text and "after step 10: psnr 12, the best" in text
