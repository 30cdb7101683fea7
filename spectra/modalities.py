"""The words of Spectra: what an image shows, what its numbers mean, and what is translated into what."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from spectra.errors import SpectraError, did_you_mean

CHANNELS: Mapping[str, int] = {"rgb": 3, "nir": 1, "swir": 1, "lwir": 1, "ir": 1, "sar": 1, "eo": 1, "gray": 1}
TYPE_LIMITS: Mapping[str, tuple[float, float]] = {"uint8": (0, 255), "uint16": (0, 65535), "float32": (0, 1)}

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_STACK = re.compile(r"ms([1-9][0-9]{0,3})")
_NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_UNIT = re.compile(r"\S+")
_SCALE = re.compile(
    rf"(?:(?P<type>dtype)|(?:(?P<unit>\S+)\s+)??(?P<share>percentiles\s+)?(?P<low>{_NUMBER})\s*\.\.\s*(?P<high>{_NUMBER}))"
    rf"(?:\s+nodata\s+(?P<nodata>nan|[+-]?inf|{_NUMBER}))?"
)


@dataclass(frozen=True)
class Scale:
    """The affine map from the values of a file to the unit interval.

    Written ``dtype`` (0 to the largest value of the file's type; 0 to 1 for floats), ``UNIT LOW..HIGH``, or
    ``UNIT percentiles LOW..HIGH`` (of the train split; the unit may be left out and is then DN), with ``nodata VALUE``
    behind it where a value marks pixels without data: ``K 250..330``, ``DN 0..10000 nodata 0``, ``percentiles 1..99``.
    """

    low: float | None = None
    high: float | None = None
    unit: str = "DN"
    nodata: float | None = None
    percentiles: tuple[float, float] | None = None
    """Where the limits are still to be found: which percentiles of the train split they are."""

    def __post_init__(self) -> None:
        if (self.low is None) != (self.high is None):
            raise SpectraError(f"A scale needs both limits or none, not low={self.low} and high={self.high}.")
        if not _UNIT.fullmatch(self.unit) or self.unit in ("dtype", "percentiles", "nodata"):
            raise SpectraError(f"{self.unit!r} is not a unit: one word, such as DN, reflectance, K or dB.")
        if self.percentiles is not None:
            self._check_percentiles(*self.percentiles)
            return
        if self.low is None or self.high is None:
            if self.unit != "DN":
                raise SpectraError(f"The unit {self.unit!r} needs limits: write `{self.unit} LOW..HIGH`.")
            return
        if not (math.isfinite(self.high - self.low) and self.low < self.high):
            raise SpectraError(f"A scale runs from a low to a higher finite value, not {self.low:g}..{self.high:g}.")

    def _check_percentiles(self, low: float, high: float) -> None:
        if self.low is not None:
            raise SpectraError("A scale has limits or percentiles, not both.")
        if not 0 <= low < high <= 100:
            raise SpectraError(f"Percentiles run from a low to a higher one, within 0..100, not {low:g}..{high:g}.")

    def __eq__(self, other: object) -> bool:
        """By value; two scales that mark missing data with NaN are equal, although NaN is not."""
        return self._key() == other._key() if isinstance(other, Scale) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[object, ...]:
        nodata = "nan" if self.nodata is not None and math.isnan(self.nodata) else self.nodata
        return self.low, self.high, self.unit, nodata, self.percentiles

    @classmethod
    def parse(cls, text: str) -> Scale:
        match = _SCALE.fullmatch(text.strip())
        if match is None or not (match["type"] or match["share"] or match["unit"]):
            raise SpectraError(
                f"{text!r} is not a scale. Write `dtype`, or a unit and its limits such as `reflectance 0..10000`, "
                "`K 250..330` or `dB -25..0`, or `percentiles 1..99` (of the train split), with `nodata VALUE` behind "
                "it where a value marks no data."
            )
        nodata = float(match["nodata"]) if match["nodata"] else None
        if match["type"]:
            return cls(nodata=nodata)
        low, high = float(match["low"]), float(match["high"])
        if match["share"]:
            return cls(unit=match["unit"] or "DN", nodata=nodata, percentiles=(low, high))
        return cls(low, high, match["unit"], nodata)

    def __str__(self) -> str:
        if self.percentiles is not None:
            text = f"{self.unit} percentiles {_plain(self.percentiles[0])}..{_plain(self.percentiles[1])}"
        else:
            text = "dtype" if self.low is None else f"{self.unit} {_plain(self.low)}..{_plain(self.high)}"
        return text if self.nodata is None else f"{text} nodata {_plain(self.nodata)}"

    def for_type(self, dtype: str) -> Scale:
        """This scale with limits: its own, or those of a file type (``uint8``, ``uint16``, ``float32``)."""
        if self.low is not None:
            return self
        if self.percentiles is not None:
            raise SpectraError(f"The limits of the scale `{self}` are found on the train split, and are not known yet.")
        if dtype not in TYPE_LIMITS:
            raise SpectraError(
                f"The scale `dtype` knows {', '.join(TYPE_LIMITS)}, not {dtype}: write `UNIT LOW..HIGH`."
            )
        low, high = TYPE_LIMITS[dtype]
        return replace(self, low=float(low), high=float(high), unit="DN" if dtype != "float32" else "1")

    @property
    def limits(self) -> tuple[float, float]:
        if self.low is None or self.high is None:
            raise SpectraError("The scale `dtype` has limits only for a file type: ask `scale.for_type(dtype)`.")
        return self.low, self.high

    @property
    def span(self) -> float:
        """What one unit of the interval is worth in the scale's unit."""
        low, high = self.limits
        return high - low


@dataclass(frozen=True)
class Modality:
    """A name, a number of channels, and a scale. Parsed from and printed as its name: ``rgb``, ``nir``, ``ms12``."""

    name: str
    channels: int
    scale: Scale = Scale()

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise SpectraError(
                f"{self.name!r} is not a modality name: lower-case letters, digits and _, a letter first."
            )
        if self.channels < 1:
            raise SpectraError(f"The modality {self.name!r} needs at least one channel, not {self.channels}.")

    @classmethod
    def parse(cls, text: str, own: Mapping[str, Modality] | None = None) -> Modality:
        """The modality of that name: built in, ``ms<N>``, or one of ``own`` (which a recipe declares)."""
        if own and text in own:
            return own[text]
        if text in CHANNELS:
            return cls(text, CHANNELS[text])
        if stack := _STACK.fullmatch(text):
            return cls(text, int(stack[1]))
        known = [*CHANNELS, "ms<N>", *(own or ())]
        raise SpectraError(
            f"No modality is named {text!r}.{did_you_mean(text.lower(), known)} Known: {', '.join(known)}."
        )

    def __str__(self) -> str:
        return self.name

    def with_scale(self, scale: Scale) -> Modality:
        return replace(self, scale=scale)


@dataclass(frozen=True)
class Task:
    """Source modality to target modality, parsed from and printed as ``rgb2ir``."""

    source: Modality
    target: Modality

    @classmethod
    def parse(cls, text: str, own: Mapping[str, Modality] | None = None) -> Task:
        splits = [(text[:at], text[at + 1 :]) for at, letter in enumerate(text) if letter == "2"]
        found = [(source, target) for source, target in splits if _known(source, own) and _known(target, own)]
        if len(found) == 1:
            source, target = found[0]
            return cls(Modality.parse(source, own), Modality.parse(target, own))
        if found:
            raise SpectraError(f"The task {text!r} can be read in more than one way; give your modalities other names.")
        raise SpectraError(f"{text!r} is not a task: write SOURCE2TARGET, such as rgb2ir.{_why_not(splits, own)}")

    def __str__(self) -> str:
        return f"{self.source}2{self.target}"


def _known(name: str, own: Mapping[str, Modality] | None) -> bool:
    return name in CHANNELS or bool(own and name in own) or _STACK.fullmatch(name) is not None


def _why_not(splits: list[tuple[str, str]], own: Mapping[str, Modality] | None) -> str:
    half_right = [pair for pair in splits if any(_known(name, own) for name in pair)] or splits
    half_right.sort(key=lambda pair: not all(_NAME.fullmatch(name) for name in pair))
    for name in half_right[0] if half_right else ():
        try:
            Modality.parse(name, own)
        except SpectraError as fault:
            return f" {fault}"
    return ""


def _plain(number: float | None) -> str:
    assert number is not None
    return str(int(number)) if math.isfinite(number) and number == int(number) and abs(number) < 1e15 else repr(number)
