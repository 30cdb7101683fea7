"""The detector: FCOS of torchvision, from scratch."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import nn

from spectra_detect.backbone import GROUPS, residual
from spectra_detect.settings import DetectorSettings

if TYPE_CHECKING:
    from torchvision.models.detection import FCOS
    from torchvision.models.detection.fcos import FCOSHead

STRIDES = (8, 16, 32, 64)
LIMIT = 100
"""Detections of an image, as COCO counts them."""


def detector(settings: DetectorSettings, classes: int, threshold: float, seed: int) -> FCOS:
    """With weights drawn from the seed. It takes images in [0, 1] of any size, and brings them to its own."""
    from torchvision.models.detection import FCOS
    from torchvision.models.detection.anchor_utils import AnchorGenerator
    from torchvision.models.detection.backbone_utils import BackboneWithFPN

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network, channels = residual(settings.width)
        stages = {name: name for name in ("two", "three", "four")}
        pyramid = BackboneWithFPN(network, stages, channels, settings.neck)
        return FCOS(
            pyramid,
            classes + 1,  # torchvision counts the background as class 0
            min_size=settings.size,
            max_size=8 * settings.size,
            anchor_generator=AnchorGenerator(tuple((stride,) for stride in STRIDES), ((1.0,),) * len(STRIDES)),
            head=_head(settings, classes + 1),
            score_thresh=threshold,
            detections_per_img=LIMIT,
        )


def _head(settings: DetectorSettings, classes: int) -> FCOSHead:
    """With larger groups than torchvision's, which at narrow widths and small images would hold a single value."""
    from torchvision.models.detection.fcos import FCOSClassificationHead, FCOSHead, FCOSRegressionHead

    norm, layers, width = partial(nn.GroupNorm, GROUPS), settings.convolutions, settings.neck
    head = FCOSHead(32, 1, classes, num_convs=1)
    head.classification_head = FCOSClassificationHead(width, 1, classes, num_convs=layers, norm_layer=norm)
    head.regression_head = FCOSRegressionHead(width, 1, num_convs=layers, norm_layer=norm)
    return head
