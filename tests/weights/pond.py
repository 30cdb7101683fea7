"""Made weights, and a server of this machine that gives them out."""

from __future__ import annotations

import hashlib
import io
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import torch

from spectra import cache
from spectra.weights import Entry

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
