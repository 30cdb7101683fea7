"""Made-up trees of tiny images, laid out as the data sets are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from io import BytesIO
from itertools import product
from pathlib import Path

import cv2
import numpy as np
import tifffile

from spectra.data.catalogue import Catalogue

Shown = dict[str, tuple[str, dict[str, list[str]]]]

TREES: Mapping[str, str] = {
    "ranus": """
        RGB/{01,50}/{frame7,frame9}_rgb.png
        NIR/{01,50}/{frame7,frame9}_nir.png
        GT/{01,50}/{frame7,frame9}_gt.png
    """,
    "idd_aw": """
        train/{FOG,SNOW}/rgb/{3,185}/{00001,00042}_rgb.png
        train/{FOG,SNOW}/nir/{3,185}/{00001,00042}_nir.png
        train/{FOG,SNOW}/gtSeg/{3,185}/{00001,00042}_mask.json
        train/FOG/gtSegPNG/3/{00001,00042}_mask.png
        val/LOWLIGHT/rgb/3/00007_rgb.png
        val/LOWLIGHT/nir/3/00007_nir.png
    """,
    "flir_aligned": """
        JPEGImages/FLIR_{00001,00002,08864,08865}_RGB.jpg
        JPEGImages/FLIR_{00001,00002,08864,08865}_PreviewData.jpeg
        Annotations/FLIR_{00001,00002,08864,08865}_PreviewData.xml
    """,
    "kaist": """
        images/{set00,set05,set06,set11}/V000/visible/I0{0000,0019,0039}.jpg
        images/{set00,set05,set06,set11}/V000/lwir/I0{0000,0019,0039}.jpg
        images/set00/V001/{visible,lwir}/I00000.jpg
        annotations/set00/V000/I00000.txt
    """,
    "llvip": """
        {visible,infrared}/train/{010001,010002,020001}.jpg
        {visible,infrared}/test/{190001,200002}.jpg
        Annotations/{010001,010002}.xml
    """,
    "m3fd": """
        M3FD_Detection/{Vis,Ir}/{00000,00001,04199}.png
        M3FD_Detection/Annotation/00000.xml
        M3FD_Fusion/{Vis,Ir}/{00000,00001}.png
    """,
    "msrs": """
        train/{vi,ir,Segmentation_labels}/{00001D,00024N}.png
        test/{vi,ir,Segmentation_labels}/00537D.png
        detection/{vi,ir}/00537D.png
        detection/labels/00537D.txt
    """,
    "roadscene": """
        {crop_LR_visible,cropinfrared,crop_HR_visible,visible,infrared}/FLIR_{00006,video_00018}.jpg
    """,
    "epfl_nirscene": """
        {country,oldbuilding,water}/{0000,0012}_{rgb,nir}.tiff
    """,
    "vcip2020": """
        NIR/{country_0000,mountain_0001}_nir.png
        RGB-Registered/{country_0000,mountain_0001}_rgb_reg.png
        RGB-Online/{country_0000,field_0003}_rgb_onl.png
        Validation/validation_0000_nir.png
        Validation/validation_0000_rgb_reg.png
        Testing/testing_{0001,0002}_nir_reg.png
        Testing/Testing_{0001,0002}_rgb_reg.png
    """,
    "mavic_t_cities": """
        Train_Data_UC_Davis_SAR_IR_RGB/{38.5_-121.7,38.6_-121.7}/{2018,2020}_{rgb,ir}.tiff
        Train_Data_UC_Davis_SAR_IR_RGB/38.5_-121.7/mosiac_{rgb,ir}_2018.tiff
        Train_Data_UC_Davis_SAR_IR_RGB/{38.5_-121.7,38.6_-121.7}/2023-0{1,2,3}_UMBRA-04_GEC.tiff
        Train_Data_Manhattan_SAR_IR_RGB/38.5_-121.7/2016_{rgb,ir}.tiff
        Train_Data_Manhattan_SAR_IR_RGB/38.5_-121.7/mosiac_rgb.tif
        Train_Data_Manhattan_SAR_IR_RGB/38.5_-121.7/chip.tif
    """,
    "mavic_t_eo_sar": """
        {EO,SAR}/train/Gotcha{1,2,30}.png
        {EO,SAR}/validation/Gotcha{1,5}.png
    """,
    "mavic_t_refined": """
        sar2rgb/train/input/Bingham__t1__{a_GEC,b_GEC}__sar.tif
        sar2rgb/train/target/Bingham__t1__{a_GEC,b_GEC}__rgb.tif
        sar2ir_crop_aug/train/input/UC_Davis__t2__c__crop000_x0_y512__sar.tif
        sar2ir_crop_aug/train/target/UC_Davis__t2__c__crop000_x0_y512__ir.tif
        rgb2ir/train/input/Bingham__t1__mosiac__rgb.tif
        rgb2ir/train/target/Bingham__t1__mosiac__ir.tif
        sar2eo/train/{input,target}/Gotcha{1,2}.png
    """,
    "sen1_2": """
        ROIs1158_spring/s1_0/ROIs1158_spring_s1_0_p{30,31}.png
        ROIs1158_spring/s2_0/ROIs1158_spring_s2_0_p{30,31}.png
        ROIs1158_spring/s1_10/ROIs1158_spring_s1_10_p30.png
        ROIs1158_spring/s2_10/ROIs1158_spring_s2_10_p30.png
        ROIs2017_winter/s1_0/ROIs2017_winter_s1_0_p30.png
        ROIs2017_winter/s2_0/ROIs2017_winter_s2_0_p30.png
    """,
    "qxs_saropt": """
        {sar,opt}_256_oc_0.2/{1,2,20000}.png
    """,
}


def expanded(text: str) -> Iterator[str]:
    """The paths in a text, one or, by braces, several a line."""
    for line in text.split("\n"):
        parts = re.split(r"\{([^}]*)\}", line.strip())
        choices = [part.split(",") if number % 2 else [part] for number, part in enumerate(parts)]
        yield from ("".join(chosen) for chosen in product(*choices) if any(chosen))


@cache
def contents(suffix: str) -> bytes:
    """A tiny file of its kind: an image, or a text."""
    image = np.zeros((2, 3, 3), np.uint8)
    if suffix in (".tif", ".tiff"):
        file = BytesIO()
        tifffile.imwrite(file, image, photometric="rgb")
        return file.getvalue()
    return bytes(cv2.imencode(suffix, image)[1]) if suffix in (".png", ".jpg", ".jpeg") else b"text\n"


def grow(root: Path, *paths: str) -> Path:
    for name in paths:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(contents(path.suffix.lower()))
    return root


def planted(root: Path, name: str) -> Path:
    """The tree of a data set."""
    return grow(root, *expanded(TREES[name]))


def listed(root: Path, name: str, lines: Iterable[str]) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def shown(catalogue: Catalogue) -> Shown:
    """Each place as `split:name`, with its group and its files relative to the root."""
    return {
        f"{place.split}:{place.name}": (
            place.group,
            {
                side: [str(file.path.relative_to(catalogue.root)) for file in files]
                for side, files in place.images.items()
            },
        )
        for place in catalogue.places
    }
