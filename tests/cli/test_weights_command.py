"""`spectra weights`: what it prints, writes and refuses."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result
from safetensors.torch import load_file

import spectra
from spectra import cache
from spectra.cli import weights_fetch
from spectra.cli.weights import SUBCOMMANDS, weights
from spectra.errors import SpectraError
from spectra.weights import KNOWN, Entry
from tests.plugin_packages import PluginPackages

METHOD = """
import torch
from spectra import Imported, Task, Translator

class Method(Translator):
    api_version = 1
    home_tasks = ("rgb2ir", "rgb2nir")

    def __init__(self, task, settings):
        super().__init__(task, settings)
        self.factor = torch.nn.Parameter(torch.ones(1))

    def forward(self, source):
        return source[:, :1] * self.factor

    @classmethod
    def import_official(cls, state, task=None):
        method = cls(task or Task.parse("rgb2ir"), cls.Settings())
        method.load_state_dict({"factor": state["module.factor"]})
        return Imported(method, ("'module.' was taken off the names.",))

    def export_official(self):
        return {"module.factor": self.factor}
"""


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPECTRA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.delenv("SPECTRA_WEIGHTS", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def method(plugin_packages: PluginPackages) -> None:
    plugin_packages.add("method-package", {"translators": {"method": "method_package:Method"}}, METHOD)
    torch.save({"module.factor": torch.tensor([0.5])}, "net_G.pth")


@pytest.fixture
def pond(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of weights that Spectra knows; it lies in the current folder, where nobody looks for it."""
    (tmp_path / "download.bin").write_bytes(b"ducks")
    digest = hashlib.sha256(b"ducks").hexdigest()
    entry = Entry("pond", "https://pond.invalid/pond.pth", digest, 2**21, "swimming", "free")
    monkeypatch.setitem(KNOWN, "pond", entry)
    return tmp_path / "download.bin"


def call(*arguments: str) -> Result:
    return CliRunner().invoke(weights, arguments)


def succeed(*arguments: str) -> str:
    result = call(*arguments)
    assert result.exit_code == 0, (result.output, result.exception)
    return result.output


def fail(*arguments: str) -> str:
    """What is said of a fault that the user can mend; the command line turns the exception into its message."""
    result = call(*arguments)
    assert isinstance(result.exception, SpectraError), result.exception
    return str(result.exception)


def test_the_list_tells_what_is_here_and_what_is_missing(pond: Path) -> None:
    lines = {line.split()[0]: line for line in succeed("list").splitlines() if line}
    assert list(lines)[:-1] == ["NAME", *KNOWN]
    assert lines["pond"].split() == ["pond", "2", "MB", "pond.pth", "swimming", "missing"]
    succeed("import", str(pond))
    assert succeed("list").count(str(cache.weights() / "pond.pth")) == 1


def test_the_list_names_a_damaged_file(pond: Path) -> None:
    succeed("import", str(pond))
    (cache.weights() / "pond.pth").write_bytes(b"geese")
    result = call("list")
    assert "pond.pth' is damaged, or another file" in result.stderr
    row = next(line for line in result.stdout.splitlines() if line.startswith("pond"))
    assert row.endswith("missing")


def test_the_list_as_json(pond: Path) -> None:
    succeed("import", str(pond))
    said = json.loads(succeed("list", "--json"))
    rows = {row["name"]: row for row in said["weights"]}
    assert list(rows) == list(KNOWN)
    assert rows["pond"]["found"] == str(cache.weights() / "pond.pth")
    assert rows["pond"]["sha256"] == hashlib.sha256(b"ducks").hexdigest()
    assert rows["vgg19"]["found"] is None
    assert said["folders"][0] == str(cache.weights())


def test_a_file_of_known_weights_is_taken_in(pond: Path) -> None:
    assert succeed("import", str(pond)) == f"pond: {cache.weights() / 'pond.pth'}\n"
    assert (cache.weights() / "pond.pth").read_bytes() == b"ducks"


def test_an_unknown_file_is_refused() -> None:
    Path("other.pth").write_bytes(b"other")
    assert hashlib.sha256(b"other").hexdigest() in fail("import", "other.pth")


@pytest.mark.parametrize("arguments", [[], ["vgg19", "--all"]])
def test_fetch_wants_names_or_all(arguments: list[str]) -> None:
    result = call("fetch", *arguments)
    assert result.exit_code == 2
    assert "Say which: NAME..., or --all" in result.output


def test_fetch_tries_every_name_and_tells_each_fault(pond: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str, told: object) -> Path:
        if name == "pond":
            return Path("pond.pth")
        raise SpectraError(f"no {name}")

    monkeypatch.setattr(weights_fetch, "fetch_one", refuse)
    result = call("fetch", "vgg19", "pond", "alexnet", "vgg19")
    assert str(result.exception) == "no vgg19\n\nno alexnet"
    assert result.output == "pond: pond.pth\n"
    assert str(call("fetch", "--all").exception).count("no ") == len(KNOWN) - 1


def test_a_wrong_name_is_told_before_anything_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights_fetch, "fetch_one", None)
    assert "Did you mean 'vgg19'" in fail("fetch", "vgg16", "vgg91")


def test_what_is_here_is_not_fetched(pond: Path) -> None:
    succeed("import", str(pond))
    assert succeed("fetch", "pond") == f"pond: {cache.weights() / 'pond.pth'}\n"


def test_a_checkpoint_becomes_a_model_and_goes_back(method: None) -> None:
    printed = succeed("import", "net_G.pth", "--as", "method", "--task", "rgb2nir", "--out", "models/mine")
    assert printed.splitlines() == [
        "Wrote models/mine: method, rgb2nir.",
        f"  Imported from 'net_G.pth', 1 tensor, sha256 {hashlib.sha256(Path('net_G.pth').read_bytes()).hexdigest()}.",
        "  'module.' was taken off the names.",
        "Use it: spectra translate models/mine IMAGES --out RESULTS",
    ]
    model = spectra.load("models/mine")
    assert str(model.task) == "rgb2nir" and model.trained
    succeed("export", "models/mine", "--out", "back.pth")
    assert torch.equal(torch.load("back.pth")["module.factor"], torch.tensor([0.5]))
    succeed("export", "models/mine", "--out", "back.safetensors")
    assert torch.equal(load_file("back.safetensors")["module.factor"], torch.tensor([0.5]))


def test_an_imported_model_translates_images(method: None, tmp_path: Path) -> None:
    import cv2
    import numpy as np

    succeed("import", "net_G.pth", "--as", "method", "--out", "model")
    cv2.imwrite("image.png", np.full((5, 7, 3), 200, np.uint8))
    done = spectra.translate("model", ["image.png"], tmp_path / "out")
    assert [path.name for path in done.written] == ["image.png"]
    assert np.array_equal(cv2.imread("out/image.png", cv2.IMREAD_UNCHANGED), np.full((5, 7), 100, np.uint8))


def test_a_model_is_not_written_over(method: None) -> None:
    Path("model").mkdir()
    assert "exists already; a model is never written over" in fail(
        "import", "net_G.pth", "--as", "method", "--out", "model"
    )
    assert list(Path("model").iterdir()) == []


def test_a_checkpoint_that_holds_objects_leaves_no_model(method: None) -> None:
    torch.save(torch.nn.Linear(1, 1), "object.pth")
    assert "can run code" in fail("import", "object.pth", "--as", "method", "--out", "model")
    assert not Path("model").exists()


def test_an_export_is_not_written_over_nor_made_of_what_has_not_learned(method: None) -> None:
    succeed("import", "net_G.pth", "--as", "method", "--out", "model")
    before = Path("net_G.pth").read_bytes()
    assert "never written over" in fail("export", "model", "--out", "net_G.pth")
    assert Path("net_G.pth").read_bytes() == before
    spectra.load("method", task="rgb2ir").save("fresh")
    assert "is not trained" in fail("export", "fresh", "--out", "x.pth")
    assert "no model folder" in fail("export", "none", "--out", "x.pth")
    assert not Path("x.pth").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["net_G.pth", "--as", "method"], "--as needs --out MODEL"),
        (["net_G.pth", "--out", "model"], "belong to --as TRANSLATOR"),
        (["net_G.pth", "--task", "rgb2ir"], "belong to --as TRANSLATOR"),
    ],
)
def test_options_that_need_each_other_say_so(arguments: list[str], told: str) -> None:
    result = call("import", *arguments)
    assert result.exit_code == 2
    assert told in result.output


@pytest.mark.parametrize("name", SUBCOMMANDS)
def test_every_subcommand_teaches_by_example(name: str) -> None:
    assert f"Examples:\n    spectra weights {name}" in succeed(name, "--help")


def test_an_unknown_subcommand_is_told_what_is_near() -> None:
    assert "Did you mean 'fetch'" in call("fetsch").output


def test_looking_needs_no_torch() -> None:
    code = (
        "import sys; from spectra.cli.weights import weights; weights(['list'], standalone_mode=False);"
        "weights(['import', '--help'], standalone_mode=False); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
