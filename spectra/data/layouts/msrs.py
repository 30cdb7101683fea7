"""MSRS: road scenes by day and night, RGB with LWIR."""

from __future__ import annotations

from spectra.data.layout import About, Layout, Side
from spectra.data.layouts.splits import USUAL

_FRAME = r"{frame:\d+[DN]}.*"

msrs = Layout(
    name="msrs",
    title="MSRS: road scenes by day and night, RGB and LWIR",
    about=About(
        what="The pairs of MFNet that are well aligned, the thermal image with its contrast raised; a name ends in D "
        "by day and in N by night.",
        size="1,444 pairs of 640×480, 8-bit PNG: 715 by day, 729 by night",
        licence="not stated",
        where="L. Tang's page, https://github.com/Linfeng-Tang/MSRS",
        cite='L. Tang, J. Yuan, H. Zhang, X. Jiang, J. Ma, "PIAFusion: a progressive infrared and visible image fusion '
        'network based on illumination aware", Information Fusion 83-84, 2022; MFNet (Q. Ha et al., IROS 2017)',
        split="train (1,083) and test (361) by folder.",
        watch=(
            "`detection` holds a small subset again for object detection: it is a split of its own, and its pairs may "
            "be in train or test as well.",
            "Masks in `Segmentation_labels` are the side `labels`.",
            "The contrast of the thermal images was raised image by image: grey is not temperature.",
        ),
        uncertain=("whether frames of one drive are in both train and test: the names do not tell drives apart",),
    ),
    sides=(
        Side("rgb", "{split:train|test|detection}/vi/" + _FRAME),
        Side("lwir", "{split:train|test|detection}/ir/" + _FRAME),
        Side("labels", "{split:train|test}/Segmentation_labels/" + _FRAME),
    ),
    key="{frame}",
    split="{split}",
    splits={**USUAL, "detection": "detection"},
    roots=("MSRS", "MSRS-main", "MSRS-master"),
    task="rgb2lwir",
    tree="""\
MSRS/
  train/vi/00001D.png, train/ir/00001D.png, train/Segmentation_labels/00001D.png
  test/vi/00004N.png, test/ir/00004N.png, ...
  detection/vi/..., detection/ir/...""",
)
