"""The parts of Inception v3, in order. Names of layers are those of torchvision, as in the files of weights."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

from spectra.nn.inception_layers import Beside, Branches, Convolution, average


def parts(width: int) -> Iterator[nn.Module]:
    """All parts up to the features of this width."""
    for end, group in ((64, _first), (192, _second), (768, _middle), (2048, _last)):
        yield from group()
        if end == width:
            return
    raise ValueError(f"Inception has no features of width {width}")


def _first() -> Iterator[nn.Module]:
    yield Convolution("Conv2d_1a_3x3", 3, 32, 3, stride=2, same=False)
    yield Convolution("Conv2d_2a_3x3", 32, 32, 3, same=False)
    yield Convolution("Conv2d_2b_3x3", 32, 64, 3)
    yield nn.MaxPool2d(3, 2)


def _second() -> Iterator[nn.Module]:
    yield Convolution("Conv2d_3b_1x1", 64, 80)
    yield Convolution("Conv2d_4a_3x3", 80, 192, 3, same=False)
    yield nn.MaxPool2d(3, 2)


def _middle() -> Iterator[nn.Module]:
    yield _square("Mixed_5b", 192, 32)
    yield _square("Mixed_5c", 256, 64)
    yield _square("Mixed_5d", 288, 64)
    yield _shrink_square("Mixed_6a", 288)
    for name, inner in (("Mixed_6b", 128), ("Mixed_6c", 160), ("Mixed_6d", 160), ("Mixed_6e", 192)):
        yield _long(name, 768, inner)


def _last() -> Iterator[nn.Module]:
    yield _shrink_long("Mixed_7a", 768)
    yield _forked("Mixed_7b", 1280, average())
    yield _forked("Mixed_7c", 2048, nn.MaxPool2d(3, 1, 1))  # an oddity of the published network


def _square(name: str, before: int, pooled: int) -> nn.Module:
    make = Branches(name, before)
    return Beside(
        [
            make.chain(("branch1x1", 64, 1)),
            make.chain(("branch5x5_1", 48, 1), ("branch5x5_2", 64, 5)),
            make.chain(("branch3x3dbl_1", 64, 1), ("branch3x3dbl_2", 96, 3), ("branch3x3dbl_3", 96, 3)),
            make.chain(("branch_pool", pooled, 1), first=average()),
        ]
    )


def _shrink_square(name: str, before: int) -> nn.Module:
    make = Branches(name, before)
    double = ("branch3x3dbl_1", 64, 1), ("branch3x3dbl_2", 96, 3), ("branch3x3dbl_3", 96, 3)
    return Beside(
        [make.chain(("branch3x3", 384, 3), shrink=True), make.chain(*double, shrink=True), nn.MaxPool2d(3, 2)]
    )


def _long(name: str, before: int, inner: int) -> nn.Module:
    make = Branches(name, before)
    flat, upright = (1, 7), (7, 1)
    single = ("branch7x7_1", inner, 1), ("branch7x7_2", inner, flat), ("branch7x7_3", 192, upright)
    double = (
        ("branch7x7dbl_1", inner, 1),
        ("branch7x7dbl_2", inner, upright),
        ("branch7x7dbl_3", inner, flat),
        ("branch7x7dbl_4", inner, upright),
        ("branch7x7dbl_5", 192, flat),
    )
    pooled = make.chain(("branch_pool", 192, 1), first=average())
    return Beside([make.chain(("branch1x1", 192, 1)), make.chain(*single), make.chain(*double), pooled])


def _shrink_long(name: str, before: int) -> nn.Module:
    make = Branches(name, before)
    single = ("branch3x3_1", 192, 1), ("branch3x3_2", 320, 3)
    double = (
        ("branch7x7x3_1", 192, 1),
        ("branch7x7x3_2", 192, (1, 7)),
        ("branch7x7x3_3", 192, (7, 1)),
        ("branch7x7x3_4", 192, 3),
    )
    return Beside([make.chain(*single, shrink=True), make.chain(*double, shrink=True), nn.MaxPool2d(3, 2)])


def _forked(name: str, before: int, pool: nn.Module) -> nn.Module:
    make = Branches(name, before)
    double = ("branch3x3dbl_1", 448, 1), ("branch3x3dbl_2", 384, 3)
    return Beside(
        [
            make.chain(("branch1x1", 320, 1)),
            make.fork(("branch3x3_1", 384, 1), ends=("branch3x3_2a", "branch3x3_2b"), width=384),
            make.fork(*double, ends=("branch3x3dbl_3a", "branch3x3dbl_3b"), width=384),
            make.chain(("branch_pool", 192, 1), first=pool),
        ]
    )
