"""SAR2Opt: TerraSAR-X with Google Earth. It lies as CycleGAN's data do, so it is read by name only."""

from __future__ import annotations

from spectra.data.layout import About, Layout, Side
from spectra.data.layouts.splits import USUAL

sar2opt = Layout(
    name="sar2opt",
    title="SAR2Opt: TerraSAR-X and optical images of ten cities",
    about=About(
        what="Patches at 1 m of ten cities, 2007 to 2013: SAR by TerraSAR-X (A), optical images from Google Earth (B), "
        "registered by points set by hand.",
        size="1,450 train and 627 test pairs of 600×600, JPEG",
        licence="MIT by its repository; Google's terms may touch the optical images",
        where="Y. Zhao's page, https://github.com/MarsZhaoYT/SAR2Opt-Heterogeneous-Dataset",
        cite='Y. Zhao, T. Celik, N. Liu, H.-C. Li, "A comparative analysis of GAN-based methods for SAR-to-optical '
        'image translation", IEEE Geoscience and Remote Sensing Letters 19, 2022',
        split="train and test by folder. A new split goes by city, which the names may not tell.",
        watch=(
            "The tree is that of CycleGAN: recognised by itself it is read as `cyclegan`, with sides A and B. Name "
            "this layout to have `sar` and `rgb`.",
            "Figures in use are taken on the middle 512×512.",
            "The SAR images are JPEGs, of three equal channels in some copies.",
        ),
        uncertain=("what the names of files say of city and place", "how many channels the SAR files have"),
    ),
    sides=(Side("sar", "{split:train|test}A/{name}.*"), Side("rgb", "{split:train|test}B/{name}.*")),
    key="{name}",
    split="{split}",
    splits=USUAL,
    roots=("sar2opt",),
    task="sar2rgb",
    recognised=False,
    tree="""\
sar2opt/
  trainA/<name>.jpg, trainB/<name>.jpg
  testA/<name>.jpg, testB/<name>.jpg""",
)
