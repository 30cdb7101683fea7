"""`report.html` of a bench: every task with its table, its drawings and its pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from spectra.bench.page import album
from spectra.bench.page.album import Album, albums
from spectra.bench.page.board import Board, board_of, ranked
from spectra.bench.page.contents import Contents, Row, bench_contents
from spectra.bench.page.costs import AXES, Cost, CostTable, cost_table
from spectra.bench.page.drawing import series
from spectra.bench.page.paired import Comparisons, comparisons
from spectra.bench.page.scatter import Scatter, scatters
from spectra.bench.page.site import render
from spectra.bench.page.spread import Spread, spreads
from spectra.bench.page.words import asked, command_line, counted, task_title, title, verdict
from spectra.data.atomic import write_text


@dataclass(frozen=True)
class TaskView:
    """What the page shows of a task."""

    anchor: str
    title: str
    about: str
    identity: str
    verdict: str
    notes: tuple[str, ...]
    explained: str
    board: Board
    scatters: tuple[Scatter, ...]
    spreads: tuple[Spread, ...]
    comparisons: tuple[Comparisons, ...]
    costs: CostTable | None
    cost_note: str
    album: Album | None = None

    @property
    def metrics(self) -> list[str]:
        """For which something is drawn, in the order of the table."""
        drawn = {one.metric for one in self.scatters} | {one.metric for one in self.spreads}
        drawn |= {one.metric for one in self.comparisons}
        return [column.name for column in self.board.columns if column.name in drawn]

    @property
    def axes(self) -> list[Cost]:
        drawn = {one.cost for one in self.scatters}
        return [cost for cost in AXES if cost.key in drawn]

    @property
    def drawn(self) -> int:
        """Bytes of all drawings."""
        return sum(len(one.svg) for one in self.scatters) + sum(len(one.svg) for one in self.spreads)


def write_page(folder: Path) -> Path:
    """Build `report.html` of a bench folder from its files alone: `bench.json`, `scores.csv`, `gallery/` and tables."""
    path = folder / "report.html"
    write_text(path, bench_page(folder))
    return path


def bench_page(folder: Path) -> str:
    """The page as text."""
    contents = bench_contents(folder)
    protocol = contents.protocol
    names = contents.tasks
    views = [_task(contents, task, place) for place, task in enumerate(names, start=1)]
    pictures, stored = albums(contents.galleries, album.MOST_BYTES - sum(view.drawn for view in views))
    tasks = [replace(view, album=pictures.get(name)) for name, view in zip(names, views, strict=True)]
    return render(
        "bench.html",
        title=title(contents),
        asked=asked(contents),
        contents=[
            *((task.anchor, task.title) for task in tasks),
            ("protocol", "Protocol"),
            ("again", "The same again"),
        ],
        protocol=protocol,
        scenes=any(said["data"]["scenes"] for said in protocol["tasks"].values()),
        tasks=tasks,
        stored=stored,
        signatures=_signatures(contents.rows),
        command=command_line(protocol["command"]),
        copies=contents.copies,
        combined=sorted(contents.combined.items(), key=_combined_rank),
        environment={"finished": protocol["finished"], **protocol["environment"]},
    )


def _combined_rank(entry: tuple[str, Mapping[str, Any]]) -> tuple[bool, float, str]:
    """The lower the better; those without at the end."""
    method, said = entry
    return said["value"] is None, said["value"] or 0.0, method


def _task(contents: Contents, task: str, place: int) -> TaskView:
    rows, said = contents.rows_of(task), contents.protocol["tasks"].get(task, {})
    board = board_of(rows)
    ordered, alpha = ranked(rows, board.columns), 1 - contents.protocol["confidence"]
    colours = series([(row["method"], row["kind"]) for row in ordered])
    pairs = [pair for pair in contents.pairs if pair["task"] == task]
    costs = cost_table(ordered)
    return TaskView(
        f"task{place}",
        task_title(task),
        _about(said),
        said.get("data", {}).get("identity") or "",
        verdict(rows, board, pairs, alpha),
        tuple(said.get("notes", ())),
        _explained(board, contents.protocol["confidence"]),
        board,
        tuple(scatters(ordered, board.columns, colours)),
        tuple(spreads(ordered, board.columns, contents.images.get(task, {}), colours)),
        tuple(comparisons(pairs, ordered, board.columns, alpha)),
        costs,
        _cost_note(costs),
    )


def _about(said: Mapping[str, Any]) -> str:
    """What the data is, and in what units."""
    data, scales = said.get("data"), said.get("scales")
    parts = []
    if data:
        train = "" if data["train"] is None else f"{counted(data['train'], 'pair')} to learn from, "
        told = f"{data['train']} train, {data['test']} test" in data["origin"]
        parts.append(data["origin"] + ("" if told else f": {train}{data['test']} to judge by"))
    if scales:
        alike = set(scales.values()) == {"dtype"}
        own = "source and target in the range of their file types"
        parts.append(own if alike else ", ".join(f"{side} {_scale(scale)}" for side, scale in scales.items()))
    return "; ".join(parts)


def _scale(scale: str) -> str:
    """A scale that names no unit is the range of the file type."""
    return f"in the range of its file type{scale.removeprefix('dtype')}" if scale.startswith("dtype") else f"in {scale}"


def _explained(board: Board, confidence: float) -> str:
    counts = {column.count for column in board.columns if column.count is not None}
    over = f"Means over {counted(counts.pop(), 'image')}" if len(counts) == 1 else "Means over the test images"
    below = f"below them {100 * confidence:g} % intervals"
    return f"{over}, {below}. A method that does not clear the floors has learned nothing of use."


def _cost_note(costs: CostTable | None) -> str:
    if costs is None:
        return ""
    parts = [
        "One multiply-add counts as two operations.",
        "Latency is the median of one image at a time, throughput that of eight.",
    ]
    return " ".join([*parts, *(f"Measured {words}." for words in costs.measured if words)])


def _signatures(rows: Sequence[Row]) -> dict[str, list[str]]:
    """Of each metric all that stand in any table of what was computed here."""
    found: dict[str, dict[str, None]] = {}
    for row in rows:
        if row["kind"] != "published":
            for name, score in row["scores"].items():
                found.setdefault(name, {})[score["signature"]] = None
    return {name: list(signatures) for name, signatures in found.items()}
