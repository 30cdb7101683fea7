"""What a training step of pix2pixHD spends on a GPU: time, kernels, memory, and how near it is to what the GPU can do.

python benchmarks/step_profile.py [--size 256] [--batch 1 4] [--precision fp32 tf32 bf16] [--channels-last] [--compile]
    [--recompute] [--device cuda] [--rounds 20] [--kernels 12]

The official global network and losses, VGG-19 with random weights. Operations are those of matrix products and
convolutions, as torch counts them. Bytes are what an eager step would move if every operator read its inputs and wrote
its results once: no kernel's own count. Both are counted in eager mode, and set against peaks measured here: a product
of two 8192×8192 matrices, and a copy of a gigabyte.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import Any

import torch
from equivalence_pix2pixhd import made_vgg
from torch import Tensor
from torch.profiler import ProfilerActivity, profile
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from spectra import Batch, Task
from spectra.losses.vgg import Vgg
from spectra.recipe.train import TrainSettings
from spectra.stage import PairedBatch
from spectra.training.precision import tensor_cores
from spectra.training.trainer import Trainer
from spectra_pix2pixhd import Pix2PixHD, Settings

WARM = 4
TYPES = {"fp32": torch.float32, "tf32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
Step = Callable[[], object]


class Traffic(TorchDispatchMode):
    """Counts the bytes of what operators take and give; views move nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.bytes = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None) -> Any:
        given = func(*args, **(kwargs or {}))
        taken, made = _tensors((args, kwargs)), _tensors(given)
        known = {tensor.untyped_storage().data_ptr() for tensor in taken}
        fresh = [tensor for tensor in made if tensor.untyped_storage().data_ptr() not in known]
        if fresh or func._schema.is_mutable:
            self.bytes += sum(tensor.numel() * tensor.element_size() for tensor in (*taken, *fresh))
        return given


def _tensors(tree: Any) -> list[Tensor]:
    return [leaf for leaf in tree_leaves(tree) if isinstance(leaf, Tensor)]


def step_of(given: argparse.Namespace, precision: str, batch: int, compiled: bool) -> Step:
    torch.manual_seed(0)
    settings = Settings(width=given.width, discriminator_width=given.width)
    translator = Pix2PixHD(Task.parse("rgb2rgb"), settings).to(given.device)
    said = {"precision": precision, "channels_last": given.channels_last, "compile": compiled}
    train = TrainSettings.model_validate({**said, "recompute": given.recompute})
    with made_vgg():
        trainer = Trainer(translator, train, {"vgg": (Vgg(Vgg.Settings()), 10.0)})
        (stage,) = translator.stages()
        trainer.prepare(stage)
    images = [torch.rand(batch, 3, given.size, given.size, device=given.device) for _ in range(2)]
    return lambda: trainer.step(stage, Batch(pairs=PairedBatch(images)))


def seconds(work: Step, rounds: int, device: torch.device, warm: int = WARM) -> list[float]:
    taken = []
    for _ in range(warm + rounds):
        synchronise(device)
        began = time.perf_counter()
        work()
        synchronise(device)
        taken.append(time.perf_counter() - began)
    return taken[warm:]


def synchronise(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def counted(work: Step) -> tuple[float, float]:
    """Operations and bytes of one step."""
    with FlopCounterMode(display=False) as flops:
        work()
    with Traffic() as traffic:
        work()
    return float(flops.get_total_flops()), float(traffic.bytes)


def peaks(precision: str, device: torch.device, side: int) -> tuple[float, float]:
    """Operations a second of a matrix product, and bytes a second of a copy, counting those read and those written."""
    one, other = (torch.randn(side, side, device=device, dtype=TYPES[precision]) for _ in range(2))
    product = 2 * side**3 / median(seconds(lambda: one @ other, 5, device))
    block = torch.empty(side * side * 16, dtype=torch.uint8, device=device)
    target = torch.empty_like(block)
    return product, 2 * block.numel() / median(seconds(lambda: target.copy_(block), 5, device))


def kernels(work: Step, most: int, device: torch.device) -> list[str]:
    cuda = device.type == "cuda"
    with profile(activities=[ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if cuda else [])]) as seen:
        for _ in range(3):
            work()
        synchronise(device)

    def own(event: Any) -> float:
        return float(event.self_device_time_total if cuda else event.self_cpu_time_total)

    events = [event for event in seen.key_averages() if own(event) and (not cuda or _on_device(event))]
    events.sort(key=own, reverse=True)
    whole = sum(map(own, events))
    rows = ["| kernel | calls a step | ms a step | share |", "|---|---|---|---|"]
    for event in events[:most]:
        name = event.key.replace("|", "/")[:90]
        rows.append(f"| `{name}` | {event.count / 3:.0f} | {own(event) / 3000:.3f} | {own(event) / whole:.1%} |")
    rows.append(f"| all {len(events)} | {sum(e.count for e in events) / 3:.0f} | {whole / 3000:.3f} | |")
    return rows


def _on_device(event: Any) -> bool:
    return str(event.device_type).endswith("CUDA")


def described(given: argparse.Namespace, precision: str, batch: int) -> list[str]:
    device = torch.device(given.device)
    with tensor_cores(precision):  # type: ignore[arg-type]
        operations, moved = counted(step_of(given, precision, batch, compiled=False))
        product, copy = peaks(precision, device, given.peak)
        if device.type == "cuda":
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()
        work = step_of(given, precision, batch, given.compile)
        taken = seconds(work, given.rounds, device)
        memory = torch.cuda.max_memory_allocated() / 2**30 if device.type == "cuda" else float("nan")
        rows = kernels(work, given.kernels, device)
    middle = median(taken)
    ways = [word for word in ("channels_last", "compile", "recompute") if getattr(given, word)]
    return [
        f"### {given.size}×{given.size}, batch {batch}, {', '.join([precision, *ways])}",
        "",
        f"- a step: {1000 * middle:.2f} ms (median of {len(taken)}, {1000 * min(taken):.2f}–{1000 * max(taken):.2f})",
        f"- memory at the most: {memory:.2f} GiB",
        f"- {operations / 1e12:.3f} TFLOP: {operations / middle / 1e12:.1f} TFLOP/s of {product / 1e12:.1f} measured, "
        f"{operations / middle / product:.1%}",
        f"- {moved / 1e9:.2f} GB if nothing is fused: {moved / middle / 1e9:.0f} GB/s of {copy / 1e9:.0f} measured, "
        f"{moved / middle / copy:.1%}",
        "",
        *rows,
        "",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--precision", nargs="+", default=["fp32", "tf32", "bf16"], choices=list(TYPES))
    parser.add_argument("--channels-last", action="store_true")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--recompute", action="store_true")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--kernels", type=int, default=12)
    parser.add_argument("--peak", type=int, default=8192, help="side of the matrices whose product is timed")
    given = parser.parse_args()
    for precision in given.precision:
        for batch in given.batch:
            print("\n".join(described(given, precision, batch)), flush=True)


if __name__ == "__main__":
    main()
