"""EPFL RGB-NIR scenes (nirscene1): photographs in nine categories."""

from __future__ import annotations

from dataclasses import replace

from spectra.data.layout import About, Layout, Side

_PLACE = r"{category:country|field|forest|indoor|mountain|oldbuilding|street|urban|water}/{number:\d+}"

epfl_nirscene = Layout(
    name="epfl_nirscene",
    title="EPFL RGB-NIR scenes (nirscene1): photographs, RGB and NIR",
    about=About(
        what="Photographs taken twice by SLR cameras behind visible and NIR filters, registered by features, in nine "
        "categories from country to water.",
        size="477 pairs, mostly 1024 pixels wide, TIFF: country 52, field 51, forest 53, indoor 56, mountain 55, "
        "oldbuilding 51, street 50, urban 58, water 51",
        licence="research with citation; the exact terms were not read",
        where="EPFL IVRL, https://www.epfl.ch/labs/ivrl/research/downloads/rgb-nir-scene-dataset/",
        cite='M. Brown, S. Süsstrunk, "Multi-spectral SIFT for scene category recognition", CVPR 2011',
        split="None official. Split by photograph, best the same share of each category: `epfl_80_20` has every fifth "
        "of each to test.",
        watch=(
            "The shots were taken one after the other: clouds, leaves, water and people move.",
            "Sizes differ, and some photographs stand upright: training needs a crop or a resize.",
            "In the JPEG copy made for registration (VIS-NIR-registration-dataset) the NIR images of all categories "
            "but `country` are warped on purpose.",
            "The VCIP 2020 pairs are cut from these photographs: never train on the one and test on the other.",
        ),
        uncertain=("the bit depth: 8 is likely, 16 is reported once",),
    ),
    sides=(Side("rgb", _PLACE + "_rgb.*"), Side("nir", _PLACE + "_nir.*")),
    key="{category}/{number}",
    roots=("nirscene1",),
    task="rgb2nir",
    tree="""\
nirscene1/
  country/0000_rgb.tiff, country/0000_nir.tiff
  field/ forest/ indoor/ mountain/ oldbuilding/ street/ urban/ water/""",
)

epfl_80_20 = replace(
    epfl_nirscene,
    name="epfl_80_20",
    title="EPFL RGB-NIR scenes, every fifth photograph of each category to test",
    about=replace(
        epfl_nirscene.about,
        split="Ours, as none is official: of each category the photographs whose number ends in 4 or 9 are test, the "
        "others train.",
    ),
    split="{number}",
    splits={r"\d*[49]": "test", r"\d*": "train"},
    recognised=False,
)
