"""LLVIP: street corners by night, RGB with LWIR."""

from __future__ import annotations

from spectra.data.layout import About, Layout, Side
from spectra.data.layouts.splits import USUAL

llvip = Layout(
    name="llvip",
    title="LLVIP: street scenes in low light, RGB and LWIR",
    about=About(
        what="26 street scenes seen from above by fixed cameras, 24 of them dark, registered, with pedestrians "
        "labelled.",
        size="15,488 pairs of 1280×1024, 8-bit JPEG",
        licence="its own: free for purposes that are not commercial, with citation; nobody may be identified",
        where="LLVIP, https://bupt-ai-cz.github.io/LLVIP/",
        cite='X. Jia, C. Zhu, M. Li, W. Tang, W. Zhou, "LLVIP: a visible-infrared paired dataset for low-light '
        'vision", ICCV Workshops 2021',
        split="train (12,025) and test (3,463) by folder. A new split goes by scene.",
        watch=(
            "The cameras stand still: frames of one scene differ in little but the people.",
            "The archive of raw data holds pairs that are not registered: it is another download, and not this layout.",
        ),
        uncertain=(
            "that the first two digits of a name are the scene: so it looks, and they are taken as the group",
            "that train and test share no scene: their numbers suggest it",
        ),
    ),
    sides=(
        Side("rgb", r"visible/{split:train|test}/{scene:\d\d}{frame:\d\d\d\d}.*"),
        Side("lwir", r"infrared/{split:train|test}/{scene:\d\d}{frame:\d\d\d\d}.*"),
    ),
    key="{scene}{frame}",
    group="{scene}",
    split="{split}",
    splits=USUAL,
    roots=("LLVIP",),
    task="rgb2lwir",
    tree="""\
LLVIP/
  visible/train/010001.jpg, visible/test/190001.jpg
  infrared/train/010001.jpg, infrared/test/190001.jpg
  Annotations/*.xml""",
)
