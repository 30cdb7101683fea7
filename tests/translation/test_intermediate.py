"""What a model makes on its way, written beside its results."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from torch import Tensor

from spectra import Config, DataError, Modality, Model, SpectraError, Task, Translator, translate
from spectra.cli.main import main
from spectra.data.images import read_image
from tests.translation.images import image, make, tree


class Half(Translator):
    api_version = 1
    bounded = True

    def forward(self, source: Tensor) -> Tensor:
        return source / 2

    @property
    def ready(self) -> bool:
        return True


class Thirds(Half):
    """Makes half of an image on its way to a third in three channels."""

    def forward(self, source: Tensor) -> Tensor:
        return (source / 3).expand(-1, 3, -1, -1)

    def intermediates(self) -> Mapping[str, Translator]:
        return {"half": Half(Task(self.task.source, Modality("gray", 1)), self.settings)}


def thirds() -> Model:
    return Model(Thirds(Task.parse("nir2rgb"), Config()), "copy")


def test_it_is_written_into_a_folder_of_its_name(tmp_path: Path) -> None:
    sources = make(tmp_path / "nir", "a.png", "sub/b.png", channels=1)
    done = translate(thirds(), sources, tmp_path / "out", intermediate=True)
    assert set(tree(tmp_path / "out")) == {"a.png", "sub/b.png", "half/a.png", "half/sub/b.png"}
    own = image(0, 1).astype(float)
    assert np.abs(read_image(tmp_path / "out/half/a.png") - own / 2).max() <= 0.5
    assert np.abs(read_image(tmp_path / "out/a.png") - own / 3).max() <= 0.5
    assert [one.task for one in done.intermediates.values()] == ["nir2gray"]
    assert sorted(done.intermediates["half"].written) == [tmp_path / "out/half/a.png", tmp_path / "out/half/sub/b.png"]


def test_without_the_wish_only_results_are_written(tmp_path: Path) -> None:
    done = translate(thirds(), make(tmp_path / "nir", "a.png", channels=1), tmp_path / "out")
    assert set(tree(tmp_path / "out")) == {"a.png"} and not done.intermediates


def test_the_same_call_goes_on(tmp_path: Path) -> None:
    sources = make(tmp_path / "nir", "a.png", channels=1)
    translate(thirds(), sources, tmp_path / "out", intermediate=True)
    (tmp_path / "out/half/a.png").unlink()
    done = translate(thirds(), sources, tmp_path / "out", intermediate=True)
    assert (len(done.skipped), len(done.written)) == (1, 0)
    assert [one.name for one in done.intermediates["half"].written] == ["a.png"]


def test_folders_of_one_name_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    sources = make(tmp_path / "nir", "a.png", "half/a.png", channels=1)
    with pytest.raises(DataError, match=r"would lie in .*half.*Nothing was translated"):
        translate(thirds(), sources, tmp_path / "out", intermediate=True)
    assert not (tmp_path / "out").exists()


def test_a_model_that_makes_nothing_on_its_way_says_so(tmp_path: Path) -> None:
    sources = make(tmp_path / "rgb", "a.png")
    with pytest.raises(SpectraError, match="'graydef' makes no images on its way"):
        translate("graydef", sources, tmp_path / "out", intermediate=True)
    done = CliRunner().invoke(
        main, ["translate", "graydef", str(sources), "--out", str(tmp_path / "o"), "--intermediate"]
    )
    assert done.exit_code != 0 and "leave --intermediate out" in done.stderr


def test_the_command_tells_of_both(tmp_path: Path) -> None:
    from spectra_mpfnet import MPFNet, Settings

    settings = Settings(width=2, depths=(1,))
    Model(MPFNet(Task.parse("nir2rgb"), settings), "mpfnet", trained=True).save(tmp_path / "model")
    sources = make(tmp_path / "nir", "a.png", channels=1)
    words = ["translate", str(tmp_path / "model"), str(sources), "--out", str(tmp_path / "out"), "--intermediate"]
    told = CliRunner().invoke(main, words)
    assert (told.exit_code, told.stderr) == (0, "")
    out = tmp_path / "out"
    assert told.stdout.splitlines() == [
        f"1 image translated (nir2rgb) into {str(out)!r}.",
        f"1 image translated (nir2gray) into {str(out / 'gray')!r}.",
    ]
    assert read_image(out / "gray/a.png").shape == (6, 9, 1) and read_image(out / "a.png").shape == (6, 9, 3)
    said = json.loads(CliRunner().invoke(main, [*words, "--json"]).stdout)
    assert said["intermediates"]["gray"]["skipped"] == 1
