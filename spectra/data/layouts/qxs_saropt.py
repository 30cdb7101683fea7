"""QXS-SAROPT: GaoFen-3 with Google Earth over three ports."""

from __future__ import annotations

from spectra.data.layout import About, Layout, Side
from spectra.data.layouts.splits import USUAL

qxs_saropt = Layout(
    name="qxs_saropt",
    title="QXS-SAROPT: GaoFen-3 SAR and optical images of three ports",
    about=About(
        what="Patches at 1 m of San Diego, Shanghai and Qingdao: SAR by GaoFen-3, optical images from Google Earth.",
        size="20,000 pairs of 256×256, PNG; SAR grey, optical RGB",
        licence="not stated; given out after a questionnaire, to be cited. Google's terms may touch the optical images",
        where="the authors' page, https://github.com/yaoxu008/QXS-SAROPT",
        cite='M. Huang, Y. Xu, L. Qian, W. Shi, Y. Zhang, W. Bao, N. Wang, X. Liu, X. Xiang, "The QXS-SAROPT dataset '
        'for deep learning in SAR-optical data fusion", arXiv 2103.08259',
        split="None official; 16,001 to train and 3,999 to test are common (C-DiffSET).",
        watch=(
            "The numbers do not tell the scenes apart, so no split by name keeps neighbours together: "
            "`spectra data check` finds patches that overlap.",
        ),
        uncertain=(
            "which pairs the common split takes",
            "that `oc_0.2` in the folders' names means an overlap of 20 % between neighbours",
        ),
    ),
    sides=(
        Side("sar", r"{split:}sar_256_oc_0.2/{number:\d+}.*"),
        Side("sar", r"{split:train|val|test}/sar_256_oc_0.2/{number:\d+}.*"),
        Side("rgb", r"{split:}opt_256_oc_0.2/{number:\d+}.*"),
        Side("rgb", r"{split:train|val|test}/opt_256_oc_0.2/{number:\d+}.*"),
    ),
    key="{number}",
    split="{split}",
    splits=USUAL,
    roots=("QXSLAB_SAROPT", "QXS-SAROPT"),
    task="sar2rgb",
    tree="""\
QXSLAB_SAROPT/
  sar_256_oc_0.2/1.png ... 20000.png
  opt_256_oc_0.2/1.png ... 20000.png
or with train/ and test/ above""",
)
