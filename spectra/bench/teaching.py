"""A model taught as its recipe says: fitted, trained, or left as it is."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch

from spectra.bench.beginning import Beginning
from spectra.bench.counted import Counted, Told, silent
from spectra.bench.teller import Teller
from spectra.bench.validation import validator
from spectra.chain import FolderOf, not_there
from spectra.data.open import Data
from spectra.loss import Loss
from spectra.model import Model, create, validated
from spectra.recipe.dump import recipe_text
from spectra.recipe.recipe import Recipe
from spectra.registry import registry
from spectra.training.checkpoint import Checkpoints
from spectra.training.feed import PairFeed
from spectra.training.progress import Watcher
from spectra.training.random_state import seed
from spectra.training.rehearsal import rehearse
from spectra.training.trainer import Trainer
from spectra.training.watch.board import Board
from spectra.training.watch.journal import Journal
from spectra.training.world import World

WITHOUT_EFFECT = {"workers", "checkpoint", "log"}
"""What a recipe may change of its training while it is stopped: the weights do not depend on it."""


@dataclass(frozen=True)
class Surroundings:
    """Where a model is taught, and who is told."""

    device: str = "cpu"
    told: Told = silent
    watchers: Sequence[Watcher] = ()
    folder: Path | None = None
    """Where it keeps its checkpoints, its log and its pictures; None: nowhere."""
    world: World = field(default_factory=World)
    said: Callable[[str], None] = lambda text: None
    """Who hears the sentences of the monitor."""
    folder_of: FolderOf = not_there
    """Where the runs are that a recipe needs."""


def teach(model: Model, recipe: Recipe, data: Data, around: Surroundings) -> None:
    """Fit what is fitted in closed form, train what has stages; what is ready and has neither is left as it is."""
    if around.world.rank:
        seed(recipe.seed + around.world.rank)  # each process has its own dropout and pools
    begin = _beginning(model, recipe, around)
    translator, fits = model.translator, model.translator.fits()
    checkpoints = _checkpoints(recipe, data, around)
    trainer = Trainer(
        translator,
        recipe.train,
        losses_of(recipe, around.device),
        {player: dict(terms) for player, terms in recipe.weights.items()},
        list(_watchers(recipe, around)),
        checkpoints,
        validator(model, recipe, data, around.folder and around.folder / "samples", around.world),
        around.world,
        begin,
    )
    pairs = Counted(data.train, f"{recipe.method}: fit", around.told) if fits else None
    trainer.train(feed_of(recipe, data, model, around), pairs)
    translator.to(around.device)
    model.trained = translator.ready or fits or trainer.learned
    model.notes += (*(checkpoints.notes if checkpoints else ()), *_notes(recipe, trainer))


def rehearsed(recipe: Recipe) -> None:
    """Refuse what a recipe says of stages, players and terms that its translator has not, as far as that is known
    without data. Weights of losses that are missing here count as if they were not."""
    said = recipe.weights or recipe.train.players or recipe.train.stages
    if said and registry("translators").get(recipe.translator).learns():
        terms = terms_of_losses(recipe).values()
        task, settings = recipe.resolved_task(), recipe.settings
        rehearse(
            lambda: create(recipe.translator, task, settings=settings).translator, recipe.train, recipe.weights, terms
        )


def _beginning(model: Model, recipe: Recipe, around: Surroundings) -> Beginning | None:
    if recipe.init_from is None:
        return None
    return Beginning(recipe.init_from, model, around.folder_of, around.folder if around.world.first else None)


def _watchers(recipe: Recipe, around: Surroundings) -> Iterator[Watcher]:
    log = recipe.train.log
    yield Teller(recipe.method, around.told)
    if around.folder is not None and around.world.first:
        yield Journal(around.folder / "log.jsonl", log.every, around.said)
        if log.tensorboard:
            yield Board(around.folder / "tensorboard", log.every)
    yield from around.watchers


def feed_of(recipe: Recipe, data: Data, model: Model, around: Surroundings) -> PairFeed:
    """What its stages learn from."""
    return PairFeed(
        data.train,
        model.task,
        recipe.train.batch_size,
        recipe.train.crop,
        recipe.seed,
        around.device,
        model.translator.multiple,
        recipe.train.augment_of,
        data.images,
        around.world,
    )


def _checkpoints(recipe: Recipe, data: Data, around: Surroundings) -> Checkpoints | None:
    if around.folder is None:
        return None
    seen = f"{data.train.identity()}|{_looked_at(recipe, data)}|{data.origin}"
    about: dict[str, str | int] = {
        "recipe": what_matters(recipe),
        "data": hashlib.sha256(seen.encode()).hexdigest(),
        "processes": around.world.size,
        "torch": torch.__version__,
    }
    return Checkpoints(around.folder / "checkpoints", about, recipe.train.checkpoint.keep)


def what_matters(recipe: Recipe) -> str:
    """The recipe without what changes nothing of the weights."""
    train = recipe.train.model_copy(
        update={word: type(recipe.train).model_fields[word].default for word in WITHOUT_EFFECT}
    )
    data = recipe.data.model_copy(update={"root": None, "cache": 0.0})  # what lies there is known by its contents
    return recipe_text([recipe.model_copy(update={"name": "", "train": train, "data": data})], {})


def _looked_at(recipe: Recipe, data: Data) -> str:
    """Validation chooses the weights, where it is asked for."""
    return data.validation.identity() if recipe.train.validation and data.validation else ""


def _notes(recipe: Recipe, trainer: Trainer) -> Iterator[str]:
    """What of the recipe had no effect on what was learned."""
    yield from trainer.notes
    if trainer.learners and not trainer.learned:
        yield f"{recipe.translator} took no step of training, as `train.steps` says 0: it is scored as it began."
    unused = [key for key in ("losses", "weights", "train") if getattr(recipe, key) != Recipe.model_fields[key].default]
    if unused and not trainer.learners:
        told = " and ".join(f"`{key}`" for key in unused)
        yield f"{recipe.translator} does not learn by gradient: what the recipe says under {told} was not used."


def losses_of(recipe: Recipe, device: str) -> dict[str, tuple[Loss, float]]:
    """The paired losses that count in a recipe, with their weights; by the bare name, where no other has it too."""
    found: dict[str, tuple[Loss, float]] = {}
    for name, term in terms_of_losses(recipe).items():
        component, entry = registry("losses").get(name), recipe.losses[name]
        loss: Loss = component(validated(component, name, entry.settings))
        loss.scales = entry.scales
        found[term] = (loss.to(device), entry.weight)
    return found


def terms_of_losses(recipe: Recipe) -> dict[str, str]:
    """What the losses that count are called as terms."""
    bare = {name: name.rpartition(":")[2] for name in recipe.losses}
    alike = Counter(bare.values())
    return {name: bare[name] if alike[bare[name]] == 1 else name for name in recipe.counting}
