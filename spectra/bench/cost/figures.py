"""The figures of one model, one after the other: what is known is told before the next may fail."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from statistics import median

import torch
from torch import Tensor

from spectra.bench.cost.count import counted
from spectra.bench.cost.latency import Patience, Stopwatch, percentile, timed
from spectra.bench.cost.limits import hold, is_shortage
from spectra.bench.cost.memory import meter_of, prime
from spectra.bench.cost.words import Part, Request
from spectra.devices import checked_device
from spectra.model import Model, load
from spectra.model_folder import DESCRIPTION, find_folder
from spectra.registry import reason, registry
from spectra.training.precision import tensor_cores

BATCH = 8
CALLS_OF_BATCHES, LEAST_OF_BATCHES = 10, 3


def parts(request: Request) -> Iterator[Part]:
    """Of the model of a folder, in fp32 and inference mode, as a bench scores it."""
    torch.set_num_threads(request.threads)
    device = torch.device(checked_device(request.device))
    counted(prime)  # what torch loads in order to count too
    _import_plugin(Path(request.folder))
    hold(device, request.limit_mb)
    meter = meter_of(device)
    model = load(Path(request.folder)).to(device)
    yield parameters(model)
    with torch.inference_mode(), tensor_cores("fp32"):
        image = images(model, request, 1, device)
        meter.loaded()
        single = timed(lambda: model(image), Stopwatch(device), Patience(request.seconds))
        yield latency(single, device)
        yield Part(peak_mb=meter.peak_mb(), notes=(meter.note,))
        yield operations(model, image)
        yield throughput(model, lambda batch: images(model, request, batch, device), single, request)
    yield Part(done=True)


def _import_plugin(folder: Path) -> None:
    """Its packages are in memory before the model is, and count as none of it. Faults are told where it is loaded."""
    with suppress(Exception):
        said = json.loads((find_folder(folder) or folder).joinpath(DESCRIPTION).read_bytes())
        registry("translators").get(f"{said['distribution']}:{said['translator'].rpartition(':')[2]}")


def images(model: Model, request: Request, batch: int, device: torch.device) -> Tensor:
    drawn = torch.Generator().manual_seed(0)
    shape = (batch, model.task.source.channels, request.height, request.width)
    return torch.rand(shape, generator=drawn).to(device)


def parameters(model: Model) -> Part:
    """All of the translator's, whether training would change them or not; shared ones once."""
    count = sum(it.numel() for it in model.translator.parameters())
    kept = sum(it.numel() for it in model.translator.buffers())
    return Part(parameters=count, notes=(f"buffers, not counted: {kept} number{'s' * (kept != 1)}",) if kept else ())


def latency(taken: Sequence[float], device: torch.device) -> Part:
    """Of calls with one image."""
    threads = f", threads: {torch.get_num_threads()}" if device.type == "cpu" else ""
    return Part(
        latency_ms=1000 * median(taken),
        latency_p95_ms=1000 * percentile(taken, 95),
        notes=(f"latency: batch 1, {len(taken)} calls{threads}",),
    )


def operations(model: Model, image: Tensor) -> Part:
    """A network that cannot be counted costs the other figures nothing."""
    try:
        found = counted(lambda: model(image))
    except Exception as why:
        return Part(notes=(f"operations were not counted: {_line(why)}",))
    left_out = f"; not counted: {', '.join(found.left_out)}" if found.left_out else ""
    return Part(gflop=found.operations / 1e9, notes=(f"2 FLOP per multiply-add{left_out}",))


def throughput(model: Model, images_of: Callable[[int], Tensor], single: Sequence[float], request: Request) -> Part:
    """At batch 8, or the largest that memory suffices for; of batch 1, the seconds are known."""
    for batch in range(BATCH, 1, -1):
        if taken := _batches(model, images_of, batch, request):
            return _throughput(batch, taken)
    return _throughput(1, single)


def _throughput(batch: int, taken: Sequence[float]) -> Part:
    why = f" (memory does not suffice for {BATCH})" if batch < BATCH else ""
    return Part(images_per_s=batch / median(taken), notes=(f"throughput: batch {batch}{why}, {len(taken)} calls",))


def _batches(model: Model, images_of: Callable[[int], Tensor], batch: int, request: Request) -> list[float]:
    """Seconds of each call; none where memory does not suffice."""
    patience = Patience(request.seconds, calls=CALLS_OF_BATCHES, least=LEAST_OF_BATCHES, warm_calls=1)
    try:
        given = images_of(batch)
        return timed(lambda: model(given), Stopwatch(given.device), patience)
    except Exception as why:
        if not is_shortage(why):
            raise
    if torch.cuda.is_available():  # after the exception, which held on to tensors
        torch.cuda.empty_cache()
    return []


def fault(why: BaseException) -> str:
    """What a model that cannot be measured is said to have done."""
    return f"memory does not suffice: {_line(why)}" if is_shortage(why) else _line(why)


def _line(why: BaseException) -> str:
    return " ".join(reason(why).split())[:500]
