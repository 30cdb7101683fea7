"""Draw the networks of the docs anew: python docs/networks.py"""

from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from docs.drawing import Box, Drawing

IMAGES = Path(__file__).with_name("images")


def pix2next() -> Drawing:
    """Encoder to the left, decoder to the right, one row a resolution; the extractor below."""
    drawing = Drawing("The generator of Pix2Next: a U-Net that attends to the features of an extractor", 1180, 640)
    rows = {256: 90, 128: 200, 64: 310, 32: 420}
    for side, y in rows.items():
        drawing.say(20, y + 4, f"{side}×{side}", 12, "start")
    image = drawing.box(Box(140, rows[256], "source", ("on [−1, 1]",), "image", 76))
    stem = drawing.box(Box(252, rows[256], "1×1 conv", ("128",), width=84))
    encoder = [
        drawing.box(Box(375, rows[256], "3 residual", ("128 → 256",))),
        drawing.box(Box(375, rows[128], "3 residual", ("256 → 512",))),
        drawing.box(Box(375, rows[64], "3 residual", ("512",))),
        drawing.box(Box(375, rows[32], "residual, attention,", ("residual · 512",), "attention")),
    ]
    middle = [
        drawing.box(Box(525, rows[32], "3 residual", ("512",), width=100)),
        drawing.box(Box(655, rows[32], "residual, attention,", ("residual · 512",), "attention", 128)),
        drawing.box(Box(785, rows[32], "3 residual", ("512",), width=100)),
    ]
    decoder = [
        drawing.box(Box(935, rows[256], "3 residual", ("512 → 128",))),
        drawing.box(Box(935, rows[128], "3 residual", ("768 → 256",))),
        drawing.box(Box(935, rows[64], "3 residual", ("1024 → 256",))),
        drawing.box(Box(935, rows[32], "residual, attention,", ("residual · 1024 → 512",), "attention")),
    ]
    head = drawing.box(
        Box(1090, rows[256], "2 standardised", ("convolutions · 128,", "3×3 conv"), width=120, height=60)
    )
    target = drawing.box(Box(1090, rows[128], "target", ("on [−1, 1]",), "image", 76))
    extractor = drawing.box(
        Box(655, 550, "extractor", ("InternImage, or any of timm", "its last map: 8×8"), "extractor", 250, 60)
    )
    drawing.arrow(image.right, stem.left)
    drawing.arrow(stem.right, encoder[0].left)
    for above, below in pairwise(encoder):
        drawing.arrow(above.bottom, below.top)
        drawing.say(above.x + 8, (above.y + below.y) / 2 + 4, "half, 3×3 conv", 10.5, "start")
    for above, below in pairwise(decoder):
        drawing.arrow(below.top, above.bottom)
        drawing.say(above.x + 8, (above.y + below.y) / 2 + 4, "twice, 3×3 conv", 10.5, "start")
    for left, right in zip(encoder[:3], decoder[:3], strict=True):
        drawing.arrow(left.right, right.left, label="skip, joined by channels", dashed=True)
    lowest = rows[32] - 37
    drawing.arrow(
        (400, encoder[3].top[1]), (400, lowest), (900, lowest), (900, decoder[3].top[1]),
        label="skip", dashed=True, at=(655, lowest - 5),
    )  # fmt: skip
    drawing.arrow(encoder[3].right, middle[0].left)
    drawing.arrow(middle[0].right, middle[1].left)
    drawing.arrow(middle[1].right, middle[2].left)
    drawing.arrow(middle[2].right, decoder[3].left)
    drawing.arrow(decoder[0].right, head.left)
    drawing.arrow(head.bottom, target.top)
    drawing.arrow(stem.top, (252, 36), (1090, 36), head.top, label="the stem's features, once more", at=(655, 30))
    drawing.arrow(
        image.bottom, (140, 550), extractor.left, label="the image (`official`: the stem's features)", at=(340, 544)
    )
    drawing.arrow((560, 520), (560, 478), (375, 478), encoder[3].bottom)
    drawing.arrow(extractor.top, middle[1].bottom, label="keys and values", at=(702, 500))
    drawing.arrow((750, 520), (750, 478), (935, 478), decoder[3].bottom)
    drawing.legend(
        900, 545,
        [
            ("convolution", "GroupNorm, SiLU, 3×3 conv, twice, and a shortcut"),
            ("attention", "with self-attention, cross-attention, GEGLU"),
            ("extractor", "a network that knows images, or learns to"),
        ],
    )  # fmt: skip
    return drawing


def mpfnet() -> Drawing:
    """One row a scale, from coarse to fine; what a scale found goes up to the next."""
    drawing = Drawing("One network of MPFNet: three scales, each with a prediction that is supervised", 1180, 500)
    rows = (
        ("64×64", 90, "2 halvings", "64, 128"),
        ("128×128", 240, "3 halvings", "64 … 256"),
        ("256×256", 390, "4 halvings", "64 … 512"),
    )
    before: tuple[Box, Box, Box] | None = None
    for side, y, depth, widths in rows:
        image = drawing.box(Box(90, y, "image", (side,), "image", 90))
        stem = drawing.box(Box(225, y, "3×3 conv", ("64",), width=90))
        merge = stem if before is None else drawing.box(Box(355, y, "join, 3×3 conv", ("64",), width=110))
        block = drawing.box(
            Box(
                560,
                y,
                "feature embedding block",
                (f"{depth} · {widths}", "and up again, with skips"),
                width=200,
                height=60,
            )
        )
        colour = drawing.box(Box(800, y, "colour consistency", ("64 → 3 → 64",), "attention", 150))
        prediction = drawing.box(Box(980, y, "prediction", (side,), "image", 100))
        loss = drawing.box(Box(1110, y, "L_mix", (), "loss", 70))
        drawing.arrow(image.right, stem.left)
        if before is not None:
            drawing.arrow(stem.right, merge.left)
            drawing.arrow(
                before[1].bottom,
                (800, y - 75),
                (355, y - 75),
                merge.top,
                label="its features, twice the size",
                at=(690, y - 80),
            )
            drawing.arrow((500, before[0].bottom[1]), (500, block.top[1]), label="", dashed=True)
            drawing.say(508, y - 48, "1×1 conv, added to the encoder", 10.5, "start")
        drawing.arrow(merge.right, block.left)
        drawing.arrow(block.right, colour.left)
        drawing.arrow(colour.right, prediction.left)
        drawing.arrow(prediction.right, loss.left)
        before = (block, colour, prediction)
    drawing.legend(
        40, 462,
        [
            ("convolution", "a block: leaky ReLU, 4×4 conv of stride 2, residual coordinate attention, instance norm"),
            ("attention", "emits the prediction, and weighs the features by it"),
        ],
    )  # fmt: skip
    return drawing


def mpfnet_stages() -> Drawing:
    """What learns from what, one column a stage."""
    drawing = Drawing("The three stages in which MPFNet learns", 1180, 335)
    for x, title, epochs in (
        (200, "1 · translation", "400 epochs"),
        (575, "2 · colorization", "250 epochs"),
        (935, "3 · joint", "100 epochs"),
    ):
        drawing.say(x, 34, title, 15)
        drawing.say(x, 52, epochs, 11)
    nir = drawing.box(Box(80, 130, "NIR", (), "image", 90))
    grey = drawing.box(Box(320, 130, "grey", ("unpaired",), "image", 90))
    there = drawing.box(Box(200, 100, "NIR → grey", (), width=100, height=34))
    back = drawing.box(Box(200, 160, "grey → NIR", (), width=100, height=34))
    drawing.arrow((125, 118), (138, 100), there.left)
    drawing.arrow(there.right, (262, 100), (275, 118))
    drawing.arrow((275, 142), (262, 160), back.right)
    drawing.arrow(back.left, (138, 160), (125, 142))
    for box, label in ((nir, "judge of NIR"), (grey, "judge of grey")):
        judge = drawing.box(Box(box.x, 240, label, (), "loss", 110, 34))
        drawing.arrow(box.bottom, judge.top)
    drawing.say(200, 300, "two GANs, there and back again,", 11)
    drawing.say(200, 316, "and to leave alone what already is", 11)
    source = drawing.box(Box(475, 130, "grey", ("of an RGB image",), "image", 100))
    colour = drawing.box(Box(590, 130, "grey → RGB", (), width=92, height=40))
    result = drawing.box(Box(690, 130, "RGB", ("3 scales",), "image", 70))
    mix = drawing.box(Box(690, 240, "L_mix", (), "loss", 80, 34))
    for one, other in ((source, colour), (colour, result)):
        drawing.arrow(one.right, other.left)
    drawing.arrow(result.bottom, mix.top)
    start = drawing.box(Box(795, 130, "NIR", (), "image", 60))
    first = drawing.box(Box(893, 130, "NIR → grey", (), width=92, height=40))
    second = drawing.box(Box(1003, 130, "grey → RGB", (), width=92, height=40))
    end = drawing.box(Box(1110, 130, "RGB", ("3 scales",), "image", 70))
    paired = drawing.box(Box(1110, 240, "L_mix", ("with the pair's RGB",), "loss", 120, 44))
    judge = drawing.box(Box(963, 240, "feature judge", ("the same from true grey: real",), "loss", 164, 44))
    for one, other in ((start, first), (first, second), (second, end)):
        drawing.arrow(one.right, other.left)
    drawing.arrow(end.bottom, paired.top)
    drawing.arrow((1085, 153), (1085, 196), (963, 196), judge.top)
    drawing.say(955, 300, "all networks learn together; stage 1's terms go on", 11)
    return drawing


DRAWINGS = {"pix2next.svg": pix2next, "mpfnet.svg": mpfnet, "mpfnet_stages.svg": mpfnet_stages}


def main() -> None:
    for name, drawn in DRAWINGS.items():
        (IMAGES / name).write_text(drawn().svg(), encoding="utf-8")


if __name__ == "__main__":
    main()
