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
    (0, 0, (256, 256), "street", "rgb", 8): "02057d8c3ec66920a6d5c479202a63adf2965751a9820ae38fa14f041596c005",
    (0, 1, (256, 256), "street", "nir", 16): "1cd247fb047253c517366d60ef985bd02f430d58bf01ec68be2225a3351da550",
    (3, 4, (96, 160), "street", "lwir", 8): "9a3e3e66dc3acb9e85801d74c3fa0cc90a2f94eba66e72c645320fd46fd9c321",
    (7, 11, (128, 128), "street", "sar", 8): "6cdbaa3adbe38a1748c4b631f104992d0657b7406a548c20a19b474408753874",
    (1, 5, (33, 47), "street", "ms4", 16): "55bdd64092f2624a792da3420f1974f6fd71ea26a2c11b3108543f83db286b3d",
    (9, 2, (80, 80), "street", "swir", 8): "c2d8425a63a9b0e2302da3b55fb5fc375a2ff7fce9b3dde73596c1a1d131900d",
}
PACKAGE = Path(scenes_package.__file__).parent
# Their last bit may differ from one NumPy, C library or processor to another.
INEXACT = {
    "exp", "exp2", "log", "log2", "log10", "sin", "cos", "tan", "arctan", "arctan2", "tanh", "hypot", "power", "float_power", "cbrt",
    "sum", "mean", "std", "var", "average", "median", "dot", "matmul", "einsum", "tensordot", "inner", "interp", "linspace",
    "normal", "standard_normal", "exponential", "gamma", "default_rng", "Generator", "RandomState", "convolve", "fft", "linalg",
    "float16", "fsum",
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
        assert named not in INEXACT, f"{path.name}:{node.lineno}: {named}"
        operator = getattr(node, "op", None)
        assert not isinstance(operator, ast.Pow | ast.MatMult), f"{path.name}:{node.lineno}: ** or @"
