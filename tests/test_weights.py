"""Pretrained weights: found and verified, fetched whole or not at all, never replaced by something else in silence."""

from __future__ import annotations

import hashlib
import io
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import lpips
import pytest
import torch
import torchvision
from safetensors.torch import save as safetensors_of

from spectra import cache, weights
from spectra.errors import SpectraError, UnknownName
from spectra.weights import KNOWN, Entry, MissingWeights, fetching, importing

STATE = {"features.0.weight": torch.arange(24.0).reshape(2, 3, 2, 2), "features.0.bias": torch.tensor([0.5, -1.5])}


def written(state: dict[str, torch.Tensor]) -> bytes:
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()


CONTENT = written(STATE)
DIGEST = hashlib.sha256(CONTENT).hexdigest()


class Server(ThreadingHTTPServer):
    """Serves one file on this machine, well or badly."""

    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.body, self.length, self.status, self.pause, self.endless = CONTENT, len(CONTENT), 200, 0.0, False
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Answer(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.send_response(self.server.status)
        if not self.server.endless:
            self.send_header("Content-Length", str(self.server.length))
        self.end_headers()
        self.wfile.write(self.server.body[:100])
        time.sleep(self.server.pause)
        try:
            self.wfile.write(self.server.body[100:])
            while self.server.endless:
                self.wfile.write(bytes(1 << 16))
        except OSError:  # who asked has gone
            pass

    def log_message(self, *said: object) -> None:
        pass


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every place to look in is empty, and no proxy is in between."""
    monkeypatch.setenv("SPECTRA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    for name in ("SPECTRA_WEIGHTS", "http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def pond(server: Server, monkeypatch: pytest.MonkeyPatch) -> Entry:
    """An entry whose file the server has."""
    entry = Entry("pond", f"{server.url}/pond-{DIGEST[:8]}.pth", DIGEST[:8], len(CONTENT), "ducks", "free")
    monkeypatch.setitem(KNOWN, "pond", entry)
    return entry


def kept() -> list[str]:
    """All files in the cache, the hidden ones too."""
    return sorted(it.name for it in cache.weights().iterdir()) if cache.weights().exists() else []


def put(folder: Path, name: str, content: bytes = CONTENT) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    return folder / name


def assert_teaches(message: str, entry: Entry) -> None:
    """All that somebody without a network needs to know."""
    for needed in (entry.file, entry.url, str(cache.weights()), f"spectra weights import {entry.file}"):
        assert needed in message


def test_weights_are_fetched_into_the_cache_with_progress_and_load_as_tensors(pond: Entry) -> None:
    told: list[tuple[str, int, int]] = []
    path = weights.fetch("pond", lambda *said: told.append(said))
    assert path == cache.weights() / pond.file == weights.find("pond")
    assert path.read_bytes() == CONTENT
    assert kept() == [pond.file]
    assert told[-1] == ("Fetching pond", len(CONTENT), len(CONTENT))
    loaded = weights.load("pond")
    assert loaded.keys() == STATE.keys()
    assert all(torch.equal(loaded[name], tensor) for name, tensor in STATE.items())


def test_what_is_here_is_not_fetched_again(pond: Entry, server: Server) -> None:
    weights.fetch("pond")
    weights.fetch("pond")
    assert len(server.asked) == 1


def test_a_wrong_hash_is_refused_and_nothing_is_kept(pond: Entry, server: Server) -> None:
    server.body = CONTENT[:-1] + b"?"
    with pytest.raises(SpectraError, match=f"has the sha256 {hashlib.sha256(server.body).hexdigest()}") as caught:
        weights.fetch("pond")
    assert_teaches(str(caught.value), pond)
    assert kept() == []


def test_a_body_that_is_cut_short_is_refused_and_nothing_is_kept(pond: Entry, server: Server) -> None:
    server.body = CONTENT[: len(CONTENT) // 2]
    with pytest.raises(SpectraError, match=r"could not be fetched: the connection (ended after|broke)") as caught:
        weights.fetch("pond")
    assert_teaches(str(caught.value), pond)
    assert kept() == []


def test_an_answer_that_is_no_file_is_told(pond: Entry, server: Server) -> None:
    server.status = 404
    with pytest.raises(SpectraError, match=r"the server answers 404 \(Not Found\)") as caught:
        weights.fetch("pond")
    assert str(caught.value).startswith(f"{pond.file}, the weights 'pond' (2 kB), could not be fetched: ")
    assert_teaches(str(caught.value), pond)
    assert kept() == []


def test_a_silent_server_is_given_up(pond: Entry, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "TIMEOUT", 0.2)
    server.pause = 1.5
    started = time.monotonic()
    with pytest.raises(SpectraError, match=r"the server said nothing for 0\.2 seconds") as caught:
        weights.fetch("pond")
    assert time.monotonic() - started < 1
    assert_teaches(str(caught.value), pond)
    assert kept() == []


def test_without_a_network_the_error_tells_the_file_and_where_it_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:  # bound and never listened on: who connects is refused
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/pond.pth"
        entry = Entry("pond", url, DIGEST, len(CONTENT), "ducks", "free")
        monkeypatch.setitem(KNOWN, "pond", entry)
        with pytest.raises(SpectraError, match=r"no connection \(Connection refused\)") as caught:
            weights.fetch("pond")
    assert_teaches(str(caught.value), entry)


def test_a_name_that_no_server_has_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*said: object, **more: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    monkeypatch.setitem(KNOWN, "pond", Entry("pond", "https://pond.invalid/pond.pth", DIGEST, 1, "ducks", "free"))
    with pytest.raises(SpectraError, match=r"no connection \(Name or service not known\)"):
        weights.fetch("pond")


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_a_fetch_that_is_interrupted_leaves_nothing(pond: Entry, stop: type[BaseException]) -> None:
    def interrupt(*said: object) -> None:
        assert kept() != []  # it had begun to write
        raise stop

    with pytest.raises(stop):
        weights.fetch("pond", interrupt)
    assert kept() == []


def test_the_final_name_never_holds_a_part(pond: Entry) -> None:
    seen: list[bool] = []
    weights.fetch("pond", lambda *said: seen.append((cache.weights() / pond.file).exists()))
    assert seen == [False]


def test_a_server_that_never_ends_is_stopped_soon(pond: Entry, server: Server) -> None:
    server.endless = True
    told: list[int] = []
    with pytest.raises(SpectraError, match="far more than"):
        weights.fetch("pond", lambda what, done, total: told.append(done))
    assert max(told) < 4 * 2**20
    assert kept() == []


def test_the_leftovers_of_killed_fetches_are_removed_and_nothing_else(pond: Entry) -> None:
    old, young = f".{'a' * 16}.pth", f".{'b' * 16}.pth"
    for name in (old, young, ".own", "own.pth"):
        put(cache.weights(), name)
    for name in (old, ".own", "own.pth"):
        os.utime(cache.weights() / name, (1, 1))
    weights.fetch("pond")
    assert kept() == sorted([young, ".own", "own.pth", pond.file])


def test_the_proxy_of_the_environment_is_used(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", server.url)
    entry = Entry("pond", "http://pond.invalid/pond.pth", DIGEST, len(CONTENT), "ducks", "free")
    monkeypatch.setitem(KNOWN, "pond", entry)
    assert weights.fetch("pond").read_bytes() == CONTENT
    assert server.asked == ["http://pond.invalid/pond.pth"]


def test_a_cache_that_cannot_be_written_is_told(pond: Entry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "file")
    monkeypatch.setenv("SPECTRA_HOME", str(tmp_path / "file"))
    with pytest.raises(SpectraError, match=r"cannot be made: Not a directory. Set SPECTRA_HOME"):
        weights.fetch("pond")


def test_a_full_disk_is_no_fault_of_the_network(pond: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*said: object) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(SpectraError, match=r"pond-\w+\.pth' cannot be written: No space left on device"):
        weights.fetch("pond", full)  # told from within the block that writes
    assert kept() == []


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
    page = (Path(__file__).parents[1] / "docs" / "weights.md").read_text(encoding="utf-8")
    for entry in KNOWN.values():
        row = next(line for line in page.splitlines() if line.startswith(f"| `{entry.name}` |"))
        assert [cell.strip() for cell in row.split("|")[2:5]] == [f"`{entry.file}`", entry.told_size(), entry.purpose]
