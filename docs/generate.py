"""Write the generated parts of the docs anew: python docs/generate.py"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from spectra.bench.harness import metric_of
from spectra.metrics.in_unit import InUnit
from spectra.recipe.schema import reference
from spectra.registry import registry

FOLDER = Path(__file__).parent


def metrics() -> str:
    """Our own metrics as rows of a table."""
    rows = ["| metric | unit | what it is | signature |", "|---|---|---|---|"]
    for plugin in registry("metrics").plugins:
        if plugin.own:
            metric = metric_of(plugin.name, {})
            unit = metric.unit or ("the target's" if isinstance(metric, InUnit) else "none")
            rows.append(f"| `{plugin.name}` | {unit} | {metric.summary} | `{metric.signature.replace('|', ' · ')}` |")
    return "\n".join(rows) + "\n"


PARTS: dict[tuple[str, str], Callable[[], str]] = {
    ("recipes.md", "the keys of a recipe"): reference,
    ("metrics.md", "the metrics"): metrics,
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
