"""What is asked of every component alike: that it says what it is, and keeps its settings."""

from __future__ import annotations

from spectra.errors import SpectraError
from spectra.model import validated
from spectra.registry import API_VERSION
from spectra.settings import Config
from spectra.testing.check import Fault, require
from spectra.testing.subject import Subject

STRANGE = "no_such_setting"


def api_version(subject: Subject) -> None:
    said = subject.component.api_version
    require(said == API_VERSION, f"it speaks plugin API {said}, this Spectra speaks {API_VERSION}")


def summary(subject: Subject) -> None:
    said = subject.component.summary
    require(bool(said.strip()), "its `summary` is empty: say in one line what it is, for `spectra list`")
    require("\n" not in said, "its `summary` has more than one line")


def settings_frozen(subject: Subject) -> None:
    kind = subject.component.Settings
    require(issubclass(kind, Config), f"its `Settings` are {kind!r}, not a subclass of spectra.Config")
    require(bool(kind.model_config.get("frozen")), "its `Settings` are not frozen: leave that of spectra.Config")


def settings_refuse_unknown_keys(subject: Subject) -> None:
    said = {**subject.settings.model_dump(mode="json"), STRANGE: 1}
    try:
        validated(subject.component, subject.name, said)
    except SpectraError:
        return
    raise Fault("its `Settings` take a key that they do not know: a typo would become a default")


def settings_round_trip(subject: Subject) -> None:
    """Through Python and through JSON, as a model's folder stores them."""
    settings, kind = subject.settings, subject.component.Settings
    require(
        kind.model_validate(settings.model_dump()) == settings, "its settings change on the way through `model_dump`"
    )
    stored = validated(subject.component, subject.name, settings.model_dump(mode="json"))
    require(stored == settings, "its settings change on the way through JSON, as `model.json` stores them")


CHECKS = (api_version, summary, settings_frozen, settings_refuse_unknown_keys, settings_round_trip)
