"""Every metric that is a mean over images, with items that it scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from spectra.metric import Metric, Scored
from spectra.metrics.angular_error import AngularError
from spectra.metrics.collapse import Collapse, comparable
from spectra.metrics.error_std import ErrorStd
from spectra.metrics.mae import Mae
from spectra.metrics.ms_ssim import MsSsim
from spectra.metrics.ndvi import Ndvi
from spectra.metrics.papers.pix2next_rmse import Pix2NextRmse
from spectra.metrics.papers.vcip_ae import VcipAe
from spectra.metrics.papers.vcip_ssim import VcipSsim
from spectra.metrics.psnr import Psnr
from spectra.metrics.rmse import Rmse
from spectra.metrics.spectral_angle import SpectralAngle
from spectra.metrics.ssim import Ssim
from spectra.modalities import Task
from tests.metrics.scored import BYTE, images


def plain(seed: int, noise: float, channels: int = 3, side: int = 14) -> Scored:
    """Of `nir2rgb`; the source is no image of the same place."""
    prediction, target = images(seed, channels, side, side + 3, noise)
    source = images(1000 + seed, 1, side, side + 3)[1]
    task = Task.parse("nir2rgb" if channels == 3 else f"nir2ms{channels}")
    return Scored(prediction, target, source, f"image {seed}", "", BYTE, None, task)


def leaning(seed: int, noise: float, channels: int = 3, side: int = 14) -> Scored:
    """A mix of source and target, now more of this and now more of that."""
    item = plain(seed, noise, channels, side)
    share = seed % 4 / 3
    mixed = share * comparable(item.source) + (1 - share) * item.target + noise * torch.rand(1, side, side + 3)
    return Scored(mixed, item.target, item.source, item.name, "", BYTE, None, item.task)


@dataclass(frozen=True)
class Case:
    kind: type[Metric]
    better: str = "lower"
    settings: Mapping[str, Any] = field(default_factory=dict)
    item: Callable[..., Scored] = plain
    perfect: float | None = 0
    """What equal images score; None: that is not a constant."""
    symmetric: bool = True
    """Whether prediction and target may change places."""
    bands: bool = True
    """Whether the order of bands does not matter."""

    def metric(self) -> Metric:
        return self.kind(self.kind.Settings(**self.settings))

    def items(self, count: int) -> list[Scored]:
        return [self.item(seed, 0.05 * (seed + 1)) for seed in range(count)]


CASES: Mapping[str, Case] = {
    "psnr": Case(Psnr, "higher", perfect=100),
    "ssim": Case(Ssim, "higher", perfect=1),
    "rmse": Case(Rmse),
    "mae": Case(Mae),
    "error_std": Case(ErrorStd),
    "ms_ssim": Case(MsSsim, "higher", {"levels": 2, "window": 5}, perfect=1),
    "angular_error": Case(AngularError),
    "spectral_angle": Case(SpectralAngle),
    "ndvi": Case(Ndvi, bands=False),
    "collapse": Case(Collapse, item=leaning, symmetric=False, bands=False),
    "pix2next.rmse": Case(Pix2NextRmse),
    "vcip.ssim": Case(VcipSsim, "higher", perfect=1, symmetric=False),
    "vcip.ae": Case(VcipAe, perfect=None),
}
