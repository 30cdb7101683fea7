"""KAIST multispectral pedestrians: RGB through a beam splitter with LWIR. Whole, and by the usual lists."""

from __future__ import annotations

from dataclasses import replace

from spectra.data.layout import About, Layout, Side

_PLACE = r"{set:set(?:0\d|1[01])}/{video:V\d\d\d}"

kaist = Layout(
    name="kaist",
    title="KAIST multispectral pedestrians: driving scenes, RGB and LWIR",
    about=About(
        what="Video from a car on campus, road and downtown, by day (sets 00-02, 06-08) and night (03-05, 09-11); RGB "
        "and LWIR share their axis through a beam splitter.",
        size="95,328 pairs of 640×512, 8-bit JPEG: 50,187 train, 45,141 test; PNG in the subsets train20 and test20",
        licence="CC BY-NC-SA 4.0, as the repository's licence file says: not for commercial use",
        where="S. Hwang's page, https://soonminhwang.github.io/rgbt-ped-detection/",
        cite='S. Hwang, J. Park, N. Kim, Y. Choi, I. S. Kweon, "Multispectral pedestrian detection: benchmark dataset '
        'and baseline", CVPR 2015',
        split="Sets 00-05 train, 06-11 test. The usual subsets take every 2nd, 4th or 20th frame of train and every "
        "20th of test, by lists in `imageSets`: the layouts `kaist_02`, `kaist_04` and `kaist_20` read them. A new "
        "split goes by video.",
        watch=(
            "Consecutive frames are nearly the same: use a subset, and never split within a video.",
            "RGB by night is almost black.",
            "Some copies lie in `images/`, some also hold `annotations/` and `imageSets/`.",
        ),
        uncertain=("that the licence file of the code covers the images too: it says that it does",),
    ),
    sides=(
        Side("rgb", _PLACE + r"/visible/{frame:I\d+}.*"),
        Side("rgb", r"images/" + _PLACE + r"/visible/{frame:I\d+}.*"),
        Side("lwir", _PLACE + r"/lwir/{frame:I\d+}.*"),
        Side("lwir", r"images/" + _PLACE + r"/lwir/{frame:I\d+}.*"),
    ),
    key="{set}/{video}/{frame}",
    group="{set}/{video}",
    split="{set}",
    splits={"set0[0-5]": "train", "set0[6-9]|set1[01]": "test"},
    roots=("kaist-rgbt", "KAIST", "kaist", "data/kaist-rgbt"),
    task="rgb2lwir",
    tree="""\
kaist-rgbt/
  images/set00/V000/visible/I00000.jpg   or without images/
  images/set00/V000/lwir/I00000.jpg
  imageSets/train-all-02.txt, test-all-20.txt, ...""",
)


def _subset(every: str) -> Layout:
    return replace(
        kaist,
        name=f"kaist_{every}",
        title=f"KAIST by the lists train-all-{every} and test-all-20",
        about=replace(
            kaist.about,
            size=f"of the 95,328 pairs of 640×512 one in {int(every)} of train and one in 20 of test, as far as the "
            "lists name them; 8-bit JPEG or PNG",
        ),
        split="",
        splits={},
        lists={
            "train": (f"imageSets/train-all-{every}.txt", f"train-all-{every}.txt"),
            "test": ("imageSets/test-all-20.txt", "test-all-20.txt"),
        },
        recognised=False,
    )


kaist_02, kaist_04, kaist_20 = _subset("02"), _subset("04"), _subset("20")
