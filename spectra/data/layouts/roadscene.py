"""RoadScene: frames of FLIR's video, RGB cropped and warped onto LWIR."""

from __future__ import annotations

from spectra.data.layout import About, Layout, Side

_FRAME = r"{frame:FLIR_(?:video_)?\d+}.*"

roadscene = Layout(
    name="roadscene",
    title="RoadScene: road scenes, RGB and LWIR",
    about=About(
        what="Road scenes with people and vehicles by day and night, from FLIR's video; aligned and cropped to what "
        "both images show.",
        size="221 pairs, about 350-620 by 160-460 pixels, 8-bit JPEG; some count 222",
        licence="not stated; the frames are of the FLIR ADAS data, whose terms apply",
        where="H. Xu's page, https://github.com/hanna-xu/RoadScene",
        cite='H. Xu, J. Ma, Z. Le, J. Jiang, X. Guo, "FusionDN: a unified densely connected network for image '
        'fusion", AAAI 2020; H. Xu, J. Ma, J. Jiang, X. Guo, H. Ling, "U2Fusion", IEEE TPAMI 2022',
        split="None official. Neighbouring frames look alike: keep them in one split (`spectra data check` finds "
        "them).",
        watch=(
            "`crop_LR_visible` goes with `cropinfrared`; `crop_HR_visible` shows the same at another size (side "
            "`rgb_hr`), and the folders `infrared` and `visible` are as taken and not aligned (sides `lwir_raw`, "
            "`rgb_raw`).",
            "Alignment is by hand, good to about 1-2 pixels; a few RGB images are almost colourless.",
            "The thermal images are stretched frame by frame: grey is not temperature.",
        ),
        uncertain=("the licence",),
    ),
    sides=(
        Side("rgb", "crop_LR_visible/" + _FRAME),
        Side("rgb", "vi/" + _FRAME),
        Side("lwir", "cropinfrared/" + _FRAME),
        Side("lwir", "ir/" + _FRAME),
        Side("rgb_hr", "crop_HR_visible/" + _FRAME),
        Side("rgb_raw", "visible/" + _FRAME),
        Side("lwir_raw", "infrared/" + _FRAME),
    ),
    key="{frame}",
    roots=(
        "RoadScene",
        "RoadScene-master",
        "road-scene-infrared-visible-images",
        "road-scene-infrared-visible-images-master",
    ),
    task="rgb2lwir",
    tree="""\
RoadScene/
  crop_LR_visible/FLIR_nnnnn.jpg, cropinfrared/FLIR_nnnnn.jpg
  crop_HR_visible/..., visible/..., infrared/...
or, as TarDAL copies it: roadscene/vi/..., roadscene/ir/...""",
)
