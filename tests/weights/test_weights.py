"""Pretrained weights: found in their order, verified, loaded, imported; and what is said of missing ones."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import lpips
import pytest
import torch
import torchvision
from safetensors.torch import save as safetensors_of

from spectra import cache, weights
from spectra.errors import SpectraError, UnknownName
from spectra.weights import KNOWN, Entry, MissingWeights, importing
from tests.weights.pond import CONTENT, STATE, Server, assert_teaches, kept, put


def test_own_folders_come_first_then_the_cache_then_that_of_torch(
    pond: Entry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPECTRA_WEIGHTS", os.pathsep.join([str(tmp_path / "one"), str(tmp_path / "two")]))
    folders = [tmp_path / "one", tmp_path / "two", cache.weights(), tmp_path / "torch/hub/checkpoints"]
    for folder in reversed(folders):
        assert weights.find("pond") != folder / pond.file
        assert weights.find("pond") is None or folder != folders[-1]
        put(folder, pond.file)
        assert weights.find("pond") == folder / pond.file


def test_the_cache_of_torch_is_where_torch_puts_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for settings in ({"TORCH_HOME": str(tmp_path / "t")}, {"XDG_CACHE_HOME": str(tmp_path / "x")}, {}):
        for name in ("TORCH_HOME", "XDG_CACHE_HOME"):
            monkeypatch.delenv(name, raising=False)
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        assert weights.finding.folders()[-1] == Path(torch.hub.get_dir()) / "checkpoints"


def test_a_file_of_the_right_name_and_the_wrong_content_is_passed_over_and_named(pond: Entry, tmp_path: Path) -> None:
    wrong = put(cache.weights(), pond.file, CONTENT + b"?")
    with pytest.raises(MissingWeights) as caught:
        weights.load("pond")
    assert f"{str(wrong)!r} is damaged, or another file: its sha256 is " in str(caught.value)
    sound = put(tmp_path / "torch/hub/checkpoints", pond.file)
    assert weights.find("pond") == sound


def test_fetching_replaces_a_damaged_file_of_the_cache(pond: Entry) -> None:
    put(cache.weights(), pond.file, CONTENT[:50])
    assert weights.fetch("pond").read_bytes() == CONTENT


def test_a_file_is_hashed_once_until_it_changes(pond: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(cache.weights(), pond.file)
    hashed: list[str] = []
    real = hashlib.file_digest
    monkeypatch.setattr(hashlib, "file_digest", lambda file, kind: hashed.append(file.name) or real(file, kind))
    assert [weights.find("pond") for _ in range(3)] == [path] * 3
    assert len(hashed) == 1
    path.write_bytes(CONTENT[:-1] + b"?")
    os.utime(path, (1, 1))
    assert weights.find("pond") is None
    assert len(hashed) == 2


def test_a_folder_of_the_name_is_no_file(pond: Entry) -> None:
    (cache.weights() / pond.file).mkdir(parents=True)
    assert weights.find("pond") is None


def test_missing_weights_are_an_error_that_teaches(pond: Entry) -> None:
    with pytest.raises(MissingWeights) as caught:
        weights.load("pond")
    assert caught.value.names == ("pond",)
    assert_teaches(str(caught.value), pond)
    assert "spectra weights fetch pond" in str(caught.value)
    assert "for ducks: there is no" in str(caught.value)


def test_loading_fetches_nothing(pond: Entry, server: Server) -> None:
    with pytest.raises(MissingWeights):
        weights.load("pond")
    assert server.asked == []


def test_an_unknown_name_is_an_error() -> None:
    for ask in (weights.find, weights.load, weights.fetch):
        with pytest.raises(UnknownName, match="Did you mean 'vgg19'"):
            ask("vgg91")


def test_what_is_loaded_belongs_to_the_caller(pond: Entry) -> None:
    put(cache.weights(), pond.file)
    weights.load("pond")["features.0.bias"].zero_()
    assert torch.equal(weights.load("pond")["features.0.bias"], STATE["features.0.bias"])


def test_safetensors_are_read_by_content(monkeypatch: pytest.MonkeyPatch) -> None:
    content = safetensors_of(STATE)
    entry = Entry("pond", "https://x/pond.pth", hashlib.sha256(content).hexdigest(), 1, "ducks", "free")
    monkeypatch.setitem(KNOWN, "pond", entry)
    put(cache.weights(), "pond.pth", content)
    assert torch.equal(weights.load("pond")["features.0.weight"], STATE["features.0.weight"])


def test_a_file_is_imported_under_any_name(pond: Entry, tmp_path: Path) -> None:
    assert weights.import_file(put(tmp_path, "download (1).bin")) == "pond"
    assert kept() == [pond.file]
    assert torch.equal(weights.load("pond")["features.0.bias"], STATE["features.0.bias"])
    assert weights.import_file(tmp_path / "download (1).bin") == "pond"


def test_importing_replaces_a_damaged_file_of_the_cache(pond: Entry, tmp_path: Path) -> None:
    put(cache.weights(), pond.file, b"half")
    weights.import_file(put(tmp_path, "sound.pth"))
    assert (cache.weights() / pond.file).read_bytes() == CONTENT


def test_a_file_that_is_not_known_is_not_imported(pond: Entry, tmp_path: Path) -> None:
    other = put(tmp_path, pond.file, b"something else")
    with pytest.raises(SpectraError, match=hashlib.sha256(b"something else").hexdigest()) as caught:
        weights.import_file(other)
    assert "--as TRANSLATOR" in str(caught.value)
    assert kept() == []


@pytest.mark.parametrize(("path", "told"), [("none.pth", "No file"), (".", "is a folder: name a file")])
def test_what_is_no_file_is_not_imported(tmp_path: Path, path: str, told: str) -> None:
    with pytest.raises(SpectraError, match=told):
        weights.import_file(tmp_path / path)


def test_a_copy_that_breaks_leaves_nothing(pond: Entry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaking(source: Path, goal: Path) -> None:
        goal.write_bytes(source.read_bytes()[:50])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(importing.shutil, "copyfile", breaking)
    with pytest.raises(SpectraError, match="No space left on device"):
        weights.import_file(put(tmp_path, "x.pth"))
    assert kept() == []


def test_a_copy_that_is_not_the_file_is_not_kept(pond: Entry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing.shutil, "copyfile", lambda source, goal: goal.write_bytes(CONTENT[:50]))
    with pytest.raises(SpectraError, match="is not as it should be"):
        weights.import_file(put(tmp_path, "x.pth"))
    assert kept() == []


TORCHVISION = {
    "vgg19": torchvision.models.VGG19_Weights,
    "vgg16": torchvision.models.VGG16_Weights,
    "alexnet": torchvision.models.AlexNet_Weights,
    "squeezenet1_1": torchvision.models.SqueezeNet1_1_Weights,
}


@pytest.mark.parametrize("name", TORCHVISION)
def test_the_files_of_torchvision_are_those_it_names_itself(name: str) -> None:
    entry, theirs = weights.entry(name), TORCHVISION[name].IMAGENET1K_V1
    assert entry.url == theirs.url
    assert entry.file.endswith(f"-{entry.sha256}.pth") and len(entry.sha256) == 8
    assert entry.size / 2**20 == pytest.approx(theirs.meta["_file_size"], abs=1e-3)


CHANNELS = {
    "vgg": [64, 128, 256, 512, 512],
    "alex": [64, 192, 384, 256, 256],
    "squeeze": [64, 128, 256, 384, 384, 512, 512],
}


@pytest.mark.parametrize("backbone", CHANNELS)
def test_the_layers_of_lpips_come_with_its_package(backbone: str) -> None:
    entry, path = weights.entry(f"lpips_{backbone}"), weights.find(f"lpips_{backbone}")
    assert path is not None and path.is_relative_to(Path(lpips.__file__).parent)
    assert entry.size == path.stat().st_size
    assert [tensor.shape[1] for tensor in weights.load(entry.name).values()] == CHANNELS[backbone]


@pytest.mark.filterwarnings("ignore")
def test_the_layers_of_lpips_are_those_that_it_loads_itself() -> None:
    theirs = lpips.LPIPS(net="squeeze", pnet_rand=True, verbose=False).state_dict()
    assert all(torch.equal(theirs[name], tensor) for name, tensor in weights.load("lpips_squeeze").items())


def test_the_package_is_found_without_being_imported() -> None:
    code = (
        "import sys; from spectra import weights; print(weights.find('lpips_vgg'));"
        "assert not {'lpips', 'torch'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("vgg.pth")


def test_own_files_win_over_those_of_a_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    packaged = weights.find("lpips_alex")
    assert packaged is not None
    monkeypatch.setenv("SPECTRA_WEIGHTS", str(tmp_path))
    own = put(tmp_path, weights.entry("lpips_alex").file, packaged.read_bytes())
    assert weights.find("lpips_alex") == own


def test_every_entry_can_be_fetched_and_verified() -> None:
    for name, entry in KNOWN.items():
        assert name == entry.name and entry.url.startswith("https://") and entry.size > 0
        assert len(entry.sha256) in (8, 64) and set(entry.sha256) <= set("0123456789abcdef")
        assert entry.purpose and entry.licence and Path(entry.file).name == entry.file
    assert len({entry.file for entry in KNOWN.values()}) == len(KNOWN)


def test_the_page_about_weights_names_them_all() -> None:
    page = (Path(__file__).parents[2] / "docs" / "weights.md").read_text(encoding="utf-8")
    for entry in KNOWN.values():
        row = next(line for line in page.splitlines() if line.startswith(f"| `{entry.name}` |"))
        assert [cell.strip() for cell in row.split("|")[2:5]] == [f"`{entry.file}`", entry.told_size(), entry.purpose]
