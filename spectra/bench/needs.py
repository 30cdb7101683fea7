"""The runs that a recipe needs: carried out before it, or taken as they are where they are finished already."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spectra.bench.counted import Told, silent
from spectra.bench.workshop import HELD
from spectra.errors import SpectraError
from spectra.model_folder import DESCRIPTION, find_folder
from spectra.recipe.dump import recipe_text
from spectra.recipe.layers import parse_assignment, read_layers
from spectra.recipe.load import load_experiment
from spectra.recipe.recipe import Recipe
from spectra.registry import registry

if TYPE_CHECKING:
    from spectra.bench.run import Run

CarryOut = Callable[..., "Run"]
"""What carries out one recipe, as `spectra.bench.run.run` does."""
FINISHED = "metrics.json"


@dataclass(frozen=True)
class Options:
    """What a person says of a run beside its recipe."""

    data: Path | str | None = None
    sets: Sequence[str] = ()
    preset: str | None = None
    device: str = "cpu"
    seed: int | None = None

    def passed_on(self, file: Path) -> Options:
        """What of it a needed recipe is told: all but `--set` of other things than data, and a foreign preset."""
        sets = tuple(said for said in self.sets if parse_assignment(said)[0][0] == "data")
        return replace(self, sets=sets, preset=self.preset if knows_preset(file, self.preset) else None)

    def words(self) -> list[str]:
        """As they would be typed."""
        device = None if self.device == "cpu" else self.device
        said: list[tuple[str, object]] = [("--data", self.data), *(("--set", one) for one in self.sets)]
        said += [("--preset", self.preset), ("--device", device), ("--seed", self.seed)]
        return [shlex.quote(word) for key, value in said if value is not None for word in (key, str(value))]


@dataclass(frozen=True)
class Needs:
    """The finished runs that a recipe needs."""

    folders: Mapping[Path, Path] = field(default_factory=dict)
    """The folder of each run by the file of its recipe, resolved."""
    notes: tuple[str, ...] = ()

    def folder(self, recipe: Path) -> Path:
        return self.folders[recipe.resolve()]


def direct(recipe: Recipe) -> list[Path]:
    """The recipes whose models one recipe begins with or is made of."""
    begins = [recipe.init_from.recipe] if recipe.init_from and recipe.init_from.recipe else []
    return [*begins, *(Path(said["recipe"]) for said in _links(recipe) if said.get("recipe"))]


def _links(recipe: Recipe) -> list[Mapping[str, Any]]:
    if recipe.translator.rpartition(":")[2] != "chain":
        return []
    return [said for said in recipe.settings.get("links", []) if isinstance(said, Mapping)]


def needed(recipes: Iterable[Recipe], options: Options = Options()) -> list[Path]:
    """The files of all recipes that these need, directly or not: each once, after those that it needs itself."""
    found: dict[Path, Path] = {}
    for recipe in recipes:
        _follow(direct(recipe), recipe.name, (), options, found)
    return list(found.values())


def _follow(
    files: Iterable[Path], asker: str, way: tuple[Path, ...], options: Options, found: dict[Path, Path]
) -> None:
    for file in files:
        if file.resolve() in {before.resolve() for before in way}:
            raise SpectraError(_circle((*way, file)))
        if file.resolve() not in found:
            for recipe in _loaded(file, asker, options):
                _follow(direct(recipe), str(file), (*way, file), options, found)
            found[file.resolve()] = file


def _circle(way: Sequence[Path]) -> str:
    first = next(place for place, file in enumerate(way) if file.resolve() == way[-1].resolve())
    told = " needs ".join(map(str, way[first:]))
    return f"Recipes need each other in a circle: {told}. One of them must begin without another's run."


def _loaded(file: Path, asker: str, options: Options) -> tuple[Recipe, ...]:
    said = options.passed_on(file) if file.is_file() else options
    try:
        recipes = load_experiment(file, preset=said.preset, sets=said.sets, data=said.data, seed=said.seed).recipes
    except SpectraError as why:
        raise SpectraError(f"{asker} needs {file}, which cannot be used: {why}") from None
    if len(recipes) > 1:
        raise SpectraError(
            f"{asker} needs {file}, whose matrix stands for {len(recipes)} models, and it can use only one. Name a "
            "recipe without a matrix."
        )
    return recipes


def knows_preset(file: Path, preset: str | None) -> bool:
    """Whether the translator of a recipe, or each that its matrix names, has a preset of that name."""
    translators = registry("translators")
    names = translators_of(file)
    return all(name in translators and preset in translators.get(name).presets for name in names)


def translators_of(file: Path) -> list[str]:
    said = read_layers(file).data
    matrix = said.get("matrix")
    varied = matrix.get("translator") if isinstance(matrix, Mapping) else None
    named = varied if isinstance(varied, list) else [said.get("translator")]
    return [next(iter(name), "") if isinstance(name, Mapping) else str(name) for name in named]


def own_preset(file: Path, options: Options) -> str | None:
    """The preset for the recipe itself: none where only what it needs has one of that name.

    Where nobody has it, it stays, and the loader of recipes says that there is no such preset.
    """
    if options.preset is None or chooses_translator(options.sets) or knows_preset(file, options.preset):
        return options.preset
    return None if knowing(file, options) else options.preset


def heeds_preset(file: Path, options: Options) -> bool:
    """Whether the preset changes anything for a recipe or for what it needs."""
    return own_preset(file, options) is None or chooses_translator(options.sets) or knows_preset(file, options.preset)


def knowing(file: Path, options: Options) -> list[Path]:
    """The recipes needed by one whose translators have the preset that is asked for."""
    recipes = load_experiment(file, sets=options.sets, data=options.data, seed=options.seed).recipes
    return [one for one in needed(recipes, options) if knows_preset(one, options.preset)]


def chooses_translator(sets: Sequence[str]) -> bool:
    return any(parse_assignment(said)[0][0] == "translator" for said in sets)


def carry_out_needs(
    recipes: Sequence[Recipe],
    folder: Path,
    options: Options,
    carry_out: CarryOut,
    *,
    done: Mapping[Path, Path] | None = None,
    told: Told = silent,
) -> Needs:
    """Carry out, or find finished, every run that is needed for the run in ``folder``, beside it.

    ``done`` says which runs there are already, as in a suite: the folder of each by the file of its recipe, resolved.
    """
    folders: dict[Path, Path] = dict(done or {})
    homes = {folder.resolve(): Path(recipes[0].name)}
    notes = []
    for file in needed(recipes, options):
        if file.resolve() in folders:
            continue
        said = options.passed_on(file)
        home = home_of(file, folder.parent, _loaded(file, recipes[0].name, options)[0].name, homes)
        if said.preset != options.preset:
            notes.append(not_passed(file, options.preset))
        folders[file.resolve()] = _carried(file, home, said, carry_out, folders, told).folder
    return Needs(folders, tuple(notes))


def home_of(file: Path, parent: Path, name: str, taken: dict[Path, Path]) -> Path:
    """The folder of a run by the name of its recipe, refused where another has it."""
    home = parent / name
    if home.resolve() in taken:
        raise SpectraError(
            f"{taken[home.resolve()]} and {file} would both be carried out in {str(home)!r}. Give one of them another "
            "`name`, or the run that is asked for another --out."
        )
    taken[home.resolve()] = file
    return home


def not_passed(file: Path, preset: str | None) -> str:
    return (
        f"The preset {preset!r} was not passed on to {file}: {', '.join(translators_of(file))} has none of that name."
    )


def _carried(
    file: Path, home: Path, options: Options, carry_out: CarryOut, done: Mapping[Path, Path], told: Told
) -> Run:
    def of_it(what: str, so_far: int, of_all: int) -> None:
        told(f"{home.name}: {what}", so_far, of_all)

    was_there = (home / FINISHED).is_file() or home.with_name(f"{home.name}.{HELD}").is_dir()
    try:
        return carry_out(file, **said_of(options), out=home, done=dict(done), told=of_it)
    except SpectraError as why:
        anew = " ".join(["spectra run", shlex.quote(str(file)), *options.words(), "--out", shlex.quote(str(home))])
        remedy = f"\nTo carry it out anew: {anew} --fresh" if was_there else ""
        raise SpectraError(f"{file}, which is needed first: {why}{remedy}") from why


def said_of(options: Options) -> dict[str, Any]:
    return {
        "data": options.data,
        "sets": options.sets,
        "preset": options.preset,
        "device": options.device,
        "seed": options.seed,
    }


def made_from(recipes: Iterable[Recipe], needs: Needs) -> list[str]:
    """The models that recipes begin with or are made of, each by its name and a hash of all that it says and holds.

    A run made from other models is another run, though its own recipe is the same.
    """
    folders = [folder for recipe in recipes for folder in _models(recipe, needs)]
    return [f"{folder.name} {_mark(folder)}" for folder in dict.fromkeys(folders)]


def promised(recipe: Recipe, options: Options) -> list[str]:
    """What the models that a recipe needs will be made of: said before they are there, it changes whenever they do."""
    texts = [recipe_text(_loaded(file, recipe.name, options.passed_on(file)), {}) for file in needed([recipe], options)]
    return [*texts, *(f"{folder.name} {_mark(folder)}" for folder in _there(recipe))]


def _models(recipe: Recipe, needs: Needs) -> Iterator[Path]:
    yield from (needs.folder(file) for file in direct(recipe))
    yield from _there(recipe)


def _there(recipe: Recipe) -> Iterator[Path]:
    """Models that are named by their folders."""
    if recipe.init_from is not None and recipe.init_from.run is not None:
        yield recipe.init_from.run
    yield from (Path(said["model"]) for said in _links(recipe) if said.get("model"))


def _mark(folder: Path) -> str:
    """`model.json` holds the settings, and the hash of the weights."""
    found = find_folder(folder)
    assert found is not None  # a path is a folder, or an error was raised
    return hashlib.sha256((found / DESCRIPTION).read_bytes()).hexdigest()
