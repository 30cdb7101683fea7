"""The schema of a recipe: as JSON Schema for editors, and as a page for readers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from spectra.recipe.augment import Operation
from spectra.recipe.matrix import ROOTS
from spectra.recipe.recipe import Recipe


def recipe_schema() -> dict[str, Any]:
    """JSON Schema of a recipe file: the words of `Recipe`, and those that are resolved before it exists."""
    schema = Recipe.model_json_schema()
    properties = schema["properties"]
    del properties["row"]
    properties["extends"] = {"type": "string", "description": "path of a recipe to start from, relative to this one"}
    paths = "|".join(ROOTS)
    properties["matrix"] = {
        "type": "object",
        "description": "setting paths and lists of values: every combination becomes a row of the table",
        "patternProperties": {rf"^({paths})(\..+)?$": {"type": "array", "minItems": 1}},
        "additionalProperties": False,
    }
    schema["required"] = []  # a base may give what this file leaves out
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "A recipe of Spectra"}


def reference() -> str:
    """The keys of a recipe as a Markdown table."""
    rows = ["| key | type | default | meaning |", "|---|---|---|---|"]
    schema = recipe_schema()
    rows += [f"| `{path}` | {kind} | {default} | {text} |" for path, kind, default, text in _keys(schema, schema, "")]
    return "\n".join(rows) + "\n"


def operations() -> str:
    """The operations of `train.augment` and their settings as a Markdown table."""
    schema = Operation.model_json_schema()
    rows = ["| operation | setting | type | default | meaning |", "|---|---|---|---|---|"]
    for name, said in schema["properties"].items():
        settings = _resolved(schema, said["anyOf"][0])
        rows.append(f"| **`{name}`** | | | | {_escaped(settings['description'])} |")
        for path, kind, default, text in _keys(schema, settings, ""):
            rows.append(f"| | `{path}` | {kind} | {default} | {text} |")
    return "\n".join(rows) + "\n"


def _keys(schema: dict[str, Any], node: dict[str, Any], above: str) -> Iterator[tuple[str, str, str, str]]:
    for name, said in node.get("properties", {}).items():
        path = f"{above}{name}"
        inner = _resolved(schema, said)
        if "properties" in inner:
            yield from _keys(schema, inner, f"{path}.")
            continue
        values = inner.get("additionalProperties")
        yield path, _kind(schema, inner).replace("|", "\\|"), _default(said), _escaped(said.get("description", ""))
        if isinstance(values, dict) and "properties" in (entry := _resolved(schema, values)):
            yield from _keys(schema, entry, f"{path}.NAME.")


def _resolved(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in node:
        found: dict[str, Any] = schema["$defs"][node["$ref"].rpartition("/")[2]]
        return found
    return node


def _kind(schema: dict[str, Any], node: dict[str, Any]) -> str:
    node = _resolved(schema, node)
    if "enum" in node:
        return " or ".join(f"`{value}`" for value in node["enum"])
    if "const" in node:
        return f"`{node['const']}`"
    if "anyOf" in node:
        return " or ".join(dict.fromkeys(kind for one in node["anyOf"] if (kind := _kind(schema, one)) != "null"))
    if node.get("type") == "array":
        many: dict[str, Any] = node.get("items") or node.get("prefixItems", [{}])[0]
        return f"list of {_kind(schema, many)}"
    names = {
        "object": "mapping",
        "string": "text",
        "integer": "whole number",
        "number": "number",
        "boolean": "true or false",
        "null": "null",
    }
    return names.get(node.get("type", ""), "anything")


def _default(said: dict[str, Any]) -> str:
    if "default" not in said or said["default"] in (None, {}, ""):
        return ""
    return f"`{said['default']}`"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")
