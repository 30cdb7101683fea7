"""Suites carried out: all of them, each once, whatever becomes of one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from spectra.bench.needs import Options
from spectra.bench.run import Run, run
from spectra.bench.suite import Outcome, plan_suite, run_suite, summary
from spectra.cli.main import main
from spectra.errors import SpectraError
from spectra.recipe.suite import Suite, read_suite
from tests.pair_folders import tree, write_recipe

SCENES = "data: {scenes: {size: 32, train: 2, test: 2}}\nevaluate: {metrics: [mae], floors: [constant], samples: 0}\n"
Write = Callable[..., Path]
PLAIN = Options()


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    monkeypatch.chdir(tmp_path)

    def written(name: str, translator: str = "graydef", begins: str = "", more: str = "") -> Path:
        begun = f"init_from: {tmp_path / begins}\n" if begins else ""
        return write_recipe(tmp_path, f"task: rgb2ir\ntranslator: {translator}\n{begun}{SCENES}{more}", name)

    return written


def suite(folder: Path, *names: str) -> Suite:
    found = read_suite(write_recipe(folder, f"recipes: [{', '.join(names)}]\n", "all.yaml"))
    assert found is not None
    return found


class Recorder:
    """Carries out with `run`, or fails where it is told to; notes what it was asked for."""

    def __init__(self, **failing: Exception) -> None:
        self.failing, self.calls = failing, list[tuple[str, dict[str, Any]]]()

    def __call__(self, recipe: Path, **options: Any) -> Run:
        self.calls.append((recipe.stem, dict(options)))
        if recipe.stem in self.failing:
            raise self.failing[recipe.stem]
        options.pop("done", None)
        return run(recipe, **options)

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.calls]


def carried(found: Suite, carry_out: Recorder, options: Options = PLAIN, **more: Any) -> list[Outcome]:
    return list(run_suite(plan_suite(found, options), carry_out, **more))


def spectra(*words: str) -> Result:
    return CliRunner().invoke(main, ["run", *words])


def test_what_several_need_is_carried_out_once_and_before_them(write: Write, tmp_path: Path) -> None:
    write("base.yaml")
    write("one.yaml", begins="base.yaml")
    write("two.yaml", begins="base.yaml")
    carry_out = Recorder()
    outcomes = carried(suite(tmp_path, "one.yaml", "two.yaml", "base.yaml"), carry_out)
    assert carry_out.names == ["base", "one", "two"]
    assert [outcome.step.member for outcome in outcomes] == [True, True, True]
    done = {(tmp_path / "base.yaml").resolve(): Path("runs/base")}
    assert carry_out.calls[1][1]["done"] == carry_out.calls[2][1]["done"] == done


def test_a_need_that_the_suite_does_not_name_is_told_only_what_goes_on(write: Write, tmp_path: Path) -> None:
    write("base.yaml")
    write("one.yaml", begins="base.yaml")
    carry_out = Recorder()
    said = Options(sets=("settings.factor=1.1", "data.scenes.seed=5"), seed=3)
    outcomes = carried(suite(tmp_path, "one.yaml"), carry_out, said, fresh=True)
    assert [outcome.step.member for outcome in outcomes] == [False, True]
    (_, base), (_, one) = carry_out.calls
    assert base["sets"] == ("data.scenes.seed=5",) and one["sets"] == said.sets
    assert base["seed"] == one["seed"] == 3
    assert (base["fresh"], one["fresh"]) == (False, True)


def test_one_that_fails_stops_only_those_that_need_it(write: Write, tmp_path: Path) -> None:
    write("base.yaml")
    write("one.yaml", begins="base.yaml")
    write("two.yaml")
    write("three.yaml")
    carry_out = Recorder(base=SpectraError("It is NaN."), two=ZeroDivisionError("by nothing"))
    outcomes = carried(suite(tmp_path, "base.yaml", "one.yaml", "two.yaml", "three.yaml"), carry_out)
    assert carry_out.names == ["base", "two", "three"]
    assert [outcome.run is None for outcome in outcomes] == [True, True, True, False]
    assert outcomes[0].reason == "It is NaN." and not outcomes[0].trace
    assert outcomes[1].reason == "it was not carried out, as base, which it needs, failed"
    assert outcomes[2].reason == "ZeroDivisionError: by nothing" and "Traceback" in outcomes[2].trace
    assert [line.split()[3:4] for line in summary(outcomes).splitlines()[1:4]] == [["failed"]] * 3


def test_stopping_stops_the_suite(write: Write, tmp_path: Path) -> None:
    write("one.yaml")
    write("two.yaml")
    carry_out = Recorder(one=KeyboardInterrupt())  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        carried(suite(tmp_path, "one.yaml", "two.yaml"), carry_out)
    assert carry_out.names == ["one"]


def test_a_preset_goes_to_those_who_have_it_and_the_others_are_named(write: Write, tmp_path: Path) -> None:
    write("one.yaml")
    write("two.yaml", "copy")
    write("over.yaml", "copy", begins="one.yaml")
    plan = plan_suite(suite(tmp_path, "one.yaml", "two.yaml", "over.yaml"), Options(preset="fit"))
    assert {step.file.stem: step.options.preset for step in plan.steps} == {"one": "fit", "two": None, "over": "fit"}
    assert plan.notes == (
        f"The preset 'fit' was not passed on to {tmp_path / 'two.yaml'}: copy has none of that name.",
    )


def test_a_preset_that_nobody_has_is_a_fault(write: Write, tmp_path: Path) -> None:
    write("one.yaml")
    write("two.yaml", "copy")
    with pytest.raises(
        SpectraError, match=r"(?s)No translator of the suite .*'fitt'\. Did you mean 'fit'.*Known: .*sar2ir"
    ):
        plan_suite(suite(tmp_path, "one.yaml", "two.yaml"), Options(preset="fitt"))


def test_faults_of_all_members_are_told_with_their_names_before_anything_begins(write: Write, tmp_path: Path) -> None:
    write("one.yaml")
    write("two.yaml", "copy")
    write("three.yaml", more="sed: 1\n")
    with pytest.raises(SpectraError) as caught:
        plan_suite(suite(tmp_path, "one.yaml", "two.yaml", "three.yaml"), Options(sets=("settings.factor=1.1",)))
    told = str(caught.value)
    assert f"{tmp_path / 'two.yaml'}: --set: settings.factor" in told and "Did you mean 'seed'" in told
    assert "one.yaml: --set" not in told and not (tmp_path / "runs").exists()


def test_members_that_need_each_other_are_refused(write: Write, tmp_path: Path) -> None:
    write("one.yaml", begins="two.yaml")
    write("two.yaml", begins="one.yaml")
    with pytest.raises(SpectraError, match="in a circle"):
        plan_suite(suite(tmp_path, "one.yaml", "two.yaml"), Options())


def test_members_of_one_name_are_refused(write: Write, tmp_path: Path) -> None:
    write("one.yaml", more="name: same\n")
    write("two.yaml", more="name: same\n")
    with pytest.raises(SpectraError, match="would both be carried out in 'runs/same'"):
        plan_suite(suite(tmp_path, "one.yaml", "two.yaml"), Options())


def test_the_command_runs_all_and_tells_one_line_each(write: Write, tmp_path: Path) -> None:
    write("one.yaml")
    write("two.yaml", "copy", more="matrix: {seed: [1, 2]}\n")
    suite(tmp_path, "one.yaml", "two.yaml")
    first = spectra("all.yaml", "--out", "here")
    assert first.exit_code == 0, first.output
    header, one, two = first.stdout.splitlines()
    assert header.split() == ["recipe", "task", "method", "score", "best", "floor", "seconds", "report"]
    assert one.startswith("one     rgb2ir  graydef") and " mae ↓ DN " in one and "  constant " in one
    assert one.endswith("here/one/report.html") and two.endswith("here/two/report.html") and "copy seed=" in two
    assert (tmp_path / "here/one/report.html").is_file()
    before = tree(tmp_path)
    again = spectra("all.yaml", "--out", "here")
    assert again.stdout.count("done before") == 2 and tree(tmp_path) == before


def test_the_command_tells_what_failed_at_the_end_and_ends_with_1(write: Write, tmp_path: Path) -> None:
    write("one.yaml")
    write("two.yaml")
    suite(tmp_path, "one.yaml", "two.yaml")
    (tmp_path / "runs" / "one").mkdir(parents=True)
    (tmp_path / "runs" / "one" / "thesis.txt").write_text("mine")
    done = spectra("all.yaml")
    assert done.exit_code == 1 and (tmp_path / "runs/two/report.html").is_file()
    assert done.stderr == "Failed: one.yaml: 'runs/one' exists and is not a run. Choose another --out.\n"
    said = json.loads(spectra("all.yaml", "--json").stdout)
    assert [one["recipe"] for one in said["recipes"]] == ["one.yaml", "two.yaml"]
    assert "is not a run" in said["recipes"][0]["failed"] and said["recipes"][1]["metrics"]["task"] == "rgb2ir"


def test_a_dry_run_tells_the_order_and_does_nothing(write: Write, tmp_path: Path) -> None:
    write("base.yaml")
    write("one.yaml", begins="base.yaml")
    suite(tmp_path, "one.yaml")
    before = tree(tmp_path)
    told = spectra("all.yaml", "--dry-run").stdout.splitlines()
    assert told[0].startswith("Nothing was done") and len(told) == 3
    assert told[1] == "  runs/base: rgb2ir by graydef (needed by others alone)"
    assert told[2] == "  runs/one: rgb2ir by graydef (needs base)"
    said = json.loads(spectra("all.yaml", "--dry-run", "--json").stdout)
    assert [one["finished"] for one in said["recipes"]] == [False, False] and tree(tmp_path) == before


def test_progress_says_whose_it_is(write: Write, tmp_path: Path) -> None:
    write("one.yaml")
    write("two.yaml")
    heard: list[str] = []
    carried(suite(tmp_path, "one.yaml", "two.yaml"), Recorder(), told=lambda what, done, total: heard.append(what))
    assert {what.partition(": ")[0] for what in heard} == {"one", "two"}
