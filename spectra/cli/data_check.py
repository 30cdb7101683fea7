"""`spectra data check`: the doctor for pairs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spectra.cli.loading import undisturbed

if TYPE_CHECKING:
    from spectra.data.checkup.check import Checked

LISTED = 5


@click.command(
    "check",
    epilog="""\b
Examples:
  spectra data check pairs/
  spectra data check pairs/ --html check.html
  spectra data check pairs/ --json > check.json
  spectra data check pairs/ --write-split split.json --test 0.2
  spectra data check FLIR/ --layout flir_aligned

\b
The exit code is 1 where there are faults: things that make training or scores wrong. Warnings are to be looked at.""",
)
@click.argument("root", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--layout", metavar="NAME", help="How the data lies.  [default: recognised]")
@click.option("--html", type=click.Path(path_type=Path), metavar="FILE", help="Write a page with pictures.")
@click.option(
    "--write-split",
    "split_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a clean split: images of one scene stay together.",
)
@click.option(
    "--test",
    "share",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.2,
    show_default=True,
    metavar="SHARE",
    help="Of that split, the share of the test places.",
)
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True, help="Of that split.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def check(
    ctx: click.Context,
    root: Path,
    layout: str | None,
    html: Path | None,
    split_file: Path | None,
    share: float,
    seed: int,
    as_json: bool,
) -> None:
    """Look for what is wrong with the pairs in DIR: images missing, damaged, empty, doubled, shifted or leaking.

    Nothing is changed; only --html and --write-split write a file.
    """
    with undisturbed():
        import cv2  # noqa: F401 - it would load with the first image, where a signal could break it

        from spectra.cli.progress import Bars
        from spectra.data.checkup.check import check as examine
        from spectra.data.checkup.page import write_page
        from spectra.data.sets.splits import require_new

    for path in (html, split_file):
        if path is not None:  # before the work, not after it
            require_new(path)
    with Bars() as bars:
        checked = examine(root, layout, bars.told)
    if html is not None:
        write_page(checked, html)
    if split_file is not None:
        _write_split(checked, split_file, share, seed)
    click.echo(json.dumps(checked.as_json(), indent=2, ensure_ascii=False) if as_json else text(checked))
    if not as_json:
        for path, what in ((html, "Page"), (split_file, "Split")):
            if path is not None:
                click.echo(f"{what}: {path}")
    ctx.exit(1 if checked.faults else 0)


def text(checked: Checked) -> str:
    """What was found, the worst first, as much as one screen can bear."""
    return "\n".join([*_head(checked), "", *_findings(checked), *_groups(checked), _verdict(checked)])


def _head(checked: Checked) -> list[str]:
    splits = ", ".join(f"{name or 'no split'} {count}" for name, count in sorted(checked.splits.items()))
    count = sum(checked.splits.values())
    lines = [f"{checked.root}: {count} place{'s' * (count != 1)} in the layout {checked.layout} ({splits})"]
    width = max((len(side) for side in checked.sides), default=0)
    for side, facts in checked.sides.items():
        sizes = list(facts.sizes)
        size = (
            f"{sizes[0]} px" + (f" and {len(sizes) - 1} more size{'s' * (len(sizes) > 2)}" if len(sizes) > 1 else "")
            if sizes
            else "none"
        )
        kinds = f"{', '.join(facts.dtypes)}, {', '.join(facts.bands)} band{'s' * (list(facts.bands) != ['1'])}"
        images = f"{facts.images} image{'s' * (facts.images != 1)}"
        lines.append(f"  {side:{width}}  {images}, {size}, {kinds}, {facts.low:g}..{facts.high:g}")
    return lines


def _findings(checked: Checked) -> list[str]:
    kinds: dict[Any, list[Any]] = {}
    order = {"fault": 0, "warning": 1, "note": 2}
    for finding in sorted(checked.findings, key=lambda it: order[it.level]):
        kinds.setdefault(finding.kind, []).append(finding)
    lines = []
    for kind, findings in kinds.items():
        lines.append(f"{findings[0].level.upper()}  {kind} ({len(findings)})")
        lines += [f"  {finding.text}" for finding in findings[:LISTED]]
        if len(findings) > LISTED:
            lines.append(f"  ... and {len(findings) - LISTED} more: --html shows pictures, --json lists all.")
        lines.append("")
    return lines


def _groups(checked: Checked) -> list[str]:
    if not checked.groups:
        return []
    count, most = sum(map(len, checked.groups)), max(map(len, checked.groups))
    shown = [f"  {', '.join(group[:LISTED])}{', ...' * (len(group) > LISTED)}" for group in checked.groups[:LISTED]]
    more = [f"  ... and {len(checked.groups) - LISTED} more: --json lists all."] * (len(checked.groups) > LISTED)
    told = f"({count} places, at most {most} in one): --write-split FILE writes a split by them."
    groups = f"{len(checked.groups)} group{'s' * (len(checked.groups) > 1)} of places must stay together"
    return [f"{groups} {told}", *shown, *more, ""]


def _verdict(checked: Checked) -> str:
    faults = len(checked.faults)
    warnings = sum(finding.level == "warning" for finding in checked.findings)
    if not (faults or warnings):
        return "Nothing was found amiss."
    return f"{faults} fault{'s' * (faults != 1)}, {warnings} warning{'s' * (warnings != 1)}."


def _write_split(checked: Checked, path: Path, share: float, seed: int) -> None:
    """By the groups that were found, and not by those of the layout alone."""
    from spectra.data.sets.splits import make_split, write_split

    write_split(path, make_split(checked.grouped(), {"test": share}, seed=seed))
