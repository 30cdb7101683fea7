"""RANUS: drives through a city, RGB with NIR."""

from __future__ import annotations

from spectra.data.layout import About, Layout, Side

ranus = Layout(
    name="ranus",
    title="RANUS v1.0: driving scenes, RGB and NIR",
    about=About(
        what="Key frames of 50 drives with an RGB and a NIR camera side by side, registered, labelled in 10 classes "
        "by colour.",
        size="4,519 pairs of 512×512, PNG",
        licence="not stated where it could be read; given out on request for research",
        where="C. Choe's page, https://www.chrisgchoe.com/",
        cite='G. Choe, S.-H. Kim, S. Im, J.-Y. Lee, S. G. Narasimhan, I. S. Kweon, "RANUS: RGB and NIR urban scene '
        'dataset for deep scene parsing", IEEE Robotics and Automation Letters 3(3), 2018',
        split="None official. Pix2Next uses 40 of the sequences to train and 10 to test (3,179 and 800 pairs). Split "
        "by sequence.",
        watch=(
            "Some pairs were taken at different times: Pix2Next left 540 out, and published neither their list nor its "
            "sequences, so its figures cannot be had on the same pairs.",
            "`GT` holds labels as colours; they are the side `labels`, nothing to translate.",
        ),
        uncertain=(
            "the bit depth (8 is likely)",
            "the licence's text",
            "that the names of RGB, NIR and GT differ only in `_rgb`, `_nir`, `_gt`",
        ),
    ),
    sides=(
        Side("rgb", r"RGB/{sequence:\d\d}/{frame}_rgb.*"),
        Side("nir", r"NIR/{sequence:\d\d}/{frame}_nir.*"),
        Side("labels", r"GT/{sequence:\d\d}/{frame}_gt.*"),
    ),
    key="{sequence}/{frame}",
    group="{sequence}",
    roots=("RANUS_v1.0", "RANUS"),
    task="rgb2nir",
    tree="""\
RANUS_v1.0/
  RGB/01/*_rgb.png ... RGB/50/*_rgb.png
  NIR/01/*_nir.png ... NIR/50/*_nir.png
  GT/01/*_gt.png ...   labels, by colour""",
)
