"""Templates, style and script put into one file that fetches nothing, and may not."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from spectra.bench.gallery_colours import css_gradient
from spectra.bench.samples import HEAT

HERE = Path(__file__).parent
STYLES = ("base", "table", "charts", "gallery", "print")
SCRIPTS = ("start", "theme", "sort", "choose", "gallery", "copy", "paper")


def render(template: str, **said: Any) -> str:
    """The page; everything that is said is escaped but for drawings, which escaped their words themselves."""
    return (
        _environment()
        .get_template(template)
        .render(
            style=_joined("style", STYLES, "css"),
            script=_joined("script", SCRIPTS, "js"),
            policy=_policy(_joined("script", SCRIPTS, "js")),
            spectrum=css_gradient(),
            heat=", ".join(f"rgb{colour} {100 * place:g}%" for place, colour in HEAT),
            **said,
        )
    )


@cache
def _environment() -> Environment:
    loader = ChoiceLoader([PackageLoader("spectra.bench"), PackageLoader("spectra.bench.page")])
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


@cache
def _joined(folder: str, names: tuple[str, ...], ending: str) -> Markup:
    return Markup("".join((HERE / folder / f"{name}.{ending}").read_text(encoding="utf-8") for name in names))


def _policy(script: str) -> str:
    """Browsers run this script alone, and fetch nothing at all."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'"
    )
