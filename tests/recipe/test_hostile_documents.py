"""Every hostile file ends in a clear error within 2 s and 200 MB above a process that only imports the loader."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="Time and memory are measured in forked processes.")

SECONDS, MEGABYTES = 2.0, 200
FULL = 128 * 1024  # as large as a recipe may be, so that the parser rather than the size limit has to cope

# One interpreter, one fork for each file: a fork starts from the memory of the idle process and ends with its own peak.
# What the files print goes nowhere, and SIGALRM ends what hangs.
MEASURE = """
import json, os, signal, sys, time
from pathlib import Path
from spectra.errors import RecipeError
from spectra.recipe.document import load_document

def measure(path):
    read, write = os.pipe()
    start = time.perf_counter()
    child = os.fork()
    if not child:
        signal.alarm(20)
        try:
            message = repr(type(load_document(Path(path)))) if path else "idle"
        except RecipeError as error:
            message = "RecipeError: " + str(error)
        except BaseException as error:
            message = "escaped: " + repr(error)[:200]
        os.write(write, message[:2000].encode("utf-8", "replace"))
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        message = pipe.read().decode("utf-8", "replace")
    _, _, usage = os.wait4(child, 0)
    return {"seconds": time.perf_counter() - start, "peak": usage.ru_maxrss, "message": message}

print(json.dumps([measure(path) for path in ["", *json.load(sys.stdin)]]))
"""


def full(piece: str, start: str = "", end: str = "") -> bytes:
    count = (FULL - len(start.encode()) - len(end.encode())) // len(piece.encode())
    return (start + piece * count + end).encode()


def bomb() -> bytes:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    return "\n".join(rows).encode()


CONTENTS: dict[str, tuple[bytes, str]] = {
    "alias_bomb": (bomb(), "anchors and aliases are not allowed"),
    "merge_bomb": (b"a: &a {x: 1}\nb: {<<: [*a, *a]}\n", "merge keys"),
    "recursive_alias": (b"a: &a [*a]\n", "anchors and aliases are not allowed"),
    "nested_lists": (b"a: " + b"[" * 10_000, "more than 20 levels"),
    "nested_closed_lists": (b"a: " + b"[" * 10_000 + b"]" * 10_000, "more than 20 levels"),
    "nested_lists_on_lines": (b"a:\n" + b" [\n" * 10_000, "more than 20 levels"),
    "nested_mappings": (b"{a: " * 10_000, "more than 20 levels"),
    "nested_dashes": (b"- " * 10_000, "more than 20 levels"),
    "nested_question_marks": (b"? " * 10_000, "more than 20 levels"),
    "nested_blocks": ("".join(f"{' ' * n}a:\n" for n in range(400)).encode(), "more than 20 levels"),
    "10000_nested_blocks": ("".join(f"{' ' * n}a:\n" for n in range(10_000)).encode(), "larger than 128 KiB"),
    "long_line": (b"a: " + b"x" * 10_000_000, "larger than 128 KiB"),
    "wide_characters": (("a: " + "語" * 100_000).encode(), "larger than 128 KiB"),
    "100000_keys": ("".join(f"k{n}: {n}\n" for n in range(100_000)).encode(), "larger than 128 KiB"),
    "python_object": (b"a: !!python/object/apply:os.system ['echo harm > harm.txt']", "tags are not allowed"),
    "python_name": (b"!!python/name:os.system : !!python/module:os {}", "tags are not allowed"),
    "own_tag": (b"%TAG !e! tag:example.org,2000:\n---\na: !e!x 1", "tags are not allowed"),
    "binary_tag": (b"a: !!binary AAAA", "'!!binary': tags are not allowed"),
    "garbage": (bytes((n * n * 31 + n // 7) % 256 for n in range(50_000)), "Save"),
    "png": (b"\x89PNG\r\n\x1a\n" + bytes(5000), "1:1: the byte 0x89 is not UTF-8"),
    "nul": (b"a: 1\nb: \0\n", "2:4: a NUL character"),
    "utf16": ("a: é\n".encode("utf-16"), "Save it as UTF-8"),
    "utf16_without_mark": ("a: 1\n".encode("utf-16-le"), "Save it as UTF-8"),
    "utf32": ("a: 1\n".encode("utf-32-be"), "Save it as UTF-8"),
    "latin1": ("a: 1\nb: é\n".encode("latin-1"), "2:4: the byte 0xe9 is not UTF-8. Save the file as UTF-8"),
    "latin1_after_mark": (b"\xef\xbb\xbfa: \xe9", "1:4: the byte 0xe9"),
    "surrogate": (b"a: \xed\xa0\x80", "1:4: the byte 0xed is not UTF-8"),
    "long_integer": (b"a: " + b"9" * 100_000, "does not fit into 64 bits"),
    "nan": (b"train: {lr: NaN}", "1:13: NaN is not a finite number"),
    "huge_escape": (b'a: "\\UFFFFFFFF"', "out of range"),
    "quote": (full("x ", 'a: "'), "never closed"),
    "list": (full("x", "a: ["), "lacks a ','"),
    "block": (full("- b\n", "a: |\n"), "does not fit"),
    # As dense as the size allows.
    "full_of_pairs": (full("a: b\n"), "4999 faults in"),
    "full_of_duplicates": (full("a: {}\n"), "faults in"),
    "full_of_lists": (full("[],", "a: [", "]"), "more than 10,000 entries"),
    "full_of_items": (full("-\n"), "more than 10,000 entries"),
    "full_of_flow_keys": (full("a,", "{", "}"), "4999 faults in"),
    "full_of_documents": (full("---\n"), "2:1: a second document"),
    "full_of_aliases": (full("*a ,", "a: [", "]"), "9996 faults in"),
    "full_of_tags": (full("!a ,", "a: [", "]"), "9996 faults in"),
    "full_of_infinities": (full("\n- .inf", "a:"), "faults in"),
    "full_of_directives": (full("%a b\n"), "outside"),
    "full_of_deep_items": (full("a,", "[" * 20, "]" * 20), "more than 10,000 entries"),
    "full_of_deep_keys": (full("a: b,", "{a: " * 18 + "{", "}" * 19), "4981 faults in"),
    "full_of_open_lists": (full("["), "more than 20 levels"),
    "full_of_lines": (full("\n"), "is empty"),
    "full_of_comments": (full("#\n"), "is empty"),
    "full_of_spaces": (full(" "), "is empty"),
    "full_of_words": (full("x "), "a single value"),
    "full_of_wrapped_words": (full("x\n "), "a single value"),
    "full_of_escapes": (full("\\n", 'a: "', '" b'), "does not fit"),
    "full_of_folds": (full(" a\n\n", ">\n"), "a single value"),
    "full_of_colons": (full(":"), "a ':' cannot stand here"),
    "full_of_digits": (full("1", "a: ", "."), "too large"),
}


@dataclass(frozen=True)
class Outcome:
    seconds: float
    megabytes: float
    message: str


# A file of /proc says that it is empty, and is not: what is read is limited too.
LYING = Path("/proc/kallsyms")
SPECIAL = {
    "100_megabytes": "larger than 128 KiB",
    "gigabyte": "larger than 128 KiB",
    "pipe": "is a pipe, where a recipe file is meant",
    "symlink_loop": "cannot be read",
    "link_to_device": "is a device",
    "device": "is a device",
    "folder": "is a folder",
    "missing": "there is no such file",
    "nul_in_name": "cannot be read",
    "long_name": "cannot be read",
    "size_that_lies": "larger than 128 KiB",
}


def write_special(folder: Path) -> dict[str, Path]:
    """Things that are not ordinary small files, some of them only names."""
    files = {name: folder / f"{name}.yaml" for name in SPECIAL}
    files["100_megabytes"].write_bytes(b"a: 1\n" * 20_000_000)
    with files["gigabyte"].open("wb") as file:
        file.truncate(1_000_000_000)  # sparse
    os.mkfifo(files["pipe"])
    files["symlink_loop"].symlink_to(files["symlink_loop"])
    files["link_to_device"].symlink_to("/dev/zero")
    named = {"device": Path("/dev/zero"), "folder": folder, "nul_in_name": Path("a\0b"), "size_that_lies": LYING}
    return files | named | {"long_name": folder / ("x" * 300)}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Outcome]]:
    folder = tmp_path_factory.mktemp("hostile")
    files = write_special(folder)
    for name, (content, _) in CONTENTS.items():
        files[name] = folder / f"{name}.yaml"
        files[name].write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-c", MEASURE],
        input=json.dumps([str(path) for path in files.values()]),
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=folder,
    )
    idle, *rows = json.loads(done.stdout)
    unit = 1e6 if sys.platform == "darwin" else 1e6 / 1024  # ru_maxrss counts bytes there and KiB elsewhere
    measured = [Outcome(row["seconds"], (row["peak"] - idle["peak"]) / unit, row["message"]) for row in rows]
    return folder, dict(zip(files, measured, strict=True))


@pytest.mark.parametrize("name", [*CONTENTS, *SPECIAL])
def test_a_hostile_file_ends_in_a_clear_error(name: str, outcomes: tuple[Path, dict[str, Outcome]]) -> None:
    folder, measured = outcomes
    if name == "size_that_lies" and not lies(LYING):
        pytest.skip("This system has no large file in /proc that says it is empty.")
    outcome = measured[name]
    expected = CONTENTS[name][1] if name in CONTENTS else SPECIAL[name]
    assert outcome.message.startswith("RecipeError: ") and expected in outcome.message
    assert outcome.seconds < SECONDS
    assert outcome.megabytes < MEGABYTES
    assert not (folder / "harm.txt").exists()


def lies(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return path.stat().st_size == 0 and len(file.read(FULL + 1)) > FULL
    except OSError:
        return False
