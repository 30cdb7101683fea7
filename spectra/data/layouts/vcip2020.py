"""VCIP 2020's challenge on NIR colorization: crops of EPFL's photographs, and RGB images from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from spectra.data.layout import About, Layout, Side

_TRAIN = r"{name:(?:country|field|forest|mountain)_\d+}"

vcip2020 = Layout(
    name="vcip2020",
    title="VCIP 2020 NIR colorization challenge: NIR and RGB",
    about=About(
        what="Crops of EPFL RGB-NIR photographs of country, field, forest and mountain, reduced to 256×256, and RGB "
        "images of the same kinds from elsewhere without NIR.",
        size="372 train, 18 validation and 28 test pairs, 1,020 RGB images alone; 256×256, 8-bit PNG",
        licence="research and education within the challenge; copyright stays with the owners",
        where="the challenge's page, https://jchenhkg.github.io/projects/NIR2RGB_VCIP_Challenge/",
        cite="Grand challenge on NIR image colorization, IEEE VCIP 2020; M. Brown, S. Süsstrunk, CVPR 2011",
        split="train, val and test by folder; the same by the name `vcip28`. `vcip20` leaves the eight doubles out of "
        "the test pairs, `clean364` out of the train pairs. The unit by which to split is the photograph, which no "
        "name tells.",
        watch=(
            "Crops come in overlapping twos from one photograph, numbered at random: a new split by name leaks. "
            "`spectra data check` finds the groups.",
            "Eight test pairs are pixel for pixel train pairs: testing 03, 06, 15, 16, 17, 19, 24, 28 are "
            "mountain_0001, field_0056, forest_0022, country_0056, field_0021, forest_0080, country_0008, "
            "forest_0040. Fifteen are validation pairs: testing 01, 02, 04, 08, 10, 11, 12, 14, 18, 20, 22, 23, 25, "
            "26, 27. A score on the test set says little.",
            "Train and validation overlap: validation_0005 shows half of country_0074 and a corner of country_0080; "
            "validation_0007 a corner of country_0074 (found by `spectra data check`, and seen).",
            "Names mix case: `Testing/testing_0001_nir_reg.png` belongs to `Testing/Testing_0001_rgb_reg.png`.",
            "The RGB of `Validation` ends in `_rgb_reg`, where the official tree prints `_rgb`: both are read.",
            "Outside data was not allowed in the challenge; EPFL's set holds the photographs of the test crops.",
        ),
        uncertain=("whether the organisers' own test set has the same doubles: two public copies do",),
    ),
    sides=(
        Side("nir", "{folder:NIR}/" + _TRAIN + "_nir.*"),
        Side("nir", r"{folder:Validation}/{name:validation_\d+}_{kind:nir(?:_reg)?}.*"),
        Side("nir", r"{folder:Testing}/{name:testing_\d+}_{kind:nir(?:_reg)?}.*"),
        Side("rgb", "{folder:RGB-Res?gistered}/" + _TRAIN + "_rgb_reg.*"),
        Side("rgb", r"{folder:Validation}/{name:validation_\d+}_{kind:rgb(?:_reg)?}.*"),
        Side("rgb", r"{folder:Testing}/{name:testing_\d+}_{kind:rgb(?:_reg)?}.*"),
        Side("rgb", "{folder:RGB-Online}/{name:.+_rgb_onl}.*", alone=True),
    ),
    key="{name}",
    split="{folder}",
    splits={"nir|rgb-res?gistered|rgb-online": "train", "validation": "val", "testing": "test"},
    roots=("NIR_VCIP_Challenge_dataset", "VCIP2020", "datasets"),
    task="nir2rgb",
    tree="""\
VCIP2020/
  NIR/country_0000_nir.png
  RGB-Registered/country_0000_rgb_reg.png
  RGB-Online/country_0000_rgb_onl.png   alone
  Validation/validation_0000_nir.png, validation_0000_rgb_reg.png
  Testing/testing_0001_nir_reg.png, Testing_0001_rgb_reg.png""",
)


_DOUBLES = {
    "03": "mountain_0001",
    "06": "field_0056",
    "15": "forest_0022",
    "16": "country_0056",
    "17": "field_0021",
    "19": "forest_0080",
    "24": "country_0008",
    "28": "forest_0040",
}
"""Test pairs that are pixel for pixel train pairs."""


def _variant(name: str, title: str, size: str, left_out: Mapping[str, str]) -> Layout:
    """``left_out``: the split of places that are taken out of their own, by what `split` gives of them."""
    folders = {rf"(?:{folder})/.*": split for folder, split in vcip2020.splits.items()}
    return replace(
        vcip2020,
        name=name,
        title=f"VCIP 2020, {title}",
        about=replace(vcip2020.about, size=size),
        split="{folder}/{name}",
        splits={**left_out, **folders},
        recognised=False,
    )


vcip28 = _variant(
    "vcip28",
    "as papers score it: 28 test pairs",
    "372 train, 18 validation and 28 test pairs, of which 8 are train pairs; 1,020 RGB images alone",
    {},
)
vcip20 = _variant(
    "vcip20",
    "without the test pairs that are train pairs",
    "372 train, 18 validation and 20 test pairs, and the 8 others as `doubles`; 1,020 RGB images alone",
    {rf"testing/testing_00(?:{'|'.join(_DOUBLES)})": "doubles"},
)
clean364 = _variant(
    "clean364",
    "without the train pairs that are test pairs",
    "364 train, 18 validation and 28 test pairs, and the 8 others as `doubles`; 1,020 RGB images alone",
    {rf"(?:nir|rgb-res?gistered)/(?:{'|'.join(_DOUBLES.values())})": "doubles"},
)
