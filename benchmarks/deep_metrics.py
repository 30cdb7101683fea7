"""LPIPS and DISTS of several methods on the same targets, ours against `lpips` and torchmetrics, timed in turns.

python benchmarks/deep_metrics.py [--sides 256 512] [--nets alex squeeze vgg dists] [--rounds 5] [--threads 1]

Both have the same seeded random weights, as a network's speed does not depend on what it knows. Ratios are of medians
of one run: `one method` of the whole, `from the second on` of what each further method takes.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import lpips
import torch
from torch import Tensor, nn
from torchmetrics.functional.image import dists as torchmetrics_dists
from torchvision import models

from spectra import weights
from spectra.metric import Memory, Metric, Scored
from spectra.metrics.dists import Dists
from spectra.metrics.lpips import Lpips
from spectra.modalities import Scale

METHODS = (1, 2, 4)
FIRST, FURTHER = 1.0, 1.7
"""At least so many times faster."""
TRUNKS = {"alex": "alexnet", "squeeze": "squeezenet1_1", "vgg": "vgg16"}
REFERENCE: Any = torchmetrics_dists
Distance = Callable[[Tensor, Tensor], float]


def random_features(name: str) -> nn.Module:
    """torchvision's, without the classifier, which is most of the numbers."""
    with torch.device("meta"):
        features: nn.Module = getattr(models, name)(weights=None).features
    features.to_empty(device="cpu")
    random = torch.Generator().manual_seed(0)
    for parameter in features.parameters():
        if parameter.ndim > 1:
            nn.init.kaiming_normal_(parameter, generator=random)
        else:
            nn.init.normal_(parameter, std=0.05, generator=random)
    return features.eval().requires_grad_(False)


def of_lpips(net: str) -> tuple[Metric, Distance]:
    trunk = random_features(TRUNKS[net]).state_dict(prefix="features.")
    torch.manual_seed(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it uses words that torchvision no longer likes
        package = lpips.LPIPS(pretrained=False, net=net, pnet_rand=True, verbose=False).eval().requires_grad_(False)
    state = {
        key: trunk["features." + key.split(".", 2)[2]] if key.startswith("net.slice") else value
        for key, value in package.state_dict().items()
    }
    state |= {key: value.abs() for key, value in state.items() if key.startswith("lin")}
    package.load_state_dict(state)
    metric = Lpips(Lpips.Settings(net=net))  # type: ignore[arg-type]
    warm(metric, {TRUNKS[net]: trunk, f"lpips_{net}": state})
    return metric, lambda prediction, target: float(package(prediction[None], target[None], normalize=True))


def of_dists() -> tuple[Metric, Distance]:
    class Vgg:
        features = random_features("vgg16")

    trunk = Vgg.features.state_dict(prefix="features.")
    torch.manual_seed(1)
    with patch.object(REFERENCE, "vgg16", lambda weights: Vgg):
        package = REFERENCE.DISTSNetwork(load_weights=False).eval().requires_grad_(False)
    metric = Dists(Dists.Settings())
    warm(metric, {"vgg16": trunk, "dists": {"alpha": package.alpha, "beta": package.beta}})
    return metric, lambda prediction, target: float(package(prediction[None], target[None]))


def warm(metric: Metric, states: dict[str, dict[str, Tensor]]) -> None:
    """Make its network, of these weights."""
    image = torch.rand(3, 64, 64)
    with patch.object(weights, "load", lambda name: dict(states[name])):
        metric.update(scored(image, image, Memory()))


def scored(prediction: Tensor, target: Tensor, memory: Memory) -> Scored:
    return Scored(prediction, target, target, "", "", Scale(0, 255), memory=memory)


def images(side: int) -> tuple[list[Tensor], Tensor]:
    random = torch.Generator().manual_seed(side)
    coarse = torch.rand(1, 3, side // 8, side // 8, generator=random)
    target = nn.functional.interpolate(coarse, (side, side), mode="bilinear")[0]
    noise = torch.randn(max(METHODS), 3, side, side, generator=random)
    return [(target + 0.1 * one).clamp(0, 1) for one in noise], target


def ours(metric: Metric, predictions: list[Tensor], target: Tensor) -> list[float]:
    memory = Memory()
    return [metric.update(scored(prediction, target, memory)) or 0.0 for prediction in predictions]


@torch.inference_mode()
def theirs(package: Distance, predictions: list[Tensor], target: Tensor) -> list[float]:
    return [package(prediction, target) for prediction in predictions]


def timed(work: Callable[[], list[float]]) -> tuple[float, list[float]]:
    start = time.perf_counter()
    values = work()
    return time.perf_counter() - start, values


def row(net: str, metric: Metric, package: Distance, side: int, rounds: int) -> bool:
    """Prints one; true where both ratios are what they should be."""
    predictions, target = images(side)
    own: dict[int, list[float]] = {count: [] for count in METHODS}
    other: dict[int, list[float]] = {count: [] for count in METHODS}
    gap = 0.0
    for turn in range(rounds + 1):
        for count in METHODS:
            some = predictions[:count]
            own_time, own_values = timed(lambda some=some: ours(metric, some, target))  # type: ignore[misc]
            other_time, other_values = timed(lambda some=some: theirs(package, some, target))  # type: ignore[misc]
            gap = max([gap, *(abs(a - b) / abs(b) for a, b in zip(own_values, other_values, strict=True))])
            if turn:  # the first one warms up
                own[count].append(own_time)
                other[count].append(other_time)
    assert gap < 1e-4, f"{net}: the values differ by {gap:.1e}"
    mine, yours = ({count: statistics.median(took) for count, took in all_.items()} for all_ in (own, other))
    last = max(METHODS)
    further = (mine[last] - mine[1]) / (last - 1)
    ratios = yours[1] / mine[1], (yours[last] - yours[1]) / (last - 1) / further
    whole = " | ".join(f"{mine[count] * 1e3:.0f} / {yours[count] * 1e3:.0f}" for count in METHODS)
    print(f"| {net} | {side} | {whole} | {ratios[0]:.2f}× | {ratios[1]:.2f}× | {gap:.0e} |", flush=True)
    return ratios[0] >= FIRST and ratios[1] >= FURTHER


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sides", type=int, nargs="+", default=[256, 512])
    parser.add_argument("--nets", nargs="+", default=[*TRUNKS, "dists"], choices=[*TRUNKS, "dists"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    heads = " | ".join(f"{count} method{'s' * (count > 1)}, ms: ours / theirs" for count in METHODS)
    print(f"| network | side | {heads} | one method | from the second on | largest relative gap |")
    print("|---" * (5 + len(METHODS)) + "|")
    good = True
    for net in given.nets:
        metric, package = of_dists() if net == "dists" else of_lpips(net)
        for side in given.sides:
            good &= row(net, metric, package, side, given.rounds)
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
