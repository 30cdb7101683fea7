"""MAVIC-T (PBVS): the official city stacks, several images a location, and the archive of EO with SAR."""

from __future__ import annotations

from spectra.data.layout import About, Layout, Side
from spectra.data.layouts.splits import USUAL

CHALLENGE = "PBVS MAVIC-T, https://www.codabench.org/competitions/12566/"
LICENCE = "open research and education within the challenge; copyright stays with the owners"
CITE = (
    'S. Low, O. Nina, D. Bowald, A. D. Sappa, N. Inkawhich, P. Bruns, "Multi-modal aerial view image challenge: sensor '
    'domain translation", CVPR Workshops 2024'
)

_TILES = (
    "Train_Data_{city}_SAR_IR_RGB/{tile}/",
    "{city}_merged_chips_stacks/{tile}/",
    "{city}_merged_chips_stacks/{city}_merged_chips_stacks/{tile}/",
    "{city:}{tile}/",
)

cities = Layout(
    name="mavic_t_cities",
    title="MAVIC-T city stacks: SAR, RGB and IR of 200 m tiles",
    about=About(
        what="Tiles of 200 m by 200 m of UC Davis, Manhattan, Bingham mine and Centerfield, each with several images: "
        "RGB and IR of USGS orthophotos, aligned with each other, and Umbra's SAR of other days.",
        size="RGB/IR/SAR files: Bingham 119/119/1,821, Centerfield 843/844/6,126, Manhattan 382/660/904, UC Davis "
        "929/941/1,977; GeoTIFF of 275-3,240 pixels, uint8, in Manhattan some uint16",
        licence=LICENCE,
        where=CHALLENGE,
        cite=CITE,
        split="None within the stacks; the validation and test sets (60 each) are other downloads. Split by location, "
        "never by pair.",
        watch=(
            "Mosaics are spelled `mosiac_rgb`, `mosiac_ir`; every other TIFF that is neither `_rgb` nor `_ir` is SAR.",
            "A place has several images of a side, in unequal numbers: train with `data.pairing: random` (one of each "
            "side at each visit) or `all`.",
            "SAR and RGB/IR differ in CRS, resolution and extent: align them by their georeference before a per-pixel "
            "loss.",
            "Manhattan mixes uint8 and uint16: a scale by dtype maps both to the unit interval, one in DN does not.",
            "Black blocks of 16×16 mark missing data: declare `nodata 0`.",
            "Unpacked on another system, folders hold doubles that begin with `._`: hidden files are passed over.",
        ),
        uncertain=(
            "that IR is the orthophotos' near infrared band",
            "the range in use of the uint16 files (11 or 12 bits are likely)",
            "how tiles are named",
        ),
    ),
    sides=(
        *(Side("rgb", tile + name) for tile in _TILES for name in ("*_rgb.*", "mosiac_rgb*.*")),
        *(Side("ir", tile + name) for tile in _TILES for name in ("*_ir.*", "mosiac_ir*.*")),
        *(Side("sar", tile + "{scene}.{type:tiff?}") for tile in _TILES),
    ),
    key="{city}/{tile}",
    group="{city}/{tile}",
    several=True,
    telltale=(
        "Train_Data_*_SAR_IR_RGB/*/*.*",
        "*_merged_chips_stacks/*/*.*",
        "*_merged_chips_stacks/*/*/*.*",
        "*/mosiac_rgb*.*",
        "*/mosiac_ir*.*",
    ),
    roots=("MAVIC-T-2025",),
    task="rgb2ir",
    tree="""\
MAVIC-T-2025/
  Train_Data_<City>_SAR_IR_RGB/<tile>/
    *_rgb.tiff, *_ir.tiff, mosiac_rgb*.tiff, mosiac_ir*.tiff
    *.tif, *.tiff   SAR: every other one
or <city>_merged_chips_stacks/<tile>/, or the tiles of one city""",
)

eo_sar = Layout(
    name="mavic_t_eo_sar",
    title="MAVIC-T archive of EO and SAR (UNICORN)",
    about=About(
        what="Frames of the UNICORN 2008 flights over Wright-Patterson: airborne SAR with monochrome EO, registered.",
        size="68,151 train and 21,260 validation pairs of 256×256, 8-bit PNG, one channel each",
        licence=LICENCE,
        where=CHALLENGE,
        cite=CITE,
        split="train and validation (here val) by folder; others report figures on 4,000 test pairs.",
        watch=(
            "All frames show the surroundings of one base: a score says little of other places.",
            "Other copies name the folder above `design_data/design_data` or `SAR-EO`.",
        ),
        uncertain=(
            "whether train and validation show the same ground: the names do not tell passes apart",
            "which 4,000 pairs others test on",
        ),
    ),
    sides=(
        Side("sar", r"SAR/{split:train|validation|val|test}/{frame:Gotcha_?\d+}.*"),
        Side("eo", r"EO/{split:train|validation|val|test}/{frame:Gotcha_?\d+}.*"),
    ),
    key="{frame}",
    split="{split}",
    splits=USUAL,
    roots=("Train_Data_and_Validation_EO_SAR", "design_data/design_data", "design_data", "SAR-EO", "sar2eo/SAR-EO"),
    task="sar2eo",
    tree="""\
Train_Data_and_Validation_EO_SAR/
  SAR/train/Gotcha1.png, EO/train/Gotcha1.png
  SAR/validation/..., EO/validation/...""",
)
