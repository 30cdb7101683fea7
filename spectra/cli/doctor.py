"""``spectra doctor``: the report of an examination, as text or JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import click

from spectra.cli.main import OWN
from spectra.doctor.examine import LIMIT, Judged, Report, examine


@click.command(
    epilog="""\b
Examples:
  spectra doctor
  spectra doctor --timeout 10
  spectra doctor --json > report.json"""
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=LIMIT,
    show_default=True,
    metavar="SECONDS",
    help="How long a plugin may take to load.",
)
@click.pass_context
def doctor(ctx: click.Context, as_json: bool, timeout: float) -> None:
    """Examine this installation: versions, devices, plugins, weights and optional extras.

    Each plugin is loaded in a process of its own (ours share one while all goes well), so that none can harm another.
    The exit code is 0 when all is well and 1 when anything is faulty: a plugin, its metadata, or an import package that
    another distribution overwrites.
    """
    report = examine(OWN, timeout)
    click.echo(json.dumps(_plain(report), indent=2) if as_json else _text(report))
    ctx.exit(1 if _faulty(report) else 0)


def _faulty(report: Report) -> int:
    return len(report.faults) + sum(judged.status == "fault" for judged in report.plugins)


def _plain(report: Report) -> dict[str, Any]:
    plugins = [{**asdict(it.plugin), "status": it.status, "faults": list(it.faults)} for it in report.plugins]
    return {**asdict(report), "plugins": plugins, "faulty": _faulty(report)}


def _text(report: Report) -> str:
    parts = [
        _section("Versions", _rows({name: it or "not installed" for name, it in report.versions.items()})),
        _section("Devices", _devices(report.devices)),
        _section("Plugins", [line for judged in report.plugins for line in _plugin(judged)] or ["none"]),
        _section("Weights", _weights(report.weights)),
        _section("Optional extras", _rows({name: it or "not installed" for name, it in report.extras.items()})),
        _section("Notes", report.notes),
        _section("Faults", report.faults),
        _summary(_faulty(report)),
    ]
    return "\n\n".join(part for part in parts if part)


def _section(title: str, lines: list[str]) -> str:
    return "\n  ".join([title, *(line.replace("\n", "\n      ") for line in lines)]) if lines else ""


def _rows(rows: dict[str, str]) -> list[str]:
    width = max(map(len, rows), default=0)
    return [f"{name:{width}}  {value}" for name, value in rows.items()]


def _devices(devices: dict[str, Any]) -> list[str]:
    cpu = devices["cpu"]
    rows = {"cpu": f"{cpu['name']}, {cpu['threads']} threads, {_gibibytes(cpu['memory'])}"}
    for number, it in enumerate(devices["cuda"]):
        rows[f"cuda:{number}"] = f"{it['name']}, {_gibibytes(it['memory'])}, compute capability {it['capability']}"
    rows |= {} if devices["cuda"] else {"cuda": "none"}
    rows["mps"] = "available" if devices["mps"] else "none"
    rows |= {"error": devices["error"]} if devices["error"] else {}
    return _rows(rows)


def _gibibytes(count: int | None) -> str:
    return "memory unknown" if count is None else f"{count / 2**30:.1f} GiB"


def _plugin(judged: Judged) -> list[str]:
    it = judged.plugin
    line = f"{judged.status:5}  {it.kind} {it.name} ({it.distribution} {it.version})"
    return [line, *(f"       {fault}" for fault in judged.faults)]


def _weights(weights: dict[str, Any]) -> list[str]:
    note = f"; {weights['note']}" if weights["note"] else ""
    return [
        *_rows({name: it or "not here" for name, it in weights["found"].items()}),
        *(f"not used: {why}" for why in weights["refused"]),
        f"Cache: {weights['folder']} ({weights['files']} files{note})",
        "Set SPECTRA_HOME to keep them elsewhere; `spectra weights fetch NAME` gets what is not here.",
    ]


def _summary(faulty: int) -> str:
    return f"{faulty} fault{'s' if faulty > 1 else ''} found." if faulty else "All is well."
