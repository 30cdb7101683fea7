"""The one line that a plugin author writes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from spectra.errors import SpectraError
from spectra.testing import Check, Fault, NotApplicable, checks, conformance
from tests.plugin_packages import PluginPackages
from tests.testing.faulty import sound


def cases(test: Callable[..., None]) -> list[Check]:
    (mark,) = test.pytestmark  # type: ignore[attr-defined]
    found: list[Check] = mark.args[1]
    assert mark.kwargs["ids"] == [check.name for check in found]
    return found


def raiser(why: Exception) -> Callable[[], None]:
    def body() -> None:
        raise why

    return body


def test_every_check_is_a_case_of_its_own() -> None:
    test = conformance("losses", "l1")
    assert [case.name for case in cases(test)] == [check.name for check in checks("losses", "l1")]
    assert len({case.name for case in cases(test)}) == len(cases(test)) > 10
    for case in cases(test):
        test(case)


def test_a_fault_fails_the_case_and_what_does_not_apply_is_skipped_with_its_reason() -> None:
    test = conformance("losses", "l1")
    with pytest.raises(Fault, match="dark"):
        test(Check("light", raiser(Fault("it is dark"))))
    with pytest.raises(Fault, match="it says why"):
        test(Check("light", raiser(SpectraError("it says why"))))
    with pytest.raises(ZeroDivisionError):
        test(Check("light", raiser(ZeroDivisionError())))
    with pytest.raises(pytest.skip.Exception, match="has no lamp"):
        test(Check("light", raiser(NotApplicable("it has no lamp"))))


def test_a_check_can_be_left_out_for_a_reason() -> None:
    test = conformance("losses", "l1", without={"dtype": "single only"})
    with pytest.raises(pytest.skip.Exception, match="single only"):
        test(Check("dtype", raiser(Fault("red"))))


def test_a_check_that_does_not_exist_cannot_be_left_out() -> None:
    with pytest.raises(ValueError, match="dtypo"):
        conformance("losses", "l1", without={"dtypo": "typo"})


def test_there_are_no_checks_for_commands() -> None:
    with pytest.raises(SpectraError, match="not for 'commands'"):
        checks("commands", "hello")


def test_settings_that_are_wrong_are_said_at_once() -> None:
    with pytest.raises(SpectraError, match="no such key"):
        checks("losses", "l1", settings={"widht": 3})


def test_a_check_leaves_the_random_numbers_of_others_alone() -> None:
    def draw() -> None:
        torch.rand(1)

    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    Check("draws", draw)()
    assert torch.equal(torch.rand(3), expected)


def test_task_preset_and_side_are_what_the_translator_is_checked_with(
    plugin_packages: PluginPackages, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    forward = sound.Sound.forward

    def watched(self: Any, source: Any) -> Any:
        seen.append((str(self.task), tuple(source.shape)))
        return forward(self, source)

    monkeypatch.setattr(sound.Sound, "forward", watched)
    plugin_packages.add("watched", {"translators": {"watched": "tests.testing.faulty.sound:Sound"}})
    shape = next(it for it in checks("translators", "watched", task="nir2rgb", side=40) if it.name == "shape")
    shape()
    assert seen == [("nir2rgb", (2, 1, 40, 40))]
