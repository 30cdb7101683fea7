"""FLIR-aligned: RGB registered to LWIR, from the FLIR ADAS data."""

from __future__ import annotations

from spectra.data.layout import About, Layout, Side
from spectra.data.layouts.splits import USUAL

flir_aligned = Layout(
    name="flir_aligned",
    title="FLIR-aligned: driving scenes, RGB and LWIR",
    about=About(
        what="Road scenes by day and night in and around Santa Barbara: RGB warped onto the 8-bit thermal preview.",
        size="5,142 pairs of 640×512, 8-bit JPEG",
        licence="that of the FLIR ADAS data, to be accepted there",
        where="H. Zhang's page, https://github.com/zonaqiu/FLIR-align",
        cite='H. Zhang, E. Fromont, S. Lefevre, B. Avignon, "Multispectral fusion for object detection with cyclic '
        'fuse-and-refine blocks", ICIP 2020; FLIR ADAS v1',
        split="Two are in use. `align_train.txt` (4,129) and `align_validation.txt` (1,013), found beside the images "
        "or in `ImageSets/Main`, are read as train and val. IRFormer and Pix2Next train on 4,113 and test on 1,029, "
        "and published no list: arranged in folders `train/...` and `test/...` it is read from the folders. For a "
        "split of one's own by name, give a split file.",
        watch=(
            "A line of the lists ends in `_PreviewData`; the RGB image ends in `_RGB` and has another suffix.",
            "Frames were taken up to twice a second from drives and are numbered through: neighbours look alike, the "
            "lists do not keep them together, and neither split is free of that.",
            "The gain of the thermal previews is set frame by frame: grey is not temperature.",
            "Further lists by day and night (`align_validation_day.txt`) are passed over.",
        ),
        uncertain=(
            "which pairs are in the 4,113 and the 1,029",
            "where one drive ends and the next begins: the names do not say",
        ),
    ),
    sides=(
        Side("rgb", r"{split:JPEGImages}/{frame:FLIR_\d+}_RGB.*"),
        Side("rgb", r"{split:train|val|validation|test}/*/{frame:FLIR_\d+}_RGB.*"),
        Side("lwir", r"{split:JPEGImages}/{frame:FLIR_\d+}_PreviewData.*"),
        Side("lwir", r"{split:train|val|validation|test}/*/{frame:FLIR_\d+}_PreviewData.*"),
    ),
    key="{frame}",
    split="{split}",
    splits={**USUAL, "jpegimages": ""},
    lists={
        "train": ("align_train.txt", "ImageSets/Main/align_train.txt"),
        "val": ("align_validation.txt", "ImageSets/Main/align_validation.txt"),
    },
    roots=("align", "FLIR_aligned", "FLIR-aligned", "FLIR-align", "FLIR_align", "FLIR-align-3class"),
    task="rgb2lwir",
    tree="""\
align/
  JPEGImages/FLIR_nnnnn_RGB.jpg, FLIR_nnnnn_PreviewData.jpeg
  Annotations/FLIR_nnnnn_PreviewData.xml
  align_train.txt, align_validation.txt""",
)
