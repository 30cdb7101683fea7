"""The conformance suite turns red for each of these, in the named check, and says what is wrong."""

from __future__ import annotations

import inspect
from dataclasses import replace
from pathlib import Path

import pytest

from spectra import NotScored, Score, Scored, weights
from spectra.testing import Check, Fault, NotApplicable, checks
from tests.plugin_packages import PluginPackages
from tests.testing.faulty import learners, losses, metrics, sound, translators

TRANSLATORS = [
    ("BytesNotUnit", "values", "images are in the unit interval"),
    ("NotANumber", "values", "not finite"),
    ("NotANumber", "model_range", "not a number"),
    ("HalfSize", "shape", "instead of"),
    ("HalfSize", "odd_sizes", "instead of"),
    ("SqueezesOne", "batch_of_one", "instead of"),
    ("Remembers", "no_hidden_state", "keeps a state"),
    ("LooksAtTheBatch", "batch_independence", "depends on the others"),
    ("ChangesItsInput", "input_not_modified", "in place"),
    ("UnderstatesItsReach", "reach", "more than 0 away change a result.*too low"),
    ("ForgetsItsMultiple", "reach", "differs from the whole image"),
    ("NegativeReach", "reach", "is -1, not a number of pixels"),
    ("AlwaysSingle", "dtype", "answers in torch.float32"),
    ("Dices", "determinism", "twice differently"),
    ("KeepsATensorLoose", "device", "KeepsATensorLoose.tones is neither a parameter nor a buffer"),
    ("KeepsATensorLoose", "save_and_load", "another image"),
    ("MakesOnTheCpu", "device", "not on the source's device"),
    ("OnlyEvenSizes", "odd_sizes", "instead of"),
    ("DeadParameter", "no_dead_parameter", "never learn: forgotten"),
    ("TermWithoutGradient", "gradient_of_every_term", "'adversarial' of the player 'generator'.*has no gradient"),
    ("TermOfZeroGradient", "gradient_of_every_term", "'adversarial' of the player 'generator'.*gives no gradient"),
    ("PlayersThatOverlap", "gradient_of_every_term", "leaks into the player"),
    ("GradientThatLeaks", "gradient_of_every_term", "'fake' of the player 'critic'.*leaks into the player 'generator'"),
    ("StaleTerm", "compiled_step", "passes through a player that has stepped"),
    ("DiffersCompiled", "compiled_forward", "from the eager one"),
    ("DiffersCompiled", "compiled_step", "the gradient of .* from the eager one"),
    ("NeedsABatch", "learns_from_one_image", "nan"),
    ("NeverLearns", "learns_somehow", "never be used"),
    ("OddDiagnostics", "diagnostics", "cannot be stored as JSON"),
    ("DriftingSettings", "settings_round_trip", "change on the way"),
    ("Silent", "summary", "empty"),
    ("LearnsByChance", "learning_repeats", "these differ: generator"),
    ("FitsTheLast", "fit_ignores_order", "another order"),
    ("FitsWhatIsMasked", "fit_ignores_masked", "marks as without data"),
    ("ForgetsWhatItLearns", "save_and_load", "state_dict"),
    ("LooseSettings", "settings_frozen", "not frozen"),
    ("LooseSettings", "settings_refuse_unknown_keys", "do not know"),
    ("NoHome", "home_tasks", "does not support its own home task 'nir2rgb'"),
    ("TakesAnything", "unsupported_task", "does not support"),
    ("WrongPreset", "presets", "'setings'"),
]
LOSSES = [
    ("DetachedLoss", "gradient", "detached"),
    ("RootLoss", "gradient_of_equal_images", "not finite"),
    ("ImageLoss", "channels", "take the mean"),
    ("DropoutLoss", "same_in_train_and_eval", "train mode"),
    ("InPlaceLoss", "inputs_not_modified", "in place"),
    ("Likeness", "prefers_equal_images", "teach a fault"),
    ("PickyLoss", "channels", "refuses all.*takes 7 channels"),
    ("BatchLoss", "batch_of_one", "nan"),
    ("WordOfItsOwn", "masked", "'skipped', not one of pixels, windows, filled"),
    ("IgnoresItsMask", "masked", "not finite"),
    ("MultipliesItsMask", "masked", "not finite"),
    ("DividesByNothing", "masks_of_all_and_nothing", "no pixel has data it makes nan"),
    ("SumsWithAMask", "masks_of_all_and_nothing", "true everywhere it differs"),
    ("SingleLoss", "dtype", "in torch.float64 it answers in torch.float32"),
]
METRICS = [
    ("IgnoresTheMask", "mask", "without data matter"),
    ("MultipliesTheMask", "mask", "without data matter"),
    ("ChangesWhatItIsFed", "inputs_not_modified", "in place"),
    ("CountsTheFirstTwice", "order_of_images", "order of the images matters"),
    ("WrongWay", "prefers_equal_images", "higher is better"),
    ("Unsigned", "signature", "empty"),
    ("CountsInItsSignature", "signature", "same kind change its `signature` from 'sound.images:1' to 'sound.images:4'"),
    ("LosesItsName", "signature", "'seen.v1' with images, and 'sound.v1' without: its name"),
    ("LosesAPart", "signature", "'sound.v1' with images, and 'sound.images:unseen.v1' without.*number of parts"),
    ("SignedByAnother", "signature", "of its result is 'another.v1', and its own 'sound.v1'"),
    ("SignedByChance", "signature", "differs between two that are fed alike"),
    ("ForgetsWhatTheOtherSaw", "merge", "its `signature` is 'set.seen:nothing.v1', and 'set.seen:images.v1'"),
    ("LacksAWord", "result", "scores none.*rgb2nir, 64 pixels: it is too dark.*nir2rgb, 192 pixels"),
    ("MakesNaNOfNothing", "empty_result", "of no image it makes nan instead of None"),
    ("ScoresNothing", "empty_result", "instead of None"),
    ("OtherUnit", "unit_and_better", "unit 'DN'"),
    ("OutsideItsInterval", "one_image", "its set"),
    ("OutsideItsInterval", "result", "not within its interval"),
    ("ScoresInfinity", "result", "scores none"),
    ("NeedsAName", "needs", "'vgg19', not a tuple"),
    ("LoadsAtOnce", "needs", "'vgg19' are missing"),
    ("CountsTwice", "counts_its_images", "fed 4 images, scored 4 of them, and says that there are 8"),
    ("SetOfOne", "counts_its_images", "fed 4 images, scored 0 of them, and says that there are 1"),
    ("ForgetsToMerge", "merge", "merged from 2 and 2 images it speaks for 2, and for 4"),
    ("RobsTheOther", "merge", "changes the other one"),
    ("AddsTheMeans", "merge", "merged from . and . images it scores"),
    ("RemembersThePrediction", "memory", "after another prediction of the same targets"),
]
PLANTED = [
    (group, *fault)
    for group, faults in (("translators", TRANSLATORS), ("losses", LOSSES), ("metrics", METRICS))
    for fault in faults
]
CLASSES = {
    name: kind
    for module in (sound, translators, learners, losses, metrics)
    for name, kind in inspect.getmembers(module, inspect.isclass)
    if kind.__module__ == module.__name__ and not name.startswith("_")
}
SOUND = [
    ("translators", "Sound"),
    ("translators", "TwoStages"),
    ("losses", "SoundLoss"),
    ("losses", "SkipsPixels"),
    ("metrics", "SoundMetric"),
    ("metrics", "SoundSet"),
    ("metrics", "SaysWhatItSaw"),
    ("metrics", "LacksALamp"),
]


def checks_of(plugin_packages: PluginPackages, group: str, name: str) -> list[Check]:
    plugin_packages.add(f"faulty-{name.lower()}", {group: {name: f"{CLASSES[name].__module__}:{name}"}})
    return checks(group, name)


@pytest.mark.parametrize(("group", "name", "check", "says"), PLANTED)
def test_a_planted_fault_turns_its_check_red(
    plugin_packages: PluginPackages, group: str, name: str, check: str, says: str
) -> None:
    chosen = next(one for one in checks_of(plugin_packages, group, name) if one.name == check)
    with pytest.raises(Fault, match=f"(?s){says}"):
        chosen()


@pytest.mark.parametrize(("group", "name"), SOUND)
def test_what_the_faults_are_planted_in_is_green(plugin_packages: PluginPackages, group: str, name: str) -> None:
    for check in checks_of(plugin_packages, group, name):
        try:
            check()
        except NotApplicable as why:
            assert str(why)


BUILT = {"NotesItsDevices": ["meta"], "LooksAtValues": ["meta", "cpu"]}


@pytest.mark.parametrize(("name", "built"), BUILT.items())
def test_presets_are_built_without_data_and_with_data_where_a_constructor_needs_it(
    plugin_packages: PluginPackages, name: str, built: list[str]
) -> None:
    CLASSES[name].built.clear()
    next(one for one in checks_of(plugin_packages, "translators", name) if one.name == "presets")()
    assert CLASSES[name].built == built


def test_a_preset_of_which_nothing_can_be_built_is_told_in_the_constructors_words(
    plugin_packages: PluginPackages,
) -> None:
    chosen = checks_of(plugin_packages, "translators", "CannotBeBuilt")
    with pytest.raises(RuntimeError, match="shape"):
        next(one for one in chosen if one.name == "presets")()


def test_a_metric_whose_weights_are_missing_is_checked_as_far_as_it_can_be(
    plugin_packages: PluginPackages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics.SoundMetric, "needs", classmethod(lambda cls, settings: ("vgg19", "alexnet")))
    monkeypatch.setattr(weights, "find", lambda name: None)
    done, left = [], []
    for check in checks_of(plugin_packages, "metrics", "SoundMetric"):
        try:
            check()
        except NotApplicable as why:
            assert "weights vgg19 and alexnet, which are not here" in str(why)
            left.append(check.name)
        else:
            done.append(check.name)
    assert {"needs", "signature", "summary"} <= set(done)
    assert {"result", "merge", "memory", "mask"} <= set(left)


def test_a_metric_that_lacks_something_is_excused_from_each_check_of_a_number(plugin_packages: PluginPackages) -> None:
    done, left = [], []
    for check in checks_of(plugin_packages, "metrics", "LacksALamp"):
        try:
            check()
        except NotApplicable as why:
            assert str(why) == "not scored: needs a lamp"
            left.append(check.name)
        else:
            done.append(check.name)
    assert left == [
        *("signature", "unit_and_better", "result", "counts_its_images", "prefers_equal_images", "order_of_images"),
        *("one_image", "merge", "memory", "mask", "inputs_not_modified"),
    ]
    assert {"needs", "empty_result", "summary"} <= set(done)


def test_a_metric_that_scores_some_images_is_not_excused_for_what_it_lacks_for_others(
    plugin_packages: PluginPackages, monkeypatch: pytest.MonkeyPatch
) -> None:
    def only_one_band(self: metrics.SoundMetric, item: Scored) -> float:
        if len(item.target) == 1:
            raise NotScored("too dark")
        return -item.prediction.mean().item()

    result = metrics.SoundMetric.result
    monkeypatch.setattr(metrics.SoundMetric, "score", only_one_band)
    monkeypatch.setattr(metrics.SoundMetric, "result", lambda self: lacking(result(self)))
    check = next(
        one for one in checks_of(plugin_packages, "metrics", "SoundMetric") if one.name == "prefers_equal_images"
    )
    with pytest.raises(Fault, match="lower is better"):
        check()


def lacking(score: Score) -> Score:
    return replace(score, reason="not scored: needs a lamp") if score.value is None else score


def test_a_merge_is_not_blamed_for_an_empty_result_that_is_not_a_number(plugin_packages: PluginPackages) -> None:
    next(one for one in checks_of(plugin_packages, "metrics", "MakesNaNOfNothing") if one.name == "merge")()


def test_every_faulty_class_is_planted() -> None:
    planted = {name for _, name, _, _ in PLANTED} | {name for _, name in SOUND}
    assert set(CLASSES) - {"Duel", "CannotBeBuilt", *BUILT} == planted


def test_every_check_is_seen_red_or_stands_for_a_plugin_that_never_loads(plugin_packages: PluginPackages) -> None:
    seen = {(group, check) for group, _, check, _ in PLANTED}
    alike = {"settings_frozen", "settings_refuse_unknown_keys", "settings_round_trip", "summary"}  # for all groups
    for group, name in SOUND:
        names = {check.name for check in checks_of(plugin_packages, group, name)}
        unseen = {one for one in names - alike if (group, one) not in seen}
        assert unseen <= {"api_version"}, unseen


def test_the_tutorial_names_every_check(plugin_packages: PluginPackages) -> None:
    page = (Path(__file__).parents[2] / "docs" / "write_a_plugin.md").read_text(encoding="utf-8")
    for group, name in SOUND:
        for check in checks_of(plugin_packages, group, name):
            assert f"`{check.name}`" in page
