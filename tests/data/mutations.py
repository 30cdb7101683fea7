"""Good files of every kind, and ways to damage them: blindly, or knowing their format and with checksums made right."""

from __future__ import annotations

import io
import random
import re
import struct
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from tests.data.files import chunk, encoded, lzw, npy, npz, png_of, smooth, tiff, tiff_by_hand

EDGES = (0, 1, 2, 3, 7, 8, 16, 255, 256, 65535, 2**16, 2**31 - 1, 2**31, 2**32 - 1)


@dataclass(frozen=True)
class Mutant:
    data: bytes
    which: int
    """The good file that it was made of."""
    blind: bool
    """Whether checksums were left wrong, so that what can be read must be right."""


def seeds() -> dict[str, list[bytes]]:
    """Good files of several kinds, by suffix."""
    image = smooth(24, 31, 3)
    grey, deep, real = image[..., 0].copy(), image.astype(np.uint16) * 257, image.astype(np.float32)
    bands = np.ascontiguousarray(np.moveaxis(image, 2, 0))
    rows = b"".join(b"\0" + row.tobytes() for row in image)
    return {
        ".png": [
            *(encoded(".png", picture) for picture in (image, grey, deep)),
            png_of(31, 24, 8, 3, b"".join(b"\0" + bytes(31) for _ in range(24)), chunk(b"PLTE", bytes(range(60)))),
            png_of(31, 24, 8, 2, rows, chunk(b"tRNS", bytes(6)), chunk(b"gAMA", bytes(4))),
        ],
        ".jpg": [
            encoded(".jpg", image),
            encoded(".jpg", grey),
            encoded(".jpg", image, cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
            encoded(".jpg", image, cv2.IMWRITE_JPEG_RST_INTERVAL, 2),
        ],
        ".tif": [
            tiff(image, photometric="rgb"),
            tiff(image, photometric="rgb", bigtiff=True, tile=(16, 16), compression="zlib", metadata=None),
            tiff(deep, photometric="rgb", byteorder=">", compression="lzw", predictor=2, rowsperstrip=5),
            tiff(real, photometric="rgb", tile=(16, 16), compression="zstd", predictor=3),
            tiff(bands, photometric="minisblack", metadata={"axes": "CYX"}, compression="packbits"),
            tiff(bands, photometric="rgb", planarconfig="separate", rowsperstrip=5, compression="lzma"),
            tiff(image, photometric="rgb", tile=(16, 16), compression="jpeg"),
            tiff(bands, photometric="minisblack", imagej=True),
            tiff_by_hand(image, 5, lzw(image.tobytes())),
            tiff_by_hand(deep, 1, deep.tobytes(), depth=12),
        ],
        ".npy": [npy(image), npy(deep.astype(">u2")), npy(np.asfortranarray(real))],
        ".npz": [
            npz(image=image),
            npz(image=deep, compressed=True),
            npz(only=real, compressed=True),
            npz(a=image, image=grey),
        ],
    }


def mutant(suffix: str, files: dict[str, list[bytes]], chance: random.Random) -> Mutant:
    which = chance.randrange(len(files[suffix]))
    data = files[suffix][which]
    if chance.random() < 0.02:
        other = chance.choice([name for name in files if name != suffix])
        return Mutant(chance.choice(files[other]), which, blind=True)
    if chance.random() < 0.5:
        return Mutant(_blindly(data, chance), which, blind=True)
    return Mutant(_KNOWING[suffix](data, chance), which, blind=False)


def _blindly(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    at = chance.randrange(chance.choice([len(data), min(300, len(data))]))
    count = chance.choice([1, 2, 4, 50, 1000])
    match chance.randrange(7):
        case 0:
            changed[at : at + count] = chance.randbytes(len(changed[at : at + count]))
        case 1:
            del changed[at:]
        case 2:
            changed[at:at] = chance.randbytes(count)
        case 3:
            del changed[at : at + count]
        case 4:
            changed[at] ^= 1 << chance.randrange(8)
        case 5:
            changed[at : at + count] = bytes([chance.choice([0, 255])]) * len(changed[at : at + count])
        case 6:
            changed[at:at] = changed[at : at + count]
    return bytes(changed)


def _shuffled(parts: list[bytes], chance: random.Random, alter: Callable[[bytes], bytes]) -> list[bytes]:
    """Parts of a file, of which one is altered, left out, doubled or put elsewhere."""
    at = chance.randrange(len(parts))
    match chance.randrange(8):
        case 0:
            parts.pop(at)
        case 1:
            parts.insert(at, parts[at])
        case 2:
            parts.insert(chance.randrange(len(parts)), parts.pop(at))
        case _:
            parts[at] = alter(parts[at])
    return parts


def _png(data: bytes, chance: random.Random) -> bytes:
    parts, at = [], 8
    while at < len(data):
        length = int.from_bytes(data[at : at + 4])
        parts.append(data[at + 4 : at + 8 + length])
        at += 12 + length

    def alter(part: bytes) -> bytes:
        if part[:4] == b"IHDR" and chance.random() < 0.8:
            place = chance.choice([4, 8])
            size = struct.pack(">I", chance.choice(EDGES))
            flags = bytes(chance.choice([0, 1, 2, 3, 4, 6, 8, 16]) for _ in range(5))
            return part[:place] + size + part[place + 4 :] if chance.random() < 0.5 else part[:12] + flags
        return part[:4] + _blindly(part[4:] or b"\0", chance)

    if chance.random() < 0.2:
        kind = chance.choice([b"tRNS", b"acTL", b"iCCP", b"zTXt", b"eXIf", b"PLTE", b"cHRM", b"abcd", b"fdAT"])
        parts.insert(chance.randrange(len(parts)), kind + chance.randbytes(chance.randrange(40)))
    else:
        parts = _shuffled(parts, chance, alter)
    return data[:8] + b"".join(chunk(part[:4], part[4:]) for part in parts)


def _jpeg(data: bytes, chance: random.Random) -> bytes:
    parts, at = [], 2
    while data[at + 1] != 0xDA:
        length = int.from_bytes(data[at + 2 : at + 4])
        parts.append(data[at + 1 : at + 2] + data[at + 4 : at + 2 + length])
        at += 2 + length

    def alter(part: bytes) -> bytes:
        if part[0] in (0xC0, 0xC2) and chance.random() < 0.7:
            place = chance.choice([2, 4])
            sized = part[:place] + struct.pack(">H", chance.choice([0, 1, 23, 25, 4000, 65535])) + part[place + 2 :]
            sampled = part[:6] + bytes(chance.choice([0, 1, 2, 3, 4, 0x11, 0x22, 0x44, 0xFF]) for _ in part[6:])
            return chance.choice([sized, sampled])
        return part[:1] + _blindly(part[1:] or b"\0", chance)

    if chance.random() < 0.2:
        parts.insert(chance.randrange(len(parts)), bytes([chance.randrange(0xC0, 0xFF)]) + chance.randbytes(20))
    else:
        parts = _shuffled(parts, chance, alter)
    body = b"".join(b"\xff" + part[:1] + struct.pack(">H", len(part) + 1) + part[1:] for part in parts)
    return data[:2] + body + (data[at:] if chance.random() < 0.8 else _blindly(data[at:], chance))


def _tiff(data: bytes, chance: random.Random) -> bytes:
    """Changes tags: their numbers, types, counts and values, and where the next directory lies."""
    order, big = "<" if data[:2] == b"II" else ">", data[2 if data[:2] == b"II" else 3] == 43
    word, size = ("Q", 8) if big else ("I", 4)
    at = struct.unpack_from(order + word, data, 8 if big else 4)[0]
    tags = struct.unpack_from(order + ("Q" if big else "H"), data, at)[0]
    first, step = at + (8 if big else 2), 20 if big else 12
    changed = bytearray(data)
    for _ in range(chance.choice([1, 1, 2])):
        entry = first + step * chance.randrange(tags)
        numbers = [*EDGES, len(data), at, chance.randrange(len(data)), chance.getrandbits(32)]
        match chance.randrange(8):
            case 0:
                tag = chance.choice(
                    [254, 256, 258, 262, 273, 279, 317, 320, 322, 324, 330, 338, 339, 347, 42113, 33550]
                )
                struct.pack_into(order + "H", changed, entry, tag)
            case 1:
                struct.pack_into(order + "H", changed, entry + 2, chance.randrange(20))
            case 2:
                struct.pack_into(order + word, changed, entry + 4, chance.choice(numbers))
            case 3:
                struct.pack_into(order + word, changed, first + step * tags, chance.choice([at, *numbers]))
            case 4:
                struct.pack_into(order + "H", changed, entry + 4 + size, chance.choice([*range(10), 32773, 50000]))
            case _:
                struct.pack_into(order + word, changed, entry + 4 + size, chance.choice(numbers))
    return bytes(changed)


_SHAPES = ("(24,31,-3)", "(2**9,)", "(10**9,10**9)", "(24,31,3,1)", "()", "('a','b')", "(1e3,2)", "(True,2)", "(0,3)")
_TYPES = ("|O", "<f8", "<M8[s]", "|V3", "<u4", "|S3", "[('a','|u1')]", "<c8", ">f4", "|u1", "<u2")


def _npy(data: bytes, chance: random.Random) -> bytes:
    length = int.from_bytes(data[8:10], "little")
    text, body = data[10 : 10 + length].decode("latin1"), data[10 + length :]
    match chance.randrange(7):
        case 0:
            text = re.sub(r"\([\d, ]*\)", lambda found: chance.choice(_SHAPES), text)
        case 1:
            text = re.sub(r"\([\d, ]*\)", str(tuple(chance.choice(EDGES) for _ in range(chance.randrange(5)))), text)
        case 2:
            kind = chance.choice(_TYPES)
            text = re.sub(r"'descr': '[^']*'", f"'descr': {kind if kind[0] == '[' else repr(kind)}", text)
        case 3:
            text = text.replace("False", "\0").replace("True", "False").replace("\0", "True")
        case 4:
            text = _blindly(text.encode("latin1"), chance).decode("latin1")
        case 5:
            text = chance.choice(["(" * 5000, "{" + "'a':1," * 900 + "}", "__import__('os').abort()", "", "9" * 9000])
        case 6:
            return data[:6] + bytes(chance.choice([0, 1, 2, 3, 255]) for _ in range(chance.choice([2, 4]))) + data[10:]
    return data[:8] + struct.pack("<H", len(text)) + text.encode("latin1") + body


def _npz(data: bytes, chance: random.Random) -> bytes:
    """Packs damaged arrays soundly, or changes the fields of the archive's directory."""
    if chance.random() < 0.4:
        changed = bytearray(data)
        start = chance.choice([data.rindex(b"PK\1\2"), data.rindex(b"PK\5\6"), 0])
        at = start + chance.randrange(4, 22)
        changed[at : at + 4] = struct.pack("<I", chance.choice([*EDGES, chance.getrandbits(32)]))
        return bytes(changed)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = [(info.filename, archive.read(info)) for info in archive.infolist()]
    file, bomb = io.BytesIO(), chance.random() < 0.1
    with (
        warnings.catch_warnings(action="ignore"),
        zipfile.ZipFile(file, "w", chance.choice([0, 8, 8, 12, 14])) as archive,
    ):
        for name, content in members[chance.random() < 0.1 :]:
            content = chance.choice([_npy, _blindly])(content, chance) + bytes(bomb * 50_000_000)
            archive.writestr(chance.choice([name, name, name, "other.npy", "../image.npy", "image"]), content)
    return file.getvalue()


_KNOWING: dict[str, Callable[[bytes, random.Random], bytes]] = {
    ".png": _png,
    ".jpg": _jpeg,
    ".tif": _tiff,
    ".npy": _npy,
    ".npz": _npz,
}
