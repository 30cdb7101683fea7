"""Who enters a bench, as people name them: a translator, a recipe, a model, or a folder of finished predictions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from spectra.errors import SpectraError, UnknownName
from spectra.model_folder import DESCRIPTION
from spectra.registry import registry

Kind = Literal["translator", "recipe", "model", "predictions"]
SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True)
class Entrant:
    """One word of ``--methods``."""

    name: str
    """That of its rows."""
    kind: Kind
    what: str
    """The name of a translator, or a path."""
    preset: str | None = None
    """Its own, wherever the others have none."""

    @property
    def path(self) -> Path:
        return Path(self.what)


def entrants(words: Sequence[str], preset: str | None = None) -> list[Entrant]:
    """All that is named, each under a name of its own. ``NAME@PRESET`` chooses a preset for one of them."""
    found = [one for word in words for one in _named(word.strip(), preset)]
    if not found:
        raise SpectraError("Nobody enters: name translators, recipes, models or folders of predictions.")
    taken: dict[str, int] = {}
    own = []
    for one in found:
        taken[one.name] = count = taken.get(one.name, 0) + 1
        own.append(one if count == 1 else replace(one, name=f"{one.name} ({count})"))
    return own


def _named(word: str, preset: str | None) -> Iterator[Entrant]:
    if not word:
        return
    what, mark, chosen = word.rpartition("@") if "@" in word else (word, "", "")
    chosen_preset = chosen if mark else preset
    if what.endswith(SUFFIXES) and Path(what).is_file():
        name = Path(what).stem + (f"@{chosen}" if mark else "")
        yield Entrant(name, "recipe", what, chosen_preset)
    elif what in registry("translators"):
        yield Entrant(word, "translator", what, _known(what, chosen_preset, asked=bool(mark)))
    elif Path(word).is_dir():
        yield from _of_folder(Path(word))
    else:
        raise _nobody(word, what)


def _known(translator: str, preset: str | None, *, asked: bool) -> str | None:
    """A preset that was meant for all is passed over where there is none of that name; one of its own must be there."""
    presets = registry("translators").get(translator).presets
    if preset in presets or preset is None:
        return preset
    if asked:
        raise UnknownName(f"preset of {translator!r}", preset, presets)
    return None


def _of_folder(folder: Path) -> Iterator[Entrant]:
    name = folder.name or folder.resolve().name  # of `.`
    if any((place / DESCRIPTION).is_file() for place in (folder, folder / "model")):
        above = folder.resolve().parent.name
        yield Entrant(above if name == "model" and above else name, "model", str(folder))
    elif several := sorted(path.parent for path in folder.glob(f"models/*/{DESCRIPTION}")):
        for model in several:
            yield Entrant(f"{name}/{model.name}", "model", str(model))
    else:
        yield Entrant(name, "predictions", str(folder))


def _nobody(word: str, what: str) -> SpectraError:
    if what.endswith(SUFFIXES) or "/" in word:
        return SpectraError(f"There is no {word!r}: neither a recipe nor a folder of a model or of predictions.")
    return UnknownName("translator, recipe or folder", what, registry("translators"))
