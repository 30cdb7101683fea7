"""IDD-AW: driving in India in bad weather, RGB with NIR."""

from __future__ import annotations

from spectra.data.layout import About, Layout, Side
from spectra.data.layouts.splits import USUAL

_PLACE = "{split:train|val|test}/{weather:FOG|RAIN|LOWLIGHT|SNOW}"

idd_aw = Layout(
    name="idd_aw",
    title="IDD-AW: driving scenes in fog, rain, low light and snow, RGB and NIR",
    about=About(
        what="Road scenes in India in four kinds of bad weather, each an RGB and a NIR image, with labelled polygons.",
        size="5,000 pairs, PNG: 3,430 train, 475 val, the rest a test set that is held back",
        licence="registration with the India Driving Dataset; the paper is CC BY 4.0, the terms of the data were not "
        "read",
        where="IDD-AW, https://iddaw.github.io/",
        cite='F. A. Shaik, A. Malreddy, N. R. Billa, K. Chaudhary, S. Manchanda, G. Varma, "IDD-AW: a benchmark for '
        'safe and robust segmentation of drive scenes in unstructured traffic and adverse weather", WACV 2024',
        split="train, val (and test) by folder; papers on translation test on val. A new split goes by sequence.",
        watch=(
            "In fog and low light NIR shows what RGB does not hold: score such frames apart.",
            "`gtSeg` holds polygons as JSON; masks drawn from them (`gtSegPNG`, `gtSeg_png`) are the side `labels`.",
        ),
        uncertain=(
            "the resolution",
            "the names of files, known from loaders that others wrote, not from the data",
            "whether the test folder holds NIR images",
        ),
    ),
    sides=(
        Side("rgb", _PLACE + "/rgb/{sequence}/{frame}_rgb.*"),
        Side("nir", _PLACE + "/nir/{sequence}/{frame}_nir.*"),
        Side("labels", _PLACE + r"/gtSeg*/{sequence}/{frame:\d+}_*.*"),
    ),
    key="{weather}/{sequence}/{frame}",
    group="{weather}/{sequence}",
    split="{split}",
    splits=USUAL,
    roots=("IDDAW", "IDD-AW", "IDD_AW", "IDDAW/IDDAW"),
    task="rgb2nir",
    tree="""\
IDDAW/
  train/FOG/rgb/<sequence>/<id>_rgb.png
  train/FOG/nir/<sequence>/<id>_nir.png
  train/FOG/gtSeg/<sequence>/...   labels
  train/RAIN ... LOWLIGHT ... SNOW
  val/...""",
)
