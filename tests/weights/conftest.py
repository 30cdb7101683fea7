"""Empty places to look in, and a server that has a file."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from spectra.weights import KNOWN, Entry
from tests.weights.pond import CONTENT, DIGEST, Server


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
