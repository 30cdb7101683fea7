"""Model folders: saved and loaded whole, and every damaged one refused."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import random
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import spectra
from spectra.errors import ModelError, SpectraError, UnknownName
from spectra.modalities import Modality, Scale, Task
from spectra.model import Model


@pytest.fixture
def model() -> Model:
    source = Modality("rgb", 3, Scale.parse("reflectance 0..10000 nodata 0"))
    target = Modality("warmth", 2, Scale.parse("K 250..330"))
    translator = spectra.load("constant", task="rgb2ir").translator
    made = type(translator)(Task(source, target), translator.settings)
    made.load_state_dict({"mean": torch.tensor([0.25, 0.75])})
    return Model(made, "constant", trained=True, target_type="uint16", notes=("one thing was left out",))


@pytest.fixture
def folder(model: Model, tmp_path: Path) -> Path:
    model.save(tmp_path / "model")
    return tmp_path / "model"


def rewrite(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = folder / "model.json"
    said = json.loads(path.read_text())
    change(said)
    path.write_text(json.dumps(said))


def replace_weights(folder: Path, content: bytes) -> None:
    """With the right hash, so that only what is inside can give it away."""
    (folder / "weights.safetensors").write_bytes(content)
    rewrite(folder, lambda said: said["weights"].update(sha256=hashlib.sha256(content).hexdigest()))


def test_a_saved_model_comes_back_with_all_it_was(model: Model, folder: Path) -> None:
    again = spectra.load(folder)
    assert again.task == model.task
    assert (again.name, again.trained, again.target_type, again.notes) == ("constant", True, "uint16", model.notes)
    assert torch.equal(again(torch.rand(1, 3, 4, 5)), model(torch.rand(1, 3, 4, 5)))
    assert not again.training


def test_a_run_folder_is_loaded_by_its_model(folder: Path) -> None:
    assert spectra.load(folder.parent).name == "constant"


def test_a_folder_beside_us_with_the_name_of_a_translator_does_not_hide_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "graydef").mkdir()
    monkeypatch.chdir(tmp_path)
    assert spectra.load("graydef").name == "graydef"


def test_tied_weights_are_saved(tmp_path: Path) -> None:
    class Tied(spectra.Translator):
        def __init__(self, task: Task, settings: spectra.Config) -> None:
            super().__init__(task, settings)
            self.one = torch.nn.Linear(2, 2)
            self.other = self.one

        def forward(self, source: torch.Tensor) -> torch.Tensor:
            return source

    Model(Tied(Task.parse("ir2ir"), spectra.Config()), "copy", trained=True).save(tmp_path / "tied")
    assert (tmp_path / "tied" / "weights.safetensors").stat().st_size > 0


def test_an_existing_folder_is_never_written_over(model: Model, folder: Path) -> None:
    before = (folder / "model.json").read_bytes()
    with pytest.raises(ModelError, match="exists already"):
        model.save(folder)
    assert (folder / "model.json").read_bytes() == before


def test_a_save_that_fails_leaves_nothing(model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, *rest: Any, **more: Any) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(ModelError, match="No space left on device"):
        model.save(tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("mask", "mode"), [(0o077, 0o700), (0o022, 0o755)])
def test_the_folder_has_the_permissions_that_the_person_gives(
    model: Model, tmp_path: Path, mask: int, mode: int
) -> None:
    before = os.umask(mask)
    try:
        model.save(tmp_path / "model")
    finally:
        os.umask(before)
    assert (tmp_path / "model").stat().st_mode & 0o777 == mode


def test_a_name_too_long_is_one_message(model: Model, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="File name too long"):
        model.save(tmp_path / ("x" * 300))
    with pytest.raises(ModelError, match="There is no model folder"):
        spectra.load(tmp_path / ("x" * 300))
    with pytest.raises(UnknownName, match="No translator is named 'xxx"):
        spectra.load("x" * 300)


class Trap:
    """Opening its pickle makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.path,))


def pickled(folder: Path) -> None:
    replace_weights(folder, pickle.dumps(Trap(folder / "sprung")))


def torch_saved(folder: Path) -> None:
    torch.save({"mean": torch.zeros(2)}, folder / "x")
    replace_weights(folder, (folder / "x").read_bytes())


def truncated(folder: Path) -> None:
    path = folder / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:-3])


def truncated_with_its_hash(folder: Path) -> None:
    replace_weights(folder, (folder / "weights.safetensors").read_bytes()[:-3])


def huge_header(folder: Path) -> None:
    replace_weights(folder, struct.pack("<Q", 2**60) + b"{}")


def wrong_tensors(folder: Path) -> None:
    from safetensors.torch import save

    replace_weights(folder, save({"strange": torch.zeros(3)}))


def said(**changes: Any) -> Callable[[Path], None]:
    return lambda folder: rewrite(folder, lambda it: it.update(changes))


def weights_file(name: str) -> Callable[[Path], None]:
    return lambda folder: rewrite(folder, lambda it: it["weights"].update(file=name))


def removed(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def text(content: str) -> Callable[[Path], None]:
    return lambda folder: void((folder / "model.json").write_text(content))


def pipe(folder: Path) -> None:
    (folder / "weights.safetensors").unlink()
    os.mkfifo(folder / "weights.safetensors")


def void(_: object) -> None:
    return None


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (truncated, "wrong hash"),
        (truncated_with_its_hash, "not a safetensors file"),
        (huge_header, "not a safetensors file"),
        (wrong_tensors, "does not fit the installed 'constant'"),
        (removed("weights.safetensors"), "cannot be read: No such file"),
        (removed("model.json"), "holds weights.safetensors but no model.json"),
        (pickled, "are a pickle"),
        (torch_saved, "are a pickle"),
        (pipe, "are not a file"),
        (weights_file("../weights.safetensors"), "outside its folder"),
        (weights_file("/etc/passwd"), "outside its folder"),
        (weights_file("a\0b"), "outside its folder"),
        (weights_file(".."), "are not a file"),
        (weights_file("x" * 300), "cannot be read: File name too long"),
        (said(format=3), "newer Spectra: format 3"),
        (said(inference={"input": [0, 4]}), "inference.input"),
        (said(inference={"output": [4]}), "inference.output"),
        (said(api_version=9), "plugin API 9"),
        (said(api_version="1"), "api_version"),
        (said(format=0), "format"),
        (said(translator="nebula", distribution="nebula-kit"), "pip install nebula-kit"),
        (said(source={"name": "rgb", "channels": 10**9, "scale": "dtype"}), "source.channels"),
        (said(source={"name": "rgb", "channels": 3, "scale": "inches"}), "'inches' is not a scale"),
        (said(source=[]), "source"),
        (said(target={"name": "ir", "channels": 2, "scale": "dtype", "type": "uint64"}), "target.type"),
        (said(trained="no"), "trained"),
        (said(notes="none"), "notes"),
        (said(settings={"width": 3}), "there is no such key"),
        (text(""), "does not describe a model"),
        (text("[1, 2]"), "does not describe a model"),
        (text("{" * 100_000), "does not describe a model"),
        (text("[" * 100_000 + "]" * 100_000), "does not describe a model"),
        (text('{"format": ' + "9" * 10_000 + "}"), "model.json"),
        (text('{"format": 1}'), "is incomplete or damaged"),
    ],
)
def test_a_damaged_or_foreign_folder_is_refused(folder: Path, damage: Callable[[Path], None], message: str) -> None:
    damage(folder)
    with pytest.raises(ModelError, match=message):
        spectra.load(folder)
    assert not (folder / "sprung").exists()


def test_a_hundred_mutated_files_load_or_end_in_a_model_error(folder: Path) -> None:
    paths = [folder / "model.json", folder / "weights.safetensors"]
    whole = [path.read_bytes() for path in paths]
    ends = {"loaded": 0, "refused": 0}
    for seed in range(100):
        dice = random.Random(seed)
        path, content = dice.choice(list(zip(paths, whole, strict=True)))
        mutated = bytearray(content)
        for _ in range(dice.randint(1, 6)):
            mutated[dice.randrange(len(mutated))] = dice.randrange(256)
        del mutated[dice.choice([len(mutated), dice.randrange(len(mutated))]) :]
        replace_weights(folder, bytes(mutated)) if path is paths[1] and seed % 2 else path.write_bytes(mutated)
        try:
            spectra.load(folder)
            ends["loaded"] += 1
        except ModelError:
            ends["refused"] += 1
        for path, content in zip(paths, whole, strict=True):
            path.write_bytes(content)
    assert ends["refused"] > 60
    assert spectra.load(folder).name == "constant"


def test_a_path_that_is_not_there_and_a_file_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="There is no model folder"):
        spectra.load(tmp_path / "nothing")
    (tmp_path / "net.pth").write_bytes(b"")
    with pytest.raises(ModelError, match="never unpickles"):
        spectra.load(tmp_path / "net.pth")


def test_a_trained_model_takes_no_settings_and_no_other_task(folder: Path) -> None:
    with pytest.raises(SpectraError, match="settings are fixed"):
        spectra.load(folder, width=3)
    with pytest.raises(SpectraError, match="translates rgb2warmth, not rgb2ir"):
        spectra.load(folder, task="rgb2ir")


def test_what_was_found_while_fitting_survives_being_saved_twice(tmp_path: Path) -> None:
    model = spectra.load("graydef", preset="fit")
    grey = spectra.Picture(torch.full((3, 4, 4), 0.25), Scale(0, 255), "uint8")
    target = spectra.Picture(torch.full((1, 4, 4), 0.5), Scale(0, 255), "uint8")
    model.translator.fit([spectra.Pair("one", "one", grey, target)])
    found = model.diagnostics
    model.save(tmp_path / "first")
    spectra.load(tmp_path / "first").save(tmp_path / "second")
    assert spectra.load(tmp_path / "second").diagnostics == found
    assert found["factor"] == pytest.approx(2, rel=0.02)


def test_a_run_of_several_models_names_them(model: Model, tmp_path: Path) -> None:
    for row in ("factor=1.0", "factor=1.3"):
        model.save(tmp_path / "run" / "models" / row)
    with pytest.raises(ModelError, match=r"holds 2 models\. Name one of them: .*factor=1\.0.*factor=1\.3"):
        spectra.load(tmp_path / "run")


def test_a_path_that_is_not_there_is_told_as_a_path() -> None:
    with pytest.raises(ModelError, match=r"There is no model folder"):
        spectra.load("./nope")


def test_a_run_that_was_stopped_while_it_learned_is_named_as_such(tmp_path: Path) -> None:
    (tmp_path / "run.training").mkdir()
    with pytest.raises(ModelError, match="was stopped while it learned: the same `spectra run` goes on"):
        spectra.load(tmp_path / "run")
    with pytest.raises(ModelError, match=r"There is no model folder '.*other'\.$"):
        spectra.load(tmp_path / "other")
