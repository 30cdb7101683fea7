"""Events for TensorBoard, read back with TensorBoard's own reader."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spectra.data.images import write_image
from spectra.errors import SpectraError
from spectra.training.progress import Progress, Validation
from spectra.training.watch import board as boards
from spectra.training.watch.board import Board, require_tensorboard

pytestmark = pytest.mark.skipif(find_spec("tensorboard") is None, reason="TensorBoard is not installed")


def progress(total: int, **said: Any) -> Progress:
    given: dict[str, Any] = {
        "terms": {"generator": {"l1": float(total), "adversarial": float("nan")}, "critic": {"real": 0.25}},
        "norms": {"generator": 3.0, "critic": None},
        **said,
    }
    rates = {"generator": 1e-3, "critic": 2e-3}
    return Progress("train", total, 100, total, total / 10, weights={}, rates=rates, **given)


def events(folder: Path) -> Any:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = EventAccumulator(str(folder), size_guidance={"images": 0, "scalars": 0})
    found.Reload()
    return found


def values(folder: Path, name: str) -> list[tuple[int, float]]:
    return [(event.step, event.value) for event in events(folder).Scalars(name)]


def test_losses_rates_norms_and_scores_are_written_and_what_is_no_number_is_not(tmp_path: Path) -> None:
    board = Board(tmp_path / "board", 2)
    for total in range(1, 5):
        board.stepped(progress(total))
    board.validated(Validation("train", 4, {"psnr": 20.0, "ssim": None}, "psnr", True, signs={"copy": 0.5}))
    board.closed()
    assert values(tmp_path / "board", "loss/generator/l1") == [(1, 1.0), (2, 2.0), (4, 4.0)]
    assert [step for step, _ in values(tmp_path / "board", "norm/generator")] == [1, 2, 4]
    assert values(tmp_path / "board", "rate/critic")[0] == (1, pytest.approx(2e-3))
    assert values(tmp_path / "board", "validation/psnr") == [(4, 20.0)]
    assert sorted(events(tmp_path / "board").Tags()["scalars"]) == [
        "loss/critic/real",
        "loss/generator/l1",
        "norm/generator",
        "rate/critic",
        "rate/generator",
        "sign/copy",
        "validation/psnr",
    ]


def test_a_picture_is_shown_as_it_was_written(tmp_path: Path) -> None:
    picture = tmp_path / "step_00000004.png"
    write_image(picture, np.random.default_rng(0).integers(0, 256, (6, 9, 3)).astype(np.uint8))
    board = Board(tmp_path / "board", 1)
    board.validated(Validation("train", 4, {}, "psnr", False, samples=picture))
    (shown,) = events(tmp_path / "board").Images("validation/samples")
    assert (shown.step, shown.width, shown.height) == (4, 9, 6)
    assert shown.encoded_image_string == picture.read_bytes()
    board.closed()


def test_a_run_that_goes_on_drops_what_lay_beyond_its_checkpoint(tmp_path: Path) -> None:
    first = Board(tmp_path / "board", 1)
    for total in range(1, 8):
        first.stepped(progress(total))
    first.closed()
    second = Board(tmp_path / "board", 1)
    second.resumed(4)
    second.stepped(progress(5, terms={"generator": {"l1": -5.0}}))
    second.closed()
    assert [value for _, value in values(tmp_path / "board", "loss/generator/l1")] == [1, 2, 3, 4, -5]


def test_training_that_begins_anew_drops_all_that_was_there(tmp_path: Path) -> None:
    for last in (6, 2):
        board = Board(tmp_path / "board", 1)
        for total in range(1, last + 1):
            board.stepped(progress(total))
        board.closed()
    assert [step for step, _ in values(tmp_path / "board", "loss/generator/l1")] == [1, 2]


def test_without_tensorboard_it_is_said_before_training_begins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(boards, "find_spec", lambda name: None)
    with pytest.raises(SpectraError, match=r"pip install 'spectra-translate\[track\]'"):
        Board(tmp_path / "board", 1)


def test_nothing_is_loaded_or_written_before_there_is_something_to_write(tmp_path: Path) -> None:
    require_tensorboard()
    known = "torch.utils.tensorboard" in sys.modules
    board = Board(tmp_path / "board", 1)
    board.resumed(3)
    board.closed()
    assert ("torch.utils.tensorboard" in sys.modules) == known and not (tmp_path / "board").exists()
