"""Write the generated parts of the docs anew: python docs/generate.py"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from spectra.bench.published_page import markdown
from spectra.data.layout import Layout
from spectra.metrics.in_unit import InUnit
from spectra.recipe.schema import operations, reference
from spectra.registry import registry

FOLDER = Path(__file__).parent


def metrics() -> str:
    """Our own metrics as rows of a table."""
    rows = ["| metric | unit | what it is | signature |", "|---|---|---|---|"]
    for plugin in registry("metrics").plugins:
        if plugin.own:
            component = registry("metrics").get(plugin.name)
            metric = component(component.Settings())  # its weights need not be here
            unit = metric.unit or ("the target's" if isinstance(metric, InUnit) else "none")
            rows.append(f"| `{plugin.name}` | {unit} | {metric.summary} | `{metric.signature.replace('|', ' · ')}` |")
    return "\n".join(rows) + "\n"


def layouts() -> list[Layout]:
    """Our own: those of data sets by name, then those for data of any origin."""
    own = [registry("layouts").get(plugin.name) for plugin in registry("layouts").plugins if plugin.own]
    return sorted(own, key=lambda layout: (layout.generic, layout.name))


def layout_table() -> str:
    """One row a layout."""
    rows = ["| layout | data | sides | found by itself | licence |", "|---|---|---|---|---|"]
    for layout in layouts():
        sides = ", ".join(f"`{side}`" for side in dict.fromkeys(side.modality for side in layout.sides)) or "by folder"
        found = "yes" if layout.recognised else "no, by name"
        rows.append(
            f"| [`{layout.name}`](#{layout.name}) | {layout.title} | {sides} | {found} | {layout.about.licence} |"
        )
    return "\n".join(rows) + "\n"


def layout_details() -> str:
    """All that is known of each."""
    return "\n".join(_about(layout) for layout in layouts())


def _about(layout: Layout) -> str:
    return "\n".join(
        [f"### {layout.name}", "", f"{layout.title}. {layout.about.what}", "", *_facts(layout), *_tree(layout)]
    )


def _facts(layout: Layout) -> Iterator[str]:
    about = layout.about
    said = {
        "Size": about.size,
        "Used for": f"`{layout.task}`" if layout.task else "",
        "Split": about.split,
        "Licence": about.licence,
        "Where": about.where,
        "Cite": about.cite,
    }
    yield from (f"- **{title}**: {text}" for title, text in said.items() if text)
    yield from _several("Traps", about.watch)
    yield from _several("Uncertain", about.uncertain)


def _several(title: str, texts: Sequence[str]) -> Iterator[str]:
    if texts:
        yield f"- **{title}**:"
        yield from (f"  - {text}" for text in texts)


def _tree(layout: Layout) -> Iterator[str]:
    if layout.tree:
        yield from ("", "```text", layout.tree.strip(), "```", "")


PARTS: dict[tuple[str, str], Callable[[], str]] = {
    ("recipes.md", "the keys of a recipe"): reference,
    ("augmentation.md", "the operations"): operations,
    ("metrics.md", "the metrics"): metrics,
    ("datasets.md", "the layouts"): layout_table,
    ("datasets.md", "each layout"): layout_details,
    ("published.md", "the published tables"): markdown,
}


def parts_of(page: Path, title: str) -> tuple[str, str, str]:
    """What stands before, in, and behind a generated part."""
    start = f"<!-- generated: {title} -->\n"
    before, _, rest = page.read_text(encoding="utf-8").partition(start)
    shown, end, after = rest.partition("<!-- end -->")
    return before + start, shown, end + after


def main() -> None:
    for (name, title), make in PARTS.items():
        before, _, after = parts_of(FOLDER / name, title)
        (FOLDER / name).write_text(before + make() + after, encoding="utf-8")


if __name__ == "__main__":
    main()
