"""What each arm is fed, where it begins, how long it learns; kept work is only used where it is the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch

pytest.importorskip("torchvision")

from spectra import DataError, SpectraError
from spectra.labels import coco
from spectra_detect import lesson as lessons
from spectra_detect.arms import ARMS, GROWN, REAL, SOURCE, refuse_unequal, require_room
from spectra_detect.batches import Batches, Example, shares_of, target_of
from spectra_detect.detector import detector
from spectra_detect.generator import refuse_other_labels
from spectra_detect.images import LabelledImages
from spectra_detect.learning import learn, rate_at
from spectra_detect.lesson import Lesson
from spectra_detect.settings import DetectorSettings, LearningSettings, Settings
from tests.plugins.detect_data import CLASSES, Row, labelled

BOXES: list[list[Row]] = [[("car", 2, 3, 20, 12), ("person", 30, 10, 8, 25)], [("truck", 20, 20, 30, 16)]]
FAST = LearningSettings(steps=3, tune_steps=2, batch_size=4)
SMALL = DetectorSettings(size=32, width=8, neck=16, convolutions=1)


def silent(what: str, done: int, total: int) -> None:
    """Nobody is told."""


@pytest.fixture
def sets(tmp_path: Path) -> dict[str, LabelledImages]:
    return {
        name: labelled(tmp_path / name, BOXES, seed=seed)
        for seed, name in enumerate(("labelled", "few", "generated", "test"))
    }


@pytest.fixture
def made(tmp_path: Path, sets: dict[str, LabelledImages]) -> Callable[..., Lesson]:
    def lesson(folder: str = "seed0", seed: int = 0, **said: Any) -> Lesson:
        settings = Settings.model_validate(
            {"labels": {"classes": CLASSES, "smallest": 0}, "detector": SMALL, "learning": FAST}
        )
        return Lesson(tmp_path / folder, settings.model_copy(update=said), sets, seed, silent)

    return lesson


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, list[Example]]]:
    """Every batch that a detector is really given, with the number of its call to `learn`."""
    kept: list[tuple[int, list[Example]]] = []
    calls = Counter[str]()
    at = Batches.at

    def spied_learn(*arguments: Any) -> float:
        calls["learn"] += 1
        return learn(*arguments)

    def spied_at(self: Batches, step: int) -> list[Example]:
        batch = at(self, step)
        kept.append((calls["learn"] - 1, batch))
        return batch

    monkeypatch.setattr(lessons, "learn", spied_learn)
    monkeypatch.setattr(Batches, "at", spied_at)
    return kept


def test_each_arm_is_fed_its_own_images_and_for_its_own_steps(made: Callable[..., Lesson], seen: Any) -> None:
    lesson = made()
    steps = {arm.name: lesson.learned(arm)["steps"] for arm in ARMS}
    fed = [[Counter(one.split for one in batch) for call, batch in seen if call == number] for number in range(3)]
    assert fed == [[{"labelled": 4}] * 3, [{"few": 4}] * 2, [{"few": 2, "generated": 2}] * 2]
    assert steps == {"source": 3, "real": 2, "grown": 2}


def test_boxes_come_with_the_image_they_stand_on(sets: dict[str, LabelledImages]) -> None:
    plain = FAST.model_copy(update={"flip": False, "light": 0.0})
    for example in Batches(sets, {"few": 6, "generated": 6}, plain, [0, 2]).at(0):
        images = sets[example.split]
        place = [image.file for image in images.images].index(example.file)
        assert torch.equal(example.image * 255, images.pixels(place).float())
        assert torch.equal(example.found.boxes, images.found[place].boxes)


def test_what_is_mirrored_takes_its_boxes_along(tmp_path: Path) -> None:
    images = labelled(tmp_path / "a", [[("car", 2, 3, 20, 12)]])
    examples = Batches({"a": images}, {"a": 30}, FAST.model_copy(update={"light": 0.0}), [1]).at(0)
    lefts = Counter(example.found.boxes[0].tolist()[0] for example in examples)
    assert set(lefts) == {2.0, 42.0} and min(lefts.values()) > 5
    inside = images.pixels(0)[:, 3:15, 2:22].float() / 255
    for example in examples:
        left, top, right, bottom = example.found.boxes[0].long().tolist()
        shown = example.image[:, top:bottom, left:right]
        assert torch.equal(shown if left == 2 else shown.flip(2), inside)


def test_what_is_ignored_is_not_learned_from(tmp_path: Path) -> None:
    images = labelled(tmp_path / "a", BOXES, smallest=22)
    told = [target_of(example)["boxes"].shape[0] for example in Batches({"a": images}, {"a": 12}, FAST, [0]).at(0)]
    assert set(told) == {1} and images.found[0].ignored.tolist() == [True, False]


def test_a_batch_depends_on_the_seed_the_arm_and_the_step_alone(sets: dict[str, LabelledImages]) -> None:
    def files(key: list[int], step: int) -> list[tuple[str, float]]:
        batch = Batches(sets, {"labelled": 8}, FAST, key).at(step)
        return [(example.file, float(example.image.sum())) for example in batch]

    assert files([0, 1], 5) == files([0, 1], 5)
    assert len({str(files(key, step)) for key, step in (([0, 1], 5), ([1, 1], 5), ([0, 2], 5), ([0, 1], 6))}) == 4


@pytest.mark.parametrize(("share", "expected"), [(0.5, (4, 4)), (0.25, (2, 6)), (0.01, (1, 7)), (0.99, (7, 1))])
def test_the_share_of_real_images(share: float, expected: tuple[int, int]) -> None:
    shares = shares_of(("few", "generated"), LearningSettings(real_share=share, batch_size=8))
    assert tuple(shares.values()) == expected


def test_fine_tuning_begins_where_the_first_arm_ended(made: Callable[..., Lesson], monkeypatch: Any) -> None:
    lesson = made()
    lesson.learned(SOURCE)
    first = lesson.network(SOURCE).state_dict()
    begun: list[Any] = []

    def spied(network: Any, *arguments: Any) -> float:
        begun.append({name: tensor.clone() for name, tensor in network.state_dict().items()})
        return learn(network, *arguments)

    monkeypatch.setattr(lessons, "learn", spied)
    for arm in (REAL, GROWN):
        lesson.learned(arm)
    assert all(torch.equal(state[name], first[name]) for state in begun for name in first)
    ends = [lesson.network(arm).state_dict() for arm in ARMS]
    assert all(any(not torch.equal(one[name], other[name]) for name in first) for one, other in pairwise(ends))


def test_each_seed_begins_with_weights_of_its_own(made: Callable[..., Lesson], monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[float] = []

    def spied(network: Any, *arguments: Any) -> float:
        begun.append(float(network.backbone.body.stem[0].weight.detach().sum()))
        return learn(network, *arguments)

    monkeypatch.setattr(lessons, "learn", spied)
    for folder, seed in (("one", 0), ("again", 0), ("other", 1)):
        made(folder, seed=seed).learned(SOURCE)
    assert begun[0] == begun[1] != begun[2]


def test_the_same_seed_gives_the_same_bits_and_another_one_others(made: Callable[..., Lesson]) -> None:
    one, again, other = made("one"), made("again"), made("other", seed=1)
    weights = [lesson.learned(SOURCE)["weights"] for lesson in (one, again, other)]
    assert weights[0] == weights[1] != weights[2]
    assert one.detections(SOURCE, "test") == again.detections(SOURCE, "test")


@pytest.mark.parametrize(
    "said",
    [
        {"steps": 4},
        {"batch_size": 3},
        {"rate": 1e-2},
        {"decay": 0.5},
        {"clip": 1e-3},
        {"warm_up": 0.9},
        {"flip": False},
        {"light": 0.9},
    ],
    ids=str,
)
def test_every_setting_of_learning_changes_what_is_learned(made: Callable[..., Lesson], said: dict[str, Any]) -> None:
    plain = made("plain").learned(SOURCE)["weights"]
    assert made("other", learning=FAST.model_copy(update=said)).learned(SOURCE)["weights"] != plain


@pytest.mark.parametrize("said", [{"tune_steps": 3}, {"tune_rate": 1e-2}, {"real_share": 0.3}], ids=str)
def test_every_setting_of_fine_tuning_too(made: Callable[..., Lesson], said: dict[str, Any]) -> None:
    ends = []
    for folder, learning in (("plain", FAST), ("other", FAST.model_copy(update=said))):
        lesson = made(folder, learning=learning)
        lesson.learned(SOURCE)
        ends.append(lesson.learned(GROWN)["weights"])
    assert ends[0] != ends[1]


@pytest.mark.parametrize("said", [{"size": 64}, {"width": 16}, {"neck": 24}, {"convolutions": 2}], ids=str)
def test_every_setting_of_the_detector_changes_it(made: Callable[..., Lesson], said: dict[str, Any]) -> None:
    other = made("other", detector=SMALL.model_copy(update=said))
    assert other.learned(SOURCE)["weights"] != made("plain").learned(SOURCE)["weights"]


def test_the_rate_rises_and_falls() -> None:
    rates = [rate_at(step, 100, 2.0, 0.1) for step in range(100)]
    assert rates[:10] == pytest.approx([0.2 * step for step in range(1, 11)]) and max(rates) == 2.0
    assert rates[55] == pytest.approx(1.0) and rates[-1] < 1e-3 and sorted(rates[10:], reverse=True) == rates[10:]


def test_kept_work_is_used_again(made: Callable[..., Lesson], seen: Any) -> None:
    first = made().learned(SOURCE)
    taken = len(seen)
    assert made().learned(SOURCE) == first and len(seen) == taken


def test_kept_work_of_other_data_is_refused(
    made: Callable[..., Lesson], sets: dict[str, LabelledImages], tmp_path: Path
) -> None:
    lesson = made()
    lesson.learned(SOURCE)
    other = labelled(tmp_path / "changed", BOXES, seed=77)
    with pytest.raises(SpectraError, match="has learned from other data or in another way"):
        replace(lesson, sets={**sets, "labelled": other}).learned(SOURCE)


def test_damaged_weights_are_found(made: Callable[..., Lesson], tmp_path: Path) -> None:
    lesson = made()
    lesson.learned(SOURCE)
    path = tmp_path / "seed0" / "source" / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")
    with pytest.raises(SpectraError, match="is damaged"):
        lesson.learned(SOURCE)


def test_arms_of_unequal_length_are_not_compared() -> None:
    refuse_unequal({"source": 9, "real": 5, "grown": 5})
    with pytest.raises(SpectraError, match="'real' took 5 steps and 'grown' 6: they cannot be compared"):
        refuse_unequal({"source": 9, "real": 5, "grown": 6})
    assert REAL.steps(FAST) == GROWN.steps(FAST) == 2


def test_a_batch_of_one_has_no_room_for_two_kinds() -> None:
    with pytest.raises(SpectraError, match=r"learning.batch_size: at least 2"):
        require_room(LearningSettings(batch_size=1))


def test_generated_images_with_the_boxes_of_another_are_refused(tmp_path: Path) -> None:
    source = labelled(tmp_path / "labelled", BOXES, names=["one", "two"])
    refuse_other_labels(labelled(tmp_path / "right", BOXES, names=["one", "two"]), source)
    with pytest.raises(DataError, match="'one' has other boxes"):
        refuse_other_labels(labelled(tmp_path / "swapped", BOXES[::-1], names=["one", "two"]), source)
    with pytest.raises(DataError, match="2 images are labelled and not generated"):
        refuse_other_labels(labelled(tmp_path / "named", BOXES, names=["one", "three"]), source)
    moved = labelled(tmp_path / "moved", [BOXES[0], [("truck", 20, 20, 30, 17)]], names=["one", "two"])
    with pytest.raises(DataError, match="'two' has other boxes"):
        refuse_other_labels(moved, source)
    renamed = labelled(tmp_path / "renamed", [BOXES[0], [("person", 20, 20, 30, 16)]], names=["one", "two"])
    with pytest.raises(DataError, match="'two' has other boxes"):
        refuse_other_labels(renamed, source)
    assert coco.read(tmp_path / "right" / "labels.json").counts()["truck"] == 1


@pytest.mark.parametrize("shape", [(32, 32), (33, 70), (64, 48)])
def test_the_detector_takes_any_size_and_answers_in_the_pixels_of_the_image(shape: tuple[int, int]) -> None:
    network = detector(SMALL, 2, 0.0, 0).eval()
    (answer,) = network([torch.rand(3, *shape)])
    assert len(answer["boxes"]) and answer["boxes"][:, 2].max() <= shape[1] and answer["boxes"][:, 3].max() <= shape[0]


def test_the_background_is_no_detection(made: Callable[..., Lesson]) -> None:
    """An untrained FCOS of torchvision answers with its class 0 too."""
    lesson = made()
    lesson.learned(SOURCE)
    (answer,) = lesson.network(SOURCE)([lesson.sets["test"].pixels(0).float() / 255])
    found = lesson.detections(SOURCE, "test")
    assert 0 in answer["labels"] and {one["category_id"] for one in found} == {1, 2}


def test_it_learns_what_is_easy(tmp_path: Path) -> None:
    """White rectangles on black: after some steps they are found where they are."""
    import cv2
    import numpy as np

    random = np.random.default_rng(0)
    rows: list[list[Row]] = []
    for _ in range(12):
        left, top, wide, high = (
            random.integers(4, 30),
            random.integers(4, 30),
            random.integers(16, 30),
            random.integers(16, 30),
        )
        rows.append([("car", float(left), float(top), float(wide), float(high))])
    images = labelled(tmp_path / "a", rows)
    for image, row in zip(images.images, rows, strict=True):
        _, left, top, wide, high = (int(side) if not isinstance(side, str) else 0 for side in row[0])
        pixels = np.zeros((64, 64), np.uint8)
        pixels[top : top + high, left : left + wide] = 255
        cv2.imwrite(str(images.root / "images" / image.file), pixels)
    network = detector(SMALL.model_copy(update={"size": 64}), 2, 0.05, 0)
    settings = LearningSettings(batch_size=6)
    learn(network, Batches({"a": images}, {"a": 6}, settings, [0]), 60, 5e-3, settings, lambda done, total: None)
    (answer,) = network([images.pixels(0).float() / 255])
    best, (_, left, top, wide, high) = answer["boxes"][0], rows[0][0]
    assert answer["labels"][0] == 1
    assert (best - torch.tensor([left, top, left + wide, top + high])).abs().max() < 8
