from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from spectra.errors import SpectraError
from spectra.nn.norms import InstanceNorm, norm

BOUNDS = {torch.float32: 1e-5, torch.float64: 1e-12}


def features(*shape: int, dtype: torch.dtype = torch.float64, seed: int = 0) -> Tensor:
    """Far from mean 0 and deviation 1."""
    generator = torch.Generator().manual_seed(seed)
    return 3 + 2 * torch.randn(shape, dtype=dtype, generator=generator)


@pytest.mark.parametrize("dtype", BOUNDS)
@pytest.mark.parametrize("shape", [(2, 5, 7, 9), (1, 1, 2, 1), (3, 8, 16, 16)])
def test_instance_norm_has_the_values_and_gradients_of_torch(dtype: torch.dtype, shape: tuple[int, ...]) -> None:
    x, weight = features(*shape, dtype=dtype), features(*shape, dtype=dtype, seed=1)
    found = []
    for layer in (InstanceNorm(shape[1]), nn.InstanceNorm2d(shape[1])):
        for training in (True, False):
            source = x.clone().requires_grad_()
            target = layer.train(training)(source)
            (gradient,) = torch.autograd.grad((target * weight).sum(), source)
            found.append((target.detach(), gradient))
    for target, gradient in found:
        assert torch.allclose(target, found[-1][0], atol=BOUNDS[dtype], rtol=0)
        assert torch.allclose(gradient, found[-1][1], atol=10 * BOUNDS[dtype], rtol=0)


def test_instance_norm_is_its_formula() -> None:
    x = features(2, 3, 4, 5)
    for image in range(2):
        for channel in range(3):
            values = x[image, channel]
            variance = ((values - values.mean()) ** 2).mean()
            expected = (values - values.mean()) / (variance + 1e-5).sqrt()
            assert torch.allclose(InstanceNorm(3)(x)[image, channel], expected, atol=1e-12)


@pytest.mark.parametrize("training", [True, False])
def test_a_single_pixel_is_refused_as_torch_refuses_it(training: bool) -> None:
    x = features(2, 3, 1, 1)
    with pytest.raises(ValueError, match="spatial element"):
        nn.InstanceNorm2d(3).train(training)(x)
    with pytest.raises(SpectraError, match="more than one pixel"):
        InstanceNorm(3).train(training)(x)


def test_it_takes_channels_last_images() -> None:
    x = features(2, 4, 6, 6)
    assert torch.allclose(InstanceNorm(4)(x.to(memory_format=torch.channels_last)), InstanceNorm(4)(x), atol=1e-12)


@pytest.mark.parametrize(("dtype", "bound"), [(torch.bfloat16, 1e-2), (torch.float16, 1e-3)])
def test_in_few_bits_it_is_computed_in_float_and_stays_in_few_bits(dtype: torch.dtype, bound: float) -> None:
    """The gradient tells: it needs mean and deviation again, which must not have been rounded meanwhile."""
    x = (37 + features(1, 2, 32, 32)).to(dtype)
    weight = (features(1, 2, 32, 32, seed=1) + 2 * (x.double() - 40)).to(dtype)
    found = []
    for layer, source in ((InstanceNorm(2), x.clone()), (nn.InstanceNorm2d(2), x.double())):
        made = layer(source.requires_grad_())
        (gradient,) = torch.autograd.grad((made * weight.to(made.dtype)).sum(), source)
        assert made.dtype == source.dtype
        found.append((made.detach().double(), gradient.double()))
    assert (found[0][0] - found[1][0]).abs().max() < bound
    assert (found[0][1] - found[1][1]).abs().max() < bound


def test_under_autocast_it_is_as_exact() -> None:
    x = features(1, 2, 32, 32, dtype=torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(InstanceNorm(2)(x), InstanceNorm(2)(x.clone()))
        assert InstanceNorm(2)(x).dtype == torch.float32
        assert InstanceNorm(2)(x.bfloat16()).dtype == torch.bfloat16


def test_each_kind_is_what_its_name_says() -> None:
    assert not list(norm("instance", 4).state_dict())
    assert type(norm("batch", 4)) is nn.BatchNorm2d
    assert torch.equal(norm("none", 4)(features(1, 4, 2, 2)), features(1, 4, 2, 2))
    x = features(2, 4, 3, 3)
    made = [norm(kind, 4).double()(x) for kind in ("instance", "batch", "none")]
    assert not any(torch.allclose(made[i], made[j]) for i in range(3) for j in range(i))
