"""M3FD: roads and campuses, RGB with LWIR; a part for detection, a part for fusion."""

from __future__ import annotations

from spectra.data.layout import About, Layout, Side

_PART, _FRAME = "{part:M3FD[a-z_]*}", r"/{frame:\d{5}}.*"

m3fd = Layout(
    name="m3fd",
    title="M3FD: road and campus scenes, RGB and LWIR",
    about=About(
        what="Scenes of road, campus and seaside in many kinds of weather and light, by a synchronised and registered "
        "pair of cameras; the part Detection is labelled in six classes.",
        size="Detection 4,200 pairs, Fusion 300 pairs; mostly 1024×768, 8-bit PNG",
        licence="not stated",
        where="TarDAL, https://github.com/dlut-dimt/TarDAL",
        cite='J. Liu, X. Fan, Z. Huang, G. Wu, R. Liu, W. Zhong, Z. Luo, "Target-aware dual adversarial learning and a '
        'multi-scenario multi-modality benchmark to fuse infrared and visible for object detection", CVPR 2022',
        split="None official, though one was announced. In use: 80/20 at random, 3:1:1, Detection to train with "
        "Fusion to test. Split with care: the names do not tell the scenes apart.",
        watch=(
            "Neighbouring numbers can be frames of one scene: a split at random leaks. See `spectra data check`.",
            "The two parts number their files alike: they are kept apart as `M3FD_Detection/` and `M3FD_Fusion/`.",
            "Copies may write `vi` and `ir`: below a folder that is called M3FD they are read too; by themselves such "
            "names could be anything.",
        ),
        uncertain=("how scenes are grouped", "whether the 300 of Fusion are free of scenes of Detection"),
    ),
    sides=(
        Side("rgb", _PART + "/{folder:vis?}" + _FRAME),
        Side("rgb", "{part:}Vis" + _FRAME),
        Side("lwir", _PART + "/Ir" + _FRAME),
        Side("lwir", "{part:}Ir" + _FRAME),
    ),
    key="{part}/{frame}",
    roots=("M3FD", "M3FD_Detection", "M3FD_Fusion"),
    task="rgb2lwir",
    tree="""\
M3FD/
  M3FD_Detection/Vis/00000.png, Ir/00000.png, Annotation/*.xml
  M3FD_Fusion/Vis/00000.png, Ir/00000.png
or one of the two by itself""",
)
