"""The charts of a run's report as one picture that stands alone: python benchmarks/training_curve.py RUN OUT.svg"""

from __future__ import annotations

import sys
from pathlib import Path

from spectra.bench.curves import HEIGHT, WIDTH, Chart, training_charts

MARGIN, TITLE = 14, 24


def picture(charts: list[Chart]) -> str:
    step = HEIGHT + 2 * TITLE
    parts = [_placed(chart, MARGIN + place * step) for place, chart in enumerate(charts)]
    width, height = WIDTH + 2 * MARGIN, step * len(charts) + MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="sans-serif" font-size="12" color="#222" fill="#222">'
        f'<rect width="100%" height="100%" fill="white"/>{"".join(parts)}</svg>\n'
    )


def _placed(chart: Chart, top: int) -> str:
    drawing = str(chart.svg).replace(
        "<svg ", f'<svg x="{MARGIN}" y="{top + TITLE}" width="{WIDTH}" height="{HEIGHT}" ', 1
    )
    title = f'<text x="{MARGIN}" y="{top + 14}" font-weight="bold">{chart.title}</text>'
    left, words = MARGIN, ""
    for colour, name in chart.legend:
        words += f'<text x="{left}" y="{top + TITLE + HEIGHT + 12}" fill="{colour}">{name}</text>'
        left += 8 * len(name) + 16
    return title + drawing + words


def write_curve(run: Path, into: Path) -> bool:
    """Whether there was anything to draw."""
    charts = training_charts(run / "training" / "log.jsonl")
    if charts:
        into.write_text(picture(charts), encoding="utf-8")
    return bool(charts)


if __name__ == "__main__":
    if not write_curve(Path(sys.argv[1]), Path(sys.argv[2])):
        sys.exit("The run has no log of two steps or more.")
