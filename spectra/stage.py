"""The contract of a stage: a span of training, with its streams of data, its players, and the step they take."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace
from typing import Any, Literal, Self

import torch
from torch import Tensor, nn

from spectra.errors import SpectraError, did_you_mean
from spectra.loss import Loss
from spectra.masks import filled, mask_for
from spectra.scales import Prediction, at_scales


@dataclass(frozen=True)
class Pairs:
    """A stream of pairs: a batch has ``(source, target)``. Without names, the task's own modalities.

    What it has besides is ``batch.pairs.valid``: where both images have data.
    """

    source: str | None = None
    target: str | None = None


@dataclass(frozen=True)
class Images:
    """A stream of single images of one modality, in an order of their own: a batch has one tensor."""

    modality: str


Stream = Pairs | Images
OfBatch = Literal["batch"]


class MissingStream(SpectraError, AttributeError):
    """An ``AttributeError`` too, so that ``hasattr``, ``copy`` and ``pickle`` work on a batch."""


class PairedBatch(tuple[Tensor, ...]):
    """``source, target = batch.pairs``, and ``batch.pairs.valid``."""

    valid: Tensor | None
    """``(n, 1, h, w)``, true where both images have data; None where they have it everywhere. Elsewhere pixels hold
    some mean, and must not be learned from."""

    def __new__(cls, images: Iterable[Tensor], valid: Tensor | None = None) -> Self:
        made = super().__new__(cls, images)
        made.valid = valid
        return made


class Batch(SimpleNamespace):
    """One entry a stream, by its name: ``source, target = batch.pairs``."""

    def __getattr__(self, name: str) -> Any:
        known = ", ".join(vars(self)) or "none"
        raise MissingStream(f"The stage declares no stream {name!r}.{did_you_mean(name, vars(self))} Known: {known}.")


@dataclass(frozen=True)
class Term:
    """One part of what a player learns from: computed only if its weight is not zero."""

    compute: Callable[[], Tensor]
    weight: float = 1.0


class Update:
    """What one player learns from at a yield: named terms, raw (weights come from preset and recipe) and lazy.

    A term is a function without arguments, or a tensor where nothing is saved by waiting.
    """

    def __init__(self, player: str, /, **terms: Tensor | Callable[[], Tensor] | Term) -> None:
        self.player = player
        self.terms = {name: _term(value) for name, value in terms.items()}


def _term(value: Tensor | Callable[[], Tensor] | Term) -> Term:
    """What is no function is handed on as it is: the trainer says by the term's name what is wrong with it."""
    if isinstance(value, Term):
        return value
    return Term(value if callable(value) else lambda: value)


class Player:
    """Modules that learn together, with an optimizer of their own.

    In a later stage a player of the same name keeps its optimizer, its schedule and its moving average, and may have
    grown. ``fresh``: all of them begin anew. ``fresh="optimizer"``: only the optimizer does.
    """

    def __init__(self, *modules: nn.Module, fresh: bool | Literal["optimizer"] = False) -> None:
        self.modules = modules
        self.fresh = fresh

    @property
    def parameters(self) -> list[nn.Parameter]:
        """Each parameter once, in order, those that are frozen left out."""
        found = {id(p): p for module in self.modules for p in module.parameters() if p.requires_grad}
        return list(found.values())


@dataclass(frozen=True, eq=False)
class Cut:
    """Where a shared tensor leaves the graph that made it: gradients gather on the leaf, then go on at once."""

    original: Tensor
    leaf: Tensor

    @cached_property
    def sources(self) -> frozenset[int]:
        return sources(self.original)


def sources(tensor: Tensor) -> frozenset[int]:
    """The ids of the leaves (parameters, and the leaves of cuts) from which the graph behind ``tensor`` starts."""
    found = {id(tensor)} if tensor.is_leaf else set()
    waiting, seen = [tensor.grad_fn], set()
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):
            found.add(id(node.variable))
        waiting.extend(parent for parent, _ in node.next_functions)
    return frozenset(found)


class Stage(ABC):
    """A span of training. A subclass sets ``name``, ``streams`` and ``players``, and writes ``step`` as in the paper::

        def step(self, batch):
            source, target = batch.pairs
            fake = self.share(self.generator(source))
            yield Update("generator", adversarial=lambda: ..., **self.pairwise(fake, target))
            yield Update("discriminator", real=lambda: ..., fake=lambda: ...)

    At each yield the trainer runs backward into that player's parameters alone, steps its optimizer, and comes back. A
    term that passes through a player that has stepped since must be computed anew after that yield. The first step
    names every term there is: a weight for one that does not exist is refused after the first step of the last stage
    that has its player.
    """

    name: str = "train"
    streams: Mapping[str, Stream] = {"pairs": Pairs()}
    players: Mapping[str, Player]

    def __init__(self) -> None:
        self.losses: dict[str, tuple[Loss, float]] = {}
        self.cuts: list[Cut] = []
        self.present: Batch | None = None
        """The batch of the step that is being taken; the trainer sets it."""

    @abstractmethod
    def step(self, batch: Batch) -> Iterator[Update]:
        """One step of learning: an ``Update`` for each player, in the order in which they learn."""

    def begin(self) -> None:  # noqa: B027  most stages need none
        """Called once, when the stage before it has ended: the place to copy weights from one module to another.

        Afterwards the modules of the stage move to the translator's device, and the players' optimizers are built.
        """

    def share(self, tensor: Tensor) -> Tensor:
        """The same values, for the terms of several players: each that owns the graph behind goes through it once."""
        if not (torch.is_grad_enabled() and tensor.requires_grad):
            return tensor
        leaf = tensor.detach().requires_grad_()
        self.cuts.append(Cut(tensor, leaf))
        return leaf

    def pairwise(
        self, prediction: Prediction, target: Tensor, prefix: str = "", valid: Tensor | OfBatch | None = "batch"
    ) -> dict[str, Term]:
        """The paired losses that the recipe names, as terms, with the recipe's weights.

        A prediction may be a list of one image on several scales: a loss takes the finest, or, where the recipe says
        ``scales: all`` of it, the sum over all, each against the target brought to its size by means over areas.

        Pixels without data play no part. Where there is data is said by the batch: by the stream whose image the target
        is, or else by the only stream of pairs, whose mask is brought to the target's size. An explicit ``valid``,
        ``(n, 1, h, w)``, wins; give one where the target is a part of an image of the batch. None: everywhere.
        """
        mask = self._mask(target, valid) if self.losses else None

        def term(loss: Loss, weight: float) -> Term:
            return Term(lambda: at_scales(loss, prediction, target, mask), weight)

        return {prefix + name: term(loss, weight) for name, (loss, weight) in self.losses.items()}

    def filled(self, image: Tensor, target: Tensor, valid: Tensor | OfBatch | None = "batch") -> Tensor:
        """An image with the target's mean where there is no data, so that no gradient comes from there.

        For terms of a stage's own, such as what a discriminator sees: ``critic(self.filled(fake, target))`` beside
        ``critic(self.filled(target, target))``. ``valid`` as for ``pairwise``.
        """
        return filled(image, target, self._mask(target, valid))

    def _mask(self, target: Tensor, valid: Tensor | OfBatch | None) -> Tensor | None:
        return mask_for(target, self._mask_of_batch(target) if isinstance(valid, str) else valid)

    def _mask_of_batch(self, target: Tensor) -> Tensor | None:
        entries = [] if self.present is None else list(vars(self.present).values())
        for entry in entries:
            if any(image is target for image in (entry if isinstance(entry, tuple) else (entry,))):
                return getattr(entry, "valid", None)
        pairs = [entry for entry in entries if isinstance(entry, PairedBatch)]
        if len(pairs) > 1 and any(entry.valid is not None for entry in pairs):
            raise SpectraError(
                f"The stage {self.name!r} has several streams of pairs, and some pixels have no data: say with "
                "`valid=` which mask a target has that is no image of the batch, such as `valid=batch.pairs.valid`."
            )
        return pairs[0].valid if pairs else None

    def state(self) -> dict[str, Any]:
        """What a stage remembers besides its players, such as image pools: tensors, numbers and text by name."""
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:  # noqa: B027  most remember nothing
        """Take back what ``state`` gave."""
