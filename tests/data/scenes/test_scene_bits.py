"""The same bits in every process, Python and NumPy version, and processor."""

from __future__ import annotations

import ast
import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

import spectra.data.scenes as scenes_package
from spectra.data.scenes import scene

HASHES: dict[tuple[int, int, tuple[int, int], str, str, int], str] = {
    (0, 0, (256, 256), "aerial", "rgb", 8): "dbb46419d13104610cb19affc4a8608e35014f706477cfc60405350843606af2",
    (0, 0, (256, 256), "aerial", "nir", 8): "6639747f06ac1f77d487ba7ff8b36fbaca828325cfd5c8da5505d38b891cd4a6",
    (0, 3, (96, 160), "aerial", "sar", 16): "12c6be0e3bee31b417370a3d3e2876967773c9930750d4a6491c9a2017da8019",
    (7, 11, (128, 128), "aerial", "lwir", 16): "484d1625e674bd6eb9c43bd0948b45722b4b879cffa6867e2612ced8001b5e70",
    (1, 5, (64, 64), "aerial", "ms5", 8): "a0aaed7ede55ecbcab8dafdee0030c611aca31541d266d954d0ec93997831f96",
    (2, 8, (100, 70), "aerial", "eo", 16): "feac654b278f2370e48412feabf82a17b37499da695109cccb45b0eb1cf3ff99",
    (0, 0, (256, 256), "street", "rgb", 8): "2ba5fe9cea9bfbe36cea32449cfd664f5e5517dc9f12cdf4a24b12113db6f7ee",
    (0, 1, (256, 256), "street", "nir", 16): "5c6692ae9831c6970636a4b820f05fe430ce58c7625130bd0c608a36b3fbcf4f",
    (3, 4, (96, 160), "street", "lwir", 8): "9a3e3e66dc3acb9e85801d74c3fa0cc90a2f94eba66e72c645320fd46fd9c321",
    (7, 11, (128, 128), "street", "sar", 8): "6cdbaa3adbe38a1748c4b631f104992d0657b7406a548c20a19b474408753874",
    (1, 5, (33, 47), "street", "ms4", 16): "cc3ad8643f40733c167bede6ea02c4215dcd8e73910e1c2d12eea728d71b57c9",
    (9, 2, (80, 80), "street", "swir", 8): "0b826c9c8eec117e059caa59fc896b308331b4ae5b856c79c69ecde7bdd07aaa",
}
PACKAGE = Path(scenes_package.__file__).parent
# Their last bit may differ from one NumPy, C library or processor to another.
INEXACT = {
    "exp", "exp2", "log", "log2", "log10", "sin", "cos", "tan", "arctan", "arctan2", "tanh", "hypot", "power", "cbrt",
    "float_power", "sum", "fsum", "mean", "std", "var", "average", "median", "dot", "matmul", "einsum", "tensordot",
    "inner", "convolve", "fft", "linalg", "interp", "linspace", "normal", "standard_normal", "exponential", "gamma",
    "default_rng", "Generator", "RandomState", "float16",
}  # fmt: skip


def digest(seed: int, index: int, size: tuple[int, int], view: str, modality: str, bits: int) -> str:
    image = scene(seed, index, size, view).image(modality, bits)
    little = image.astype(image.dtype.newbyteorder("<"), copy=False)
    return hashlib.sha256(little.tobytes()).hexdigest()


@pytest.mark.parametrize("key", list(HASHES), ids=str)
def test_images_have_their_stored_hash(key: tuple[int, int, tuple[int, int], str, str, int]) -> None:
    assert digest(*key) == HASHES[key]


def test_another_process_gives_the_same_bits() -> None:
    code = (
        "import hashlib; from spectra.data.scenes import scene\n"
        "print(hashlib.sha256(scene(4, 2, (40, 56), 'street').image('ms5').tobytes()).hexdigest())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == digest(4, 2, (40, 56), "street", "ms5", 8)


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*.py")), ids=lambda path: path.name)
def test_nothing_inexact_lies_on_the_way_to_pixels(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        named = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
        assert named not in INEXACT, f"line {getattr(node, 'lineno', 0)}: {named}"
        assert not isinstance(node, ast.Pow | ast.MatMult)
