"""Who may import whom: the doors of docs/architecture.md."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = [
    {"errors", "settings", "cache", "devices", "better"},
    {"modalities", "registry"},
    {
        "loss",
        "masks",
        "scales",
        "metric",
        "stage",
        "translator",
        "recipe",
        "data.pairs",
        "data.catalogue",
        "data.layout",
        "data.patterns",
    },
    {
        "model",
        "model_folder",
        "inference",
        "link",
        "chain",
        "nn",
        "data",
        "labels",
        "losses",
        "metrics",
        "weights",
        "official",
    },
    {"training", "translation", "doctor", "scaffold", "templates"},
    {"bench", "testing"},
    {"cli", "__main__"},
]
"""From the ground up: a module imports from its own layer and those below."""

# Read only for types, or to be lazy about: the contracts speak of a model's parts before these exist.
LOADED_LATE = {
    ("registry", "translator"),
    ("registry", "loss"),
    ("registry", "metric"),
    ("registry", "data"),
    ("model", "model_folder"),
}


def imports(path: Path) -> Iterator[str]:
    """Every absolute module name a file imports, those inside functions and `if TYPE_CHECKING` too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = list(path.relative_to(ROOT).with_suffix("").parts[: -node.level]) if node.level else []
            base = ".".join([*package, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def layer_of(module: str) -> int | None:
    """The layer of `spectra.x.y`: the most specific name wins."""
    parts = module.split(".")[1:]
    for length in (2, 1):
        name = ".".join(parts[:length])
        for level, names in enumerate(LAYERS):
            if name in names:
                return level
    return None


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


CORE = sorted(path for path in (ROOT / "spectra").rglob("*.py") if path != ROOT / "spectra" / "__init__.py")
PLUGINS = sorted((ROOT / "plugins").rglob("*.py"))


@pytest.mark.parametrize("path", CORE, ids=module_name)
def test_every_module_has_a_layer_and_imports_nothing_from_above(path: Path) -> None:
    own = layer_of(module_name(path))
    assert own is not None, f"{module_name(path)} belongs to no layer: add it to LAYERS and to docs/architecture.md"
    for name in imports(path):
        if name.startswith("spectra.") and (other := layer_of(name)) is not None:
            crossing = (module_name(path).split(".")[1], name.split(".")[1])
            assert other <= own or crossing in LOADED_LATE, f"{module_name(path)} imports {name} from above"


@pytest.mark.parametrize("path", CORE, ids=module_name)
def test_the_core_knows_no_plugin_by_name(path: Path) -> None:
    assert not [name for name in imports(path) if name.startswith("spectra_")]


@pytest.mark.parametrize("path", PLUGINS, ids=module_name)
def test_a_plugin_uses_only_the_public_api_and_no_other_plugin(path: Path) -> None:
    import spectra

    own = path.relative_to(ROOT / "plugins").parts[0]
    for name in imports(path):
        top, _, rest = name.partition(".")
        if top == "spectra":
            public = rest.split(".")[0] in {*spectra.__all__, "labels", "nn", "losses", "recipe", "testing", "weights"}
            assert public and not any(part.startswith("_") for part in rest.split(".")), f"{path.name} imports {name}"
        assert not top.startswith("spectra_") or top == own or path.parent.name == top, f"{path.name} imports {name}"


def test_the_checks_see_files() -> None:
    assert len(CORE) > 40
    assert len(PLUGINS) > 5


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from spectra.cli import run", ["spectra.cli.run"]),
        ("def f():\n    import spectra_graydef.levels", ["spectra_graydef.levels"]),
    ],
)
def test_imports_are_found_wherever_they_stand(
    tmp_path: Path, source: str, found: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    path = tmp_path / "module.py"
    path.write_text(source)
    assert list(imports(path)) == found
