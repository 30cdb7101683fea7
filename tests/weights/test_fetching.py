"""Pretrained weights that are fetched: whole and verified, or an error that says what to do."""

from __future__ import annotations

import hashlib
import os
import socket
import time
from pathlib import Path

import pytest
import torch

from spectra import cache, weights
from spectra.errors import SpectraError
from spectra.weights import KNOWN, Entry, fetching
from tests.weights.pond import CONTENT, DIGEST, STATE, Server, assert_teaches, kept, put


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
