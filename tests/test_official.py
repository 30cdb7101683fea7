"""Checkpoints of strangers: tensors are read, whatever form they are in; code is never run."""

from __future__ import annotations

import argparse
import hashlib
import tarfile
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import spectra
from spectra.errors import ModelError, SpectraError
from spectra.official import CheckpointError, import_model, read_checkpoint, write_checkpoint
from tests.plugin_packages import PluginPackages

STATE = OrderedDict([("module.first.weight", torch.randn(3, 2)), ("module.first.bias", torch.randn(3))])


def assert_same(found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> None:
    assert list(found) == list(expected)
    assert all(torch.equal(found[name], tensor) for name, tensor in expected.items())


def legacy(content: Any, path: Path) -> None:
    torch.save(content, path, _use_new_zipfile_serialization=False)


@pytest.mark.parametrize("write", [torch.save, legacy, save_file])
@pytest.mark.parametrize("name", ["x.pth", "x.pt", "x.safetensors", "x"])
def test_the_form_is_known_by_the_content_and_no_name_is_changed(
    tmp_path: Path, write: Callable[[Any, Path], None], name: str
) -> None:
    write(STATE, tmp_path / name)
    notes: list[str] = []
    assert read_checkpoint(tmp_path / name, notes).keys() == STATE.keys()
    assert_same({key: read_checkpoint(tmp_path / name)[key] for key in STATE}, STATE)
    assert notes == []


@pytest.mark.parametrize(
    ("content", "where", "left_out"),
    [
        ({"state_dict": STATE, "epoch": 3}, "state_dict", "epoch"),
        ({"model": STATE}, "model", ""),
        ({"net": {"G": STATE}, "iteration": 5}, "net.G", "iteration"),
        ({"anything": STATE, "best": torch.tensor(0.25)}, "anything", "best"),
        ({"model": STATE, "optimizer": {"state": {0: {"exp_avg": torch.ones(2)}}, "param_groups": []}}, "model", "opt"),
    ],
)
def test_a_state_dict_within_other_things_is_found_and_told(
    tmp_path: Path, content: Any, where: str, left_out: str
) -> None:
    torch.save(content, tmp_path / "x.pth")
    notes: list[str] = []
    assert_same(read_checkpoint(tmp_path / "x.pth", notes), STATE)
    assert len(notes) == 1 and f"under {where!r}." in notes[0]
    assert (f"Left out of the file: {left_out}" in notes[0]) == bool(left_out)


def test_tensors_beside_other_values_are_taken_and_told(tmp_path: Path) -> None:
    torch.save({**STATE, "epoch": 3, "name": "x"}, tmp_path / "x.pth")
    notes: list[str] = []
    assert_same(read_checkpoint(tmp_path / "x.pth", notes), STATE)
    assert notes == ["Left out of the file: epoch, name."]


@pytest.mark.parametrize("content", [{"G": STATE, "D": STATE}, {"params": {"x": STATE}, "params_ema": STATE}])
def test_of_several_state_dicts_none_is_guessed(tmp_path: Path, content: Any) -> None:
    torch.save(content, tmp_path / "x.pth")
    with pytest.raises(CheckpointError, match=r"holds several sets of tensors: .*\(2 tensors\), .*\(2 tensors\)"):
        read_checkpoint(tmp_path / "x.pth")


def test_parameters_come_as_tensors_that_need_no_gradient(tmp_path: Path) -> None:
    torch.save({"weight": torch.nn.Parameter(torch.ones(2))}, tmp_path / "x.pth")
    assert not read_checkpoint(tmp_path / "x.pth")["weight"].requires_grad


class Harmful:
    """Unpickling this would leave a mark."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return Path.touch, (self.mark,)


@pytest.mark.parametrize("write", [torch.save, legacy])
@pytest.mark.parametrize("nested", [False, True])
def test_code_in_a_checkpoint_is_not_run(tmp_path: Path, write: Callable[[Any, Path], None], nested: bool) -> None:
    harmful = Harmful(tmp_path / "mark")
    write({"state_dict": STATE, "options": harmful} if nested else harmful, tmp_path / "x.pth")
    with pytest.raises(CheckpointError, match="To open objects can run code, so Spectra does not"):
        read_checkpoint(tmp_path / "x.pth")
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (torch.nn.Linear(2, 2), r"Python objects \(torch\.nn\.modules\.linear\.Linear\).*save the tensors"),
        ({"state_dict": STATE, "opt": argparse.Namespace(a=1)}, r"Python objects \(argparse\.Namespace\)"),
        ({"state_dict": STATE, "loss": np.float64(1)}, r"Python objects \(numpy\."),
        ([torch.ones(2)], "holds a list, not tensors by name"),
        (torch.ones(2), "holds a Tensor, not tensors by name"),
        ({}, "holds no tensors by name"),
        ({0: torch.ones(2)}, "holds no tensors by name"),
        ({"epoch": 3, "losses": {"l1": 0.5}}, "holds no tensors by name"),
        ({"x": torch.ones(3).to_sparse()}, "'x' in a form that cannot be used: torch.sparse_coo"),
        ({"x": torch.ones(3, device="meta")}, "'x' in a form that cannot be used: .* on meta"),
        ({"x": torch.ones(1).expand(10**6, 10**6)}, r"tensor 'x' of shape \(1000000, 1000000\) needs more"),
    ],
)
def test_what_is_not_plain_tensors_by_name_is_refused_with_the_reason(tmp_path: Path, content: Any, told: str) -> None:
    torch.save(content, tmp_path / "x.pth")
    with pytest.raises(CheckpointError, match=told) as caught:
        read_checkpoint(tmp_path / "x.pth")
    assert repr(str(tmp_path / "x.pth")) in str(caught.value)


@pytest.mark.filterwarnings("ignore")
def test_a_program_is_refused(tmp_path: Path) -> None:
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), tmp_path / "x.pt")
    with pytest.raises(CheckpointError, match="TorchScript program"):
        read_checkpoint(tmp_path / "x.pt")


def test_the_oldest_form_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pickle").write_bytes(b"")
    with tarfile.open(tmp_path / "x.pth", "w") as tar:
        tar.add(tmp_path / "pickle", "pickle")
    with pytest.raises(CheckpointError, match="tar form of torch"):
        read_checkpoint(tmp_path / "x.pth")


@pytest.mark.parametrize("write", [torch.save, legacy, save_file])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.99])
def test_what_is_cut_short_is_refused(tmp_path: Path, write: Callable[[Any, Path], None], share: float) -> None:
    write(STATE, tmp_path / "x.pth")
    whole = (tmp_path / "x.pth").read_bytes()
    (tmp_path / "x.pth").write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(CheckpointError, match=r"damaged|not a sound safetensors file"):
        read_checkpoint(tmp_path / "x.pth")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b"<html>404</html>", "neither a checkpoint of PyTorch nor a safetensors file"),
        (bytes(range(256)) * 8, "neither a checkpoint of PyTorch nor a safetensors file"),
        (b"\x80", "or it is damaged"),
        ((2**62).to_bytes(8, "little") + b"{}", "header too large"),
        ((64).to_bytes(8, "little") + b'{"x":', "not a sound safetensors file"),
        ((2).to_bytes(8, "little") + b"{}", "holds no tensors by name"),
    ],
)
def test_garbage_is_refused(tmp_path: Path, content: bytes, told: str) -> None:
    (tmp_path / "x.pth").write_bytes(content)
    with pytest.raises(CheckpointError, match=told):
        read_checkpoint(tmp_path / "x.pth")


def test_no_damage_to_a_checkpoint_ends_in_a_bug(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    for write in (torch.save, legacy, save_file):
        write(STATE, tmp_path / "x.pth")
        whole = np.frombuffer((tmp_path / "x.pth").read_bytes(), np.uint8)
        for _ in range(40):
            damaged = whole.copy()
            damaged[chance.integers(0, len(whole), 8)] = chance.integers(0, 256, 8)
            (tmp_path / "y.pth").write_bytes(damaged.tobytes())
            with suppress(CheckpointError):
                read_checkpoint(tmp_path / "y.pth")


@pytest.mark.parametrize(("path", "told"), [("none.pth", "is not there"), (".", "is a folder, not a file")])
def test_what_is_no_file_is_refused(tmp_path: Path, path: str, told: str) -> None:
    with pytest.raises(CheckpointError, match=told):
        read_checkpoint(tmp_path / path)


@pytest.mark.parametrize(("name", "read"), [("x.pth", torch.load), ("x.pt", torch.load), ("x.safetensors", load_file)])
def test_what_is_written_is_read_by_the_programs_it_is_for(
    tmp_path: Path, name: str, read: Callable[[Path], Any]
) -> None:
    write_checkpoint(STATE, tmp_path / "new" / name)
    found = read(tmp_path / "new" / name)
    assert_same({key: found[key] for key in STATE}, STATE)
    assert [it.name for it in (tmp_path / "new").iterdir()] == [name]


def test_a_part_is_written_without_the_memory_it_lies_in(tmp_path: Path) -> None:
    whole = torch.zeros(1_000_000)
    for name in ("x.pth", "x.safetensors"):
        write_checkpoint({"part": whole[:4], "again": whole[:4]}, tmp_path / name)
        assert (tmp_path / name).stat().st_size < 5000


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "x.pth").write_text("dear")
    with pytest.raises(CheckpointError, match="exists already; a checkpoint is never written over"):
        write_checkpoint(STATE, tmp_path / "x.pth")
    assert (tmp_path / "x.pth").read_text() == "dear"


def test_a_suffix_that_says_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"should end in \.pth, \.pt, \.safetensors"):
        write_checkpoint(STATE, tmp_path / "x.bin")


def test_a_disk_that_is_full_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(state: Any, path: Path) -> None:
        path.write_bytes(b"half")
        raise RuntimeError("PytorchStreamWriter failed writing file data/0: file write failed")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(CheckpointError, match="cannot be written, perhaps because the disk is full"):
        write_checkpoint(STATE, tmp_path / "x.pth")
    assert list(tmp_path.iterdir()) == []


def official(path: Path, factor: float = 2.0, **more: torch.Tensor) -> Path:
    torch.save({"module.factor": torch.tensor([factor]), **more}, path)
    return path


def test_an_official_checkpoint_becomes_a_model_that_works(tmp_path: Path, plugin_packages: PluginPackages) -> None:
    add_method(plugin_packages)
    path = official(tmp_path / "net_G.pth", 0.5)
    import_model(path, "method", "rgb2nir").save(tmp_path / "model")
    model = spectra.load(tmp_path / "model")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert model.trained and str(model.task) == "rgb2nir"
    assert torch.equal(model(torch.ones(1, 3, 4, 4)), torch.full((1, 1, 4, 4), 0.5))
    assert model.notes == (
        f"Imported from 'net_G.pth', 1 tensor, sha256 {digest}.",
        "'module.' was taken off the names.",
    )
    assert model.diagnostics == {"origin": {"file": "net_G.pth", "sha256": digest}}


def test_what_was_left_of_the_file_is_noted_in_the_model(tmp_path: Path, plugin_packages: PluginPackages) -> None:
    add_method(plugin_packages)
    torch.save({"state_dict": {"module.factor": torch.ones(1)}, "epoch": 9}, tmp_path / "x.pth")
    notes = import_model(tmp_path / "x.pth", "method").notes
    assert notes[1] == "The tensors were found under 'state_dict'. Left out of the file: epoch."


def test_without_a_task_the_translator_chooses(tmp_path: Path, plugin_packages: PluginPackages) -> None:
    add_method(plugin_packages)
    assert str(import_model(official(tmp_path / "x.pth"), "method").task) == "rgb2ir"


def test_a_translator_that_breaks_on_a_checkpoint_is_named(tmp_path: Path, plugin_packages: PluginPackages) -> None:
    add_method(plugin_packages)
    torch.save({"other": torch.ones(1)}, tmp_path / "x.pth")
    with pytest.raises(ModelError, match=r"as method-package:method\. .*KeyError: 'module\.factor'"):
        import_model(tmp_path / "x.pth", "method")
    with pytest.raises(ModelError, match=r"the translator gave None, not a spectra\.Imported"):
        import_model(official(tmp_path / "y.pth", nothing=torch.ones(1)), "method")


def test_a_translator_without_official_checkpoints_says_so(tmp_path: Path) -> None:
    with pytest.raises(SpectraError, match="knows no official checkpoints"):
        import_model(official(tmp_path / "x.pth"), "graydef")


def test_an_unknown_translator_is_told_before_the_file_is_read(tmp_path: Path) -> None:
    with pytest.raises(SpectraError, match="Did you mean 'graydef'"):
        import_model(tmp_path / "none.pth", "gradef")


METHOD = """
import torch
from spectra import Imported, Task, Translator

class Method(Translator):
    api_version = 1
    home_tasks = ("rgb2ir",)

    def __init__(self, task, settings):
        super().__init__(task, settings)
        self.factor = torch.nn.Parameter(torch.ones(1))

    def forward(self, source):
        return source[:, :1] * self.factor

    @classmethod
    def import_official(cls, state, task=None):
        if "nothing" in state:
            return None
        method = cls(task or Task.parse("rgb2ir"), cls.Settings())
        method.load_state_dict({"factor": state["module.factor"]})
        return Imported(method, ("'module.' was taken off the names.",))

    def export_official(self):
        return {"module.factor": self.factor}
"""


def add_method(packages: PluginPackages) -> None:
    packages.add("method-package", {"translators": {"method": "method_package:Method"}}, METHOD)
