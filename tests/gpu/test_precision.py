"""What numbers a GPU computes with is what the recipe says."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.amp import GradScaler
from torch.nn.functional import conv2d

from spectra.training.precision import tensor_cores
from spectra.training.progress import Progress
from tests.gpu.learning import DEVICE, learned, trainer_on
from tests.training.miniatures import Ear

pytestmark = pytest.mark.gpu

IN_FP32, IN_TF32 = 1e-5, 5e-5
"""tf32 keeps 10 bits of a fraction: sums of products of random numbers are wrong by about 3e-4 of their size."""


def error(result: Tensor, exact: Tensor) -> float:
    return float((result.double() - exact).norm() / exact.norm())


def error_of_convolution() -> float:
    drawn = torch.Generator().manual_seed(0)
    image, kernel = (torch.randn(size, generator=drawn).to(DEVICE) for size in ((4, 64, 48, 48), (64, 64, 3, 3)))
    return error(conv2d(image, kernel, padding=1), conv2d(image.double(), kernel.double(), padding=1))


def error_of_product() -> float:
    drawn = torch.Generator().manual_seed(0)
    one, other = (torch.randn(512, 512, generator=drawn).to(DEVICE) for _ in range(2))
    return error(one @ other, one.double() @ other.double())


class Look(Ear):
    """Computes beside the training, with what that has set."""

    def __init__(self) -> None:
        super().__init__()
        self.errors: list[float] = []

    def stepped(self, progress: Progress) -> None:
        super().stepped(progress)
        self.errors += [error_of_convolution(), error_of_product()]


@pytest.mark.parametrize("compute", [error_of_convolution, error_of_product])
def test_fp32_is_fp32_and_tf32_is_not(compute: Any) -> None:
    with tensor_cores("fp32"):
        assert compute() < IN_FP32
    with tensor_cores("tf32"):
        assert compute() > IN_TF32 or DEVICE == "cpu"


@pytest.mark.parametrize("precision", ["fp32", "tf32"])
def test_a_training_computes_so_and_leaves_torch_as_it_was(precision: str) -> None:
    matmul, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
    before, look = (matmul.allow_tf32, cudnn.allow_tf32), Look()
    learned(trainer_on(DEVICE, watchers=[look], steps=1, precision=precision))
    assert look.errors
    if precision == "fp32":
        assert max(look.errors) < IN_FP32
    else:
        assert min(look.errors) > IN_TF32 or DEVICE == "cpu"
    assert (matmul.allow_tf32, cudnn.allow_tf32) == before


@pytest.mark.parametrize("precision", ["tf32", "bf16", "fp16"])
def test_shorter_numbers_begin_with_the_same_losses_but_for_rounding(precision: str) -> None:
    wide, short = Ear(), Ear()
    learned(trainer_on(DEVICE, watchers=[wide], plain=True, steps=1))
    learned(trainer_on(DEVICE, watchers=[short], plain=True, steps=1, precision=precision))
    for player, terms in wide.told[0].terms.items():
        assert dict(short.told[0].terms[player]) == pytest.approx(dict(terms), rel=0.05, abs=0.02)


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_shorter_numbers_change_what_is_learned_and_weights_stay_fp32(precision: str) -> None:
    wide = learned(trainer_on(DEVICE, plain=True))
    short = learned(trainer_on(DEVICE, plain=True, precision=precision))
    name = "translator.refine.weight"
    assert not torch.equal(wide[name], short[name])
    assert {tensor.dtype for tensor in short.values() if tensor.is_floating_point()} == {torch.float32}


def test_fp16_leaves_out_steps_whose_gradient_is_too_large_then_learns(monkeypatch: pytest.MonkeyPatch) -> None:
    huge = partial(GradScaler, torch.device(DEVICE).type, init_scale=2.0**40)
    monkeypatch.setattr("spectra.training.trainer.scaler_for", lambda precision, device: huge())
    ear = Ear()
    found = learned(trainer_on(DEVICE, watchers=[ear], steps=40, precision="fp16"))
    assert set(ear.told[0].skipped) == {"generator", "critic"}
    assert ear.told[-1].skipped == ()
    assert all(tensor.isfinite().all() for tensor in found.values())
