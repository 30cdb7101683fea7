"""`translator: {chain: [...]}`: a chain as a recipe writes it, in the plain keys that it stands for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spectra.recipe.positions import Position

Key = tuple[str | int, ...]
CHAIN, LINKS = "chain", "links"
FILES = ("recipe", "model")
RECIPES = (".yaml", ".yml")


def unfolded(
    data: Mapping[str, Any], positions: Mapping[Key, Position], folder: Path
) -> tuple[dict[str, Any], dict[Key, Position]]:
    """`translator: chain` and `settings: {links: [...]}`; paths in them are anchored to the folder of the recipe.

    What is no chain, or a chain that cannot be read, is left as it is: the check says what is wrong with it.
    """
    own, places = dict(data), dict(positions)
    settings = own.get("settings") or {}
    if not isinstance(settings, Mapping):
        return own, places
    written = _written(own.get("translator"))
    if written is not None and LINKS not in settings:
        own["translator"], settings = CHAIN, {**settings, LINKS: written}
        places = {_moved(key): place for key, place in places.items()}
    if str(own.get("translator")).rpartition(":")[2] == CHAIN and isinstance(settings.get(LINKS), list):
        own["settings"] = {**settings, LINKS: [_anchored(link_of(link), folder) for link in settings[LINKS]]}
    return own, places


def link_of(said: Any) -> Any:
    """A bare word is a recipe where it ends in `.yaml`, a folder where it is a path, else a translator's name."""
    if not isinstance(said, str):
        return said
    if said.endswith(RECIPES):
        return {"recipe": said}
    return {"model" if "/" in said or said.startswith((".", "~")) else "translator": said}


def _written(translator: Any) -> list[Any] | None:
    """The links of `{chain: [...]}`; None of anything else."""
    if isinstance(translator, Mapping) and set(translator) == {CHAIN} and isinstance(translator[CHAIN], list):
        return list(translator[CHAIN])
    return None


def _anchored(link: Any, folder: Path) -> Any:
    if not isinstance(link, Mapping):
        return link
    files = {key: link[key] for key in FILES if isinstance(link.get(key), str) and link[key]}
    return {**link, **{key: str(folder / Path(path).expanduser()) for key, path in files.items()}}


def _moved(key: Key) -> Key:
    return ("settings", LINKS, *key[2:]) if key[:2] == ("translator", CHAIN) else key
