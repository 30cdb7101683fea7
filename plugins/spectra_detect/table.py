"""What the experiment found, as Markdown."""

from __future__ import annotations

from typing import Any

from spectra_detect.arms import ARMS
from spectra_detect.scoring import AP, AP50, AP75

TITLES = {AP: "mAP@[.5:.95]", AP50: "mAP@.5", AP75: "mAP@.75"}


def markdown(results: dict[str, Any]) -> str:
    """Scores of the arms, differences between them, each seed, and what all of it rests on."""
    parts = [
        f"# {results['name']}: {results['task']}",
        results["said"],
        _arms(results),
        "## Differences, on the same images with the same seeds",
        _differences(results),
        "## Each seed",
        _seeds(results),
        "## What this rests on",
        _ground(results),
    ]
    return "\n\n".join(parts) + "\n"


def _arms(results: dict[str, Any]) -> str:
    classes = results["classes"]
    head = ["arm", TITLES[AP], TITLES[AP50], TITLES[AP75], *(f"AP {name}" for name in classes)]
    names = [AP, AP50, AP75, *(f"class:{name}" for name in classes)]
    rows = [[arm.title, *(_cell(results["arms"][arm.name][name]) for name in names)] for arm in ARMS]
    if home := results.get("at_home"):
        rows.append(
            ["for comparison: the first, on source images of the test scenes", *(_cell(home[name]) for name in names)]
        )
    return _table(head, rows)


def _differences(results: dict[str, Any]) -> str:
    head = ["arms", TITLES[AP], TITLES[AP50], "mAP, images and seeds drawn"]
    rows = [
        [
            told.replace("-", "−"),
            _cell(one[AP], "+"),
            _cell(one[AP50], "+"),
            _between(one[AP].get("interval_with_seeds"), "+"),
        ]
        for told, one in results["differences"].items()
    ]
    return _table(head, rows)


def _seeds(results: dict[str, Any]) -> str:
    count = len(results["arms"][ARMS[0].name][AP]["seeds"])
    head = ["arm", *(f"seed {seed}" for seed in range(count)), "standard deviation"]
    rows = [_seed_row(arm.name, results["arms"][arm.name][AP]) for arm in ARMS]
    rows += [_seed_row(name.replace("-", "−"), one[AP], "+") for name, one in results["differences"].items()]
    return _table(head, rows)


def _seed_row(name: str, one: dict[str, Any], sign: str = "") -> list[str]:
    cells = [f"{_number(seed['value'], sign)} {_between(seed['interval'], sign)}" for seed in one["seeds"]]
    return [name, *cells, _number(one.get("spread"))]


def _ground(results: dict[str, Any]) -> str:
    rows = [
        [
            name,
            str(one["images"]),
            str(one["scenes"]),
            ", ".join(f"{label} {n}" for label, n in one["boxes"].items()),
            str(one["ignored"]),
        ]
        for name, one in results["splits"].items()
    ]
    told = "\n".join(f"- {line}" for line in results["notes"])
    return f"{_table(['split', 'images', 'scenes', 'boxes', 'ignored'], rows)}\n\n{told}"


def _cell(one: dict[str, Any], sign: str = "") -> str:
    return f"{_number(one['mean'], sign)} {_between(one.get('interval'), sign)}".strip()


def _number(value: float | None, sign: str = "") -> str:
    return "–" if value is None else f"{value:{sign}.4f}".replace("-", "−")


def _between(limits: list[float] | None, sign: str = "") -> str:
    return "" if limits is None else f"[{_number(limits[0], sign)}, {_number(limits[1], sign)}]"


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
