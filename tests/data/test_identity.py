"""Nothing is lost: every integer depth, float, format and number of bands, in and out, and through a translation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import spectra
from spectra.data.images import WRITABLE, Header, read_header, read_image, write_image
from tests.data.files import Array, noise

BITS = (8, 10, 12, 14, 16)
DEEP = (*BITS, "float32")


def holds(suffix: str, depth: int | str, bands: int) -> bool:
    return suffix != ".png" or (depth != "float32" and bands in (1, 3, 4))


@st.composite
def images(draw: st.DrawFn) -> tuple[str, Array]:
    """A suffix and an image that it can hold, of a depth of which all values are used, its ends included."""
    suffix, depth = draw(st.sampled_from(sorted(WRITABLE))), draw(st.sampled_from(DEEP))
    bands = draw(st.integers(1, 12).filter(lambda number: holds(suffix, depth, number)))
    shape = (draw(st.integers(1, 33)), draw(st.integers(1, 33)), bands)
    if isinstance(depth, str):
        return suffix, draw(hnp.arrays("float32", shape, elements=hnp.from_dtype(np.dtype("float32"))))
    dtype = "uint8" if depth == 8 else "uint16"
    return suffix, draw(hnp.arrays(dtype, shape, elements=st.integers(0, 2**depth - 1)))


@given(images())
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_is_read_bit_for_bit(tmp_path: Path, made: tuple[str, Array]) -> None:
    suffix, image = made
    path = tmp_path / f"image{suffix}"
    write_image(path, image, overwrite=True)
    read = read_image(path)
    assert read_header(path) == Header(*image.shape, image.dtype.name)
    assert (read.dtype, read.shape, read.tobytes()) == (image.dtype, image.shape, image.tobytes())  # NaN, -0.0 too


@pytest.mark.parametrize("suffix", sorted(WRITABLE))
@pytest.mark.parametrize("bits", BITS)
def test_every_value_of_every_depth_keeps_its_scale(tmp_path: Path, suffix: str, bits: int) -> None:
    image = np.arange(2**bits).astype("uint8" if bits == 8 else "uint16").reshape(16, -1, 1)
    write_image(tmp_path / f"a{suffix}", image)
    np.testing.assert_array_equal(read_image(tmp_path / f"a{suffix}"), image)


COPIES = [
    (suffix, depth, bands)
    for suffix in (".png", ".tif", ".npy", ".npz")
    for depth in DEEP
    for bands in (1, 2, 3, 4, 5, 8)
    if holds(suffix, depth, bands)
]


def picture(depth: int | str, bands: int) -> Array:
    """Integers of the whole depth; floats of the unit interval, its ends included."""
    shape = (19, 23, bands)
    if isinstance(depth, str):
        image = np.random.default_rng(bands).random(shape, dtype=np.float32)
    else:
        image = noise(*shape) if depth == 8 else noise(*shape, dtype="uint16") >> (16 - depth)
    image[0, :2] = np.array([0, 1 if isinstance(depth, str) else 2**depth - 1])[:, None]
    return image


def test_a_copy_of_any_depth_format_and_number_of_bands_is_the_image(tmp_path: Path) -> None:
    """One translation for each number of bands; what comes out is what went in, and so is its kind of file."""
    for bands in sorted({bands for _, _, bands in COPIES}):
        folder, out, wanted = tmp_path / f"in{bands}", tmp_path / f"out{bands}", {}
        folder.mkdir()
        for suffix, depth, _ in (copy for copy in COPIES if copy[2] == bands):
            wanted[f"{depth}{suffix}"] = image = picture(depth, bands)
            write_image(folder / f"{depth}{suffix}", image)
        task = {1: "gray2gray", 3: "rgb2rgb"}.get(bands, f"ms{bands}2ms{bands}")
        # Each kind apart, as results of one name may not meet.
        for suffix in sorted({Path(name).suffix for name in wanted}):
            done = spectra.translate("copy", str(folder / f"*{suffix}"), out / suffix[1:], task=task)
            assert not done.failed, done.failed
        for name, image in wanted.items():
            result = read_image(out / Path(name).suffix[1:] / name)
            assert result.dtype == image.dtype, name
            assert result.tobytes() == image.tobytes(), name
