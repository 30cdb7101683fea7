"""What an image file says of itself before its pixels are decoded."""

from __future__ import annotations

from dataclasses import dataclass, field

from spectra.errors import ImageError

DTYPES = {"uint8": 1, "uint16": 2, "float32": 4}  # bytes a value

# What would be lost, and how to convert. Nothing is converted silently, as scale and rounding are the owner's choice.
_REMEDIES = {
    "bool": "holds two values only: save `image.astype(numpy.uint8) * 255`",
    "int8": "can be negative: save it as float32, which holds every int8 exactly",
    "int16": "can be negative: save it as float32, which holds every int16 exactly, or add an offset and save uint16",
    "int32": "does not fit float32, which keeps 24 of its 32 bits: save it as uint16 if all values are in 0..65535, "
    "else rescale it and save it as float32",
    "uint32": "does not fit float32, which keeps 24 of its 32 bits: save it as uint16 if all values are below 65536, "
    "else rescale it and save it as float32",
    "int64": "keeps 24 of its 64 bits as float32: save it as uint16 if all values are in 0..65535, else rescale it "
    "and save it as float32",
    "uint64": "keeps 24 of its 64 bits as float32: save it as uint16 if all values are below 65536, else rescale it "
    "and save it as float32",
    "float16": "is not written by any format here: save it as float32, which holds every float16 exactly",
    "float64": "keeps 24 of its 53 significant bits as float32: save it as float32 if some seven digits are enough",
    "complex64": "has two parts a value: save its magnitude as float32, or both parts as two bands",
    "complex128": "has two parts a value: save its magnitude as float32, or both parts as two bands",
}


@dataclass(frozen=True)
class Header:
    """Size and kind of an image: `dtype` is "uint8", "uint16" or "float32".

    The rest says how the file stores it and what it notes beside it; headers are equal whatever that is.
    """

    height: int
    width: int
    channels: int
    dtype: str
    nodata: float | None = field(default=None, compare=False)
    """The value that GDAL's tag states for pixels without data."""
    georeferenced: bool = field(default=False, compare=False)
    bits: int | None = field(default=None, compare=False)
    """Bits a value, where the file states them: 12 for packed 12-bit values, which are read as uint16, unscaled."""
    block: tuple[int, int] | None = field(default=None, compare=False)
    """Height and width of the tiles or strips of a TIFF."""
    windows: bool = field(default=False, compare=False)
    """Whether a window is read without decoding the rest; else the whole is decoded and cut."""

    @property
    def nbytes(self) -> int:
        return self.height * self.width * self.channels * DTYPES[self.dtype]

    def __str__(self) -> str:
        return f"{self.width}×{self.height} pixels, {self.channels} channels, {self.dtype}"


def require_dtype(name: str) -> str:
    """`name` if images of this dtype can be read and written without loss; otherwise an error with the remedy."""
    if name not in DTYPES:
        remedy = _REMEDIES.get(name, "holds no image values: save the image as uint8, uint16 or float32")
        raise ImageError(f"its values are {name}, and {name} {remedy}")
    return name
