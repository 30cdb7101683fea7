"""What a translation cannot read, make or write, and what becomes of the rest."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import pytest
import torch
from click.testing import CliRunner
from numpy.typing import NDArray

import spectra
from spectra.cli.main import main
from spectra.data.formats import png
from spectra.data.images import write_image
from spectra.errors import SpectraError
from spectra.modalities import Task
from spectra.model import Model
from tests.translation.images import bad_files, image, make, tree


def test_each_unreadable_image_is_listed_with_its_reason_and_the_others_go_on(tmp_path: Path) -> None:
    bad_files(tmp_path / "in")
    done = spectra.translate("copy", tmp_path / "in", tmp_path / "out")
    assert sorted(tree(tmp_path / "out")) == ["a.png", "z.png"]
    reasons = {path.name: reason for path, reason in done.failed}
    assert sorted(reasons) == sorted(
        ["double.npy", "empty.png", "huge.png", "infinite.tif", "misnamed.tif", "nan.npy", "truncated.png"]
    )
    assert all(name in reason for name, reason in reasons.items())
    assert "NaN or infinite" in reasons["nan.npy"]
    assert "zero bytes" in reasons["empty.png"]


def test_a_translator_that_raises_or_gives_nan_fails_for_that_image_alone(tmp_path: Path) -> None:
    class Moody(spectra.Translator):
        def forward(self, source: torch.Tensor) -> torch.Tensor:
            if source.shape[-1] == 5:
                raise ValueError("too narrow")
            if source.shape[-1] == 8:
                raise MemoryError
            return source * (float("nan") if source.shape[-1] == 6 else 1)

    (tmp_path / "in").mkdir()
    for width in (5, 6, 7, 8):
        write_image(tmp_path / "in" / f"{width}.png", image(0, size=(4, width)))
    model = Model(Moody(Task.parse("rgb2rgb"), spectra.Config()), "copy", trained=True)
    done = spectra.translate(model, tmp_path / "in", tmp_path / "out")
    assert list(tree(tmp_path / "out")) == ["7.png"]
    assert "raised ValueError: too narrow" in done.failed[0][1]
    assert "gave values that are NaN" in done.failed[1][1]
    assert "8.png" in done.failed[2][1]


def fails_with(number: int) -> Callable[..., Any]:
    real = Path.replace

    def replace(path: Path, target: Path) -> Path:
        if target.suffix == ".png" and target.stem > "03":
            raise OSError(number, os.strerror(number), str(target))
        return real(path, target)

    return replace


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT, errno.EIO])
def test_a_disk_that_takes_no_more_ends_the_run_with_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    make(tmp_path / "in", *(f"{n:02}.png" for n in range(40)))
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", fails_with(number))
        with pytest.raises(SpectraError, match=f"Stopped: .*cannot be written: {os.strerror(number)}"):
            spectra.translate("copy", tmp_path / "in", tmp_path / "out", threads=2)
    assert sorted(tree(tmp_path / "out")) == ["00.png", "01.png", "02.png", "03.png"]
    assert len(spectra.translate("copy", tmp_path / "in", tmp_path / "out").written) == 36


def test_a_folder_that_cannot_be_written_is_told_at_once(tmp_path: Path) -> None:
    make(tmp_path / "in", "a.png")
    (tmp_path / "file").write_text("")
    with pytest.raises(SpectraError, match="Nothing can be written into"):
        spectra.translate("copy", tmp_path / "in", tmp_path / "file" / "out")


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "No space left"),
        (OSError("9 requested and 3 written"), "9 req"),
    ],
)
def test_a_write_that_the_system_cuts_short_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: OSError, message: str
) -> None:
    make(tmp_path / "in", "a.png")

    def half(file: BinaryIO, image: NDArray[Any]) -> None:
        file.write(b"\x89PNG and a half")
        file.flush()
        raise fault

    monkeypatch.setattr(png, "encode", half)
    with pytest.raises(SpectraError, match=f"cannot be written: {message}"):
        spectra.translate("copy", tmp_path / "in", tmp_path / "out")
    assert tree(tmp_path / "out") == {}


@pytest.mark.parametrize("where", ["model", "source", "out"])
@pytest.mark.parametrize("name", ["x" * 300, "loop"])
def test_a_name_that_no_file_can_have_is_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("loop").symlink_to("loop")
    make(tmp_path / "in", "a.png")
    words = {"model": "graydef", "source": "in", "out": "o", where: name}
    result = CliRunner().invoke(main, ["translate", words["model"], words["source"], "--out", words["out"]])
    assert result.exit_code == 1 and isinstance(result.exception, SystemExit)
    assert name in result.output and "Traceback" not in result.output
