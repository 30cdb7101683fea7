"""SEN1-2: Sentinel-1 with Sentinel-2 from all over the world."""

from __future__ import annotations

from spectra.data.layout import About, Layout, Side

_WHOLE = r"{{season:ROIs\d+_[a-z]+}}/s{0}_{{scene:\d+}}/{{season}}_s{0}_{{scene}}_p{{patch:\d+}}.png"
_SORTED = r"s{0}/{{season:ROIs\d+_[a-z]+}}_s{0}_{{scene:\d+}}_p{{patch:\d+}}.png"

sen1_2 = Layout(
    name="sen1_2",
    title="SEN1-2: Sentinel-1 backscatter and Sentinel-2 RGB",
    about=About(
        what="Patches of 2.56 km from regions all over the world in four seasons: backscatter (VV) and red, green, "
        "blue.",
        size="282,384 pairs of 256×256, 8-bit PNG, SAR of one channel; the subset by terrain has about 16,000",
        licence="CC BY",
        where="TUM mediaTUM, https://mediatum.ub.tum.de/1436631",
        cite='M. Schmitt, L. H. Hughes, X. X. Zhu, "The SEN1-2 dataset for deep learning in SAR-optical data fusion", '
        "ISPRS Annals IV-1, 2018",
        split="None official. Split by region (a season and the number of its scene).",
        watch=(
            "Patches of one region overlap: a split at random leaks.",
            "SEN12MS (GeoTIFF, 2 and 13 bands) and SEN12MS-CR name their files alike and are not read by this layout.",
            "The subset sorted by terrain, `v_2/{agri,barrenland,grassland,urban}/{s1,s2}`, is read too; each terrain "
            "comes from few regions, so a split by region is coarse there.",
        ),
        uncertain=("that SAR is VV in dB stretched to 8 bits, as the paper is remembered",),
    ),
    sides=(
        Side("sar", _WHOLE.format("1")),
        *(Side("sar", folder + _SORTED.format("1")) for folder in ("", "*/")),
        Side("rgb", _WHOLE.format("2")),
        *(Side("rgb", folder + _SORTED.format("2")) for folder in ("", "*/")),
    ),
    key="{season}_{scene}_p{patch}",
    group="{season}_{scene}",
    roots=("SEN1-2", "SEN12", "v_2", "archive/v_2"),
    task="sar2rgb",
    tree="""\
SEN1-2/
  ROIs1158_spring/s1_0/ROIs1158_spring_s1_0_p30.png
  ROIs1158_spring/s2_0/ROIs1158_spring_s2_0_p30.png
  ROIs1868_summer/ ROIs1970_fall/ ROIs2017_winter/
or v_2/agri/s1/ROIs1868_summer_s1_59_p2.png, v_2/agri/s2/ROIs1868_summer_s2_59_p2.png, ...""",
)
