"""Angular error and spectral angle."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor
from torchmetrics.functional import image as torchmetrics_image

from spectra.metrics import angle, masked
from spectra.metrics.angular_error import AngularError
from spectra.metrics.spectral_angle import SpectralAngle
from tests.metrics.scored import images, item, metric, value

REFERENCE: Any = torchmetrics_image.spectral_angle_mapper


def by_loop(prediction: Tensor, target: Tensor, valid: Tensor | None = None) -> float:
    """Radians, by the arctangent of the rejection, which does not lose digits where vectors are nearly parallel."""
    angles = []
    for row in range(target.shape[1]):
        for column in range(target.shape[2]):
            if valid is None or valid[row, column]:
                x, y = ([float(band[row, column]) for band in image] for image in (prediction, target))
                dot = math.fsum(a * b for a, b in zip(x, y, strict=True))
                wedge = math.fsum((x[i] * y[j] - x[j] * y[i]) ** 2 for i in range(len(x)) for j in range(i))
                angles.append(math.atan2(math.sqrt(wedge), dot))
    return math.fsum(angles) / len(angles)


@pytest.mark.parametrize(("channels", "noise"), [(2, 0.05), (3, 0.01), (7, 0.4)])
def test_both_equal_the_formula_in_a_float64_loop(channels: int, noise: float) -> None:
    prediction, target = images(1, channels, noise=noise)
    prediction, target = prediction + 0.01, target + 0.01
    expected = by_loop(prediction, target)
    assert value(SpectralAngle, item(prediction, target)) == pytest.approx(expected, rel=1e-6)
    assert value(AngularError, item(prediction, target)) == pytest.approx(math.degrees(expected), rel=1e-6)


@pytest.mark.parametrize("channels", [3, 5])
def test_spectral_angle_equals_that_of_torchmetrics(channels: int) -> None:
    prediction, target = (image + 0.01 for image in images(2, channels))
    reference = float(REFERENCE(prediction[None].double(), target[None].double()))
    assert value(SpectralAngle, item(prediction, target)) == pytest.approx(reference, rel=1e-6)


def test_brightness_plays_no_part() -> None:
    _, target = images(3, 3)
    assert value(AngularError, item(0.25 * target, target)) == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize(
    ("prediction", "target", "degrees"),
    [((0, 0, 0), (0, 0, 0), 0), ((0, 0, 0), (1, 0, 1), 90), ((0.2, 0, 0), (0, 0, 0), 90), ((1, 0, 0), (0, 0.1, 0), 90),
     ((1, 1, 0), (1, 0, 0), 45), ((0.3, 0.1, 0.7), (0.3, 0.1, 0.7), 0), ((1e-20, 0, 0), (0, 1e-20, 0), 90)],
)  # fmt: skip
def test_black_and_equal_pixels(prediction: Any, target: Any, degrees: float) -> None:
    pixels = [torch.tensor(vector, dtype=torch.float32)[:, None, None] for vector in (prediction, target)]
    assert value(AngularError, item(pixels[0], pixels[1])) == pytest.approx(degrees, abs=1e-9)
    assert value(SpectralAngle, item(pixels[0], pixels[1])) == pytest.approx(math.radians(degrees), abs=1e-9)


@pytest.mark.parametrize("kind", [AngularError, SpectralAngle])
def test_one_band_has_no_angle(kind: Any) -> None:
    judge = metric(kind)
    assert judge.update(item(*images(4))) is None
    assert judge.result().reason == "1 image left out: one band has no angle"


def test_only_valid_pixels_count(monkeypatch: pytest.MonkeyPatch) -> None:
    prediction, target = images(5, 3)
    valid = torch.rand(24, 31, generator=torch.Generator().manual_seed(0)) > 0.4
    expected = by_loop(prediction, target, valid)
    for strip in (1, 1 << 30):
        monkeypatch.setattr(masked, "_STRIP", strip)
        assert value(SpectralAngle, item(prediction, target, valid)) == pytest.approx(expected, rel=1e-6)


def test_the_units_say_which_is_which() -> None:
    assert (metric(AngularError).unit, metric(SpectralAngle).unit) == ("deg", "rad")


def test_asked_for_both_the_angles_are_computed_once_for_each_prediction(monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[int] = []
    once = angle.band_angles
    monkeypatch.setattr(angle, "band_angles", lambda x, y: counted.append(1) or once(x, y))
    scored = item(*images(6, 3))
    degrees, radians = metric(AngularError).update(scored), metric(SpectralAngle).update(scored)
    assert degrees is not None and radians is not None
    assert math.radians(degrees) == pytest.approx(radians, rel=1e-12)
    assert len(counted) == 1
    metric(AngularError).update(replace(scored, prediction=images(7, 3)[0]))
    assert len(counted) == 2
