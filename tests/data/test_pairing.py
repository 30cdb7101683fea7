"""Pairing places that have several images of a side: at random, or in every combination."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spectra.data.catalogue import ImageFile, Place, Window
from spectra.data.images import write_image
from spectra.data.pairs import Looking
from spectra.data.sets.drawn_pairs import DrawnPairs
from spectra.data.sets.listed_pairs import ListedPairs
from spectra.data.sets.pairing import by_combination, combinations, left_out
from spectra.errors import DataError
from spectra.modalities import Task
from tests.data.places import place, value

TASK = Task.parse("rgb2ir")
SIDES = ("rgb", "ir")


def named(name: str, sources: list[str], targets: list[str]) -> Place:
    """A place whose files need not exist."""
    images = {
        side: tuple(ImageFile(Path(f"{name}/{stem}.png")) for stem in stems)
        for side, stems in (("rgb", sources), ("ir", targets))
    }
    return Place(name, name, "train", images)


def stems(it: Place) -> set[tuple[str, str]]:
    return {
        (it.images["rgb"][found.source].path.stem, it.images["ir"][found.target].path.stem)
        for found in combinations(it, SIDES)
    }


@pytest.fixture
def town(tmp_path: Path) -> list[Place]:
    """Three places with 2×3, 1×1 and 4×2 images; the tens of a value tell the place, and both sides differ."""
    return [
        place(tmp_path, "a", {"rgb": [("r1", 10), ("r2", 11)], "ir": [("x1", 15), ("x2", 16), ("x3", 17)]}),
        place(tmp_path, "b", {"rgb": [("r1", 20)], "ir": [("x1", 25)]}),
        place(
            tmp_path,
            "c",
            {"rgb": [(f"r{number}", 30 + number) for number in range(4)], "ir": [("x1", 35), ("x2", 36)]},
        ),
    ]


def every(places: list[Place]) -> ListedPairs:
    return ListedPairs(places, TASK, pairing="all")


def drawn(places: list[Place], visits: int = 1, seed: int = 0) -> DrawnPairs:
    return DrawnPairs(every(places), visits, seed)


def test_all_takes_every_combination_of_a_place_and_none_across_places(town: list[Place]) -> None:
    pairs = every(town)
    found = {(value(pair.source), value(pair.target)) for pair in pairs}
    wanted = {(s, t) for s in (10, 11) for t in (15, 16, 17)} | {(20, 25)}
    assert found == wanted | {(s, t) for s in range(30, 34) for t in (35, 36)}
    assert len(pairs) == len(found) == 6 + 1 + 8
    assert {pair.name.split("~")[0] for pair in pairs} == {pair.group for pair in pairs} == {"a", "b", "c"}


def test_the_names_of_combinations_say_which_images_and_can_be_names_of_files(town: list[Place]) -> None:
    pairs = every(town)
    assert list(pairs.names)[:7] == ["a~1-1", "a~1-2", "a~1-3", "a~2-1", "a~2-2", "a~2-3", "b"]
    pair = pairs[list(pairs.names).index("a~2-3")]
    assert (value(pair.source), value(pair.target)) == (11, 17)


def test_two_pairs_never_have_one_name() -> None:
    with pytest.raises(DataError, match="Two pairs would have the name 'a~1-2'"):
        by_combination([named("a", ["r"], ["x", "y"]), named("a~1-2", ["r"], ["x"])], SIDES)


def test_pairing_by_name_refuses_several_images_of_a_side_and_says_what_to_set(town: list[Place]) -> None:
    with pytest.raises(DataError, match=r"set `data.pairing` to `random` or `all`") as caught:
        ListedPairs(town, TASK)
    told = str(caught.value)
    assert "Two images of 'rgb' have the name 'a': 'r1.png', 'r2.png'" in told
    assert "4 images of 'rgb' have the name 'c'" in told


def test_random_draws_are_a_function_of_seed_epoch_and_index_in_whatever_order_they_are_asked(
    town: list[Place],
) -> None:
    asked = [(index, epoch) for epoch in range(3) for index in range(6)]
    one, other = drawn(town, visits=2, seed=5), drawn(town, visits=2, seed=5)
    forward = {at: one.look(*at).name for at in asked}
    assert {at: other.look(*at).name for at in reversed(asked)} == forward
    assert [pair.name for pair in one] == [forward[index, 0] for index in range(6)]


def test_epochs_visits_and_seeds_differ(town: list[Place]) -> None:
    pairs = drawn(town, visits=20)
    names = [[pairs.look(index, epoch).name for index in range(len(pairs))] for epoch in range(2)]
    assert names[0] != names[1]
    assert len(set(names[0][:20])) > 1
    reseeded = drawn(town, visits=20, seed=1)
    assert [reseeded.look(index).name for index in range(len(pairs))] != names[0]


def test_in_the_long_run_every_combination_comes_about_equally_often_and_never_across_places(
    town: list[Place],
) -> None:
    pairs = drawn(town)
    counts: Counter[int] = Counter()
    for epoch in range(3000):
        for index in range(3):
            at = pairs.drawn(index, epoch)
            counts[at] += 1
            assert pairs.every.files[at].place == "abc"[index]
    assert sorted(counts) == list(range(15))
    expected = [500] * 6 + [3000] + [375] * 8
    assert all(abs(counts[at] - number) <= 5 * number**0.5 for at, number in enumerate(expected))


@settings(max_examples=25, deadline=None)
@given(
    shapes=st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4)), min_size=1, max_size=4),
    visits=st.integers(1, 3),
    seed=st.integers(0, 2**63 - 1),
)
def test_every_visit_stays_in_its_place_and_every_image_comes_some_time(
    shapes: list[tuple[int, int]], visits: int, seed: int
) -> None:
    places = [
        named(str(number), [f"r{i}" for i in range(one)], [f"x{i}" for i in range(other)])
        for number, (one, other) in enumerate(shapes)
    ]
    listing = ListedPairs([], TASK)
    listing.files = by_combination(places, SIDES)
    pairs = DrawnPairs(listing, visits, seed)
    assert len(pairs) == len(places) * visits
    seen: dict[str, set[ImageFile]] = {it.name: set() for it in places}
    for epoch in range(150):
        for index in range(len(pairs)):
            files = listing.files[pairs.drawn(index, epoch)]
            assert files.place == places[index // visits].name
            seen[files.place] |= {files.source, files.target}
    assert all(seen[it.name] == {*it.images["rgb"], *it.images["ir"]} for it in places)


def test_drawn_pairs_know_their_sizes_and_cut_windows(town: list[Place]) -> None:
    pairs = drawn(town)
    assert isinstance(pairs, Looking)
    assert list(pairs.sizes) == [(4, 5)] * 3 and pairs.size(0, 9) == (4, 5)
    part = pairs.look(2, 4, Window(1, 2, 2, 3))
    assert part.name == pairs.look(2, 4).name and part.source.pixels.shape == (3, 2, 3)
    assert list(drawn(town, visits=2).names)[:2] == ["a~visit1", "a~visit2"]


def test_before_a_visit_the_smallest_size_is_known_and_then_its_own(tmp_path: Path) -> None:
    images: dict[str, tuple[ImageFile, ...]] = {}
    for side, channels in (("rgb", 3), ("ir", 1)):
        files = [ImageFile(tmp_path / f"{number}_{side}.png") for number in range(3)]
        for number, file in enumerate(files):
            write_image(file.path, np.zeros((7 - number, 9, channels), np.uint8))
        images[side] = tuple(files)
    pairs = drawn([Place("a", "a", "train", images)], visits=2)
    assert list(pairs.sizes) == [(5, 9)] * 2
    seen = {pairs.size(0, epoch) for epoch in range(30)}
    assert seen == {(7, 9), (6, 9), (5, 9)}
    assert all(pairs.look(0, epoch).source.pixels.shape[1:] == pairs.size(0, epoch) for epoch in range(9))


def test_a_visit_that_is_not_there_is_an_index_error(town: list[Place]) -> None:
    with pytest.raises(IndexError):
        drawn(town)[3]


def test_identity_follows_visits_seed_and_files(town: list[Place]) -> None:
    found = [drawn(town), drawn(town, visits=2), drawn(town, seed=1), drawn(town[:2])]
    assert len({pairs.identity() for pairs in found}) == 4
    assert drawn(town).identity() == found[0].identity()


def test_images_of_one_acquisition_go_only_with_each_other() -> None:
    it = named("a", ["2019_rgb_1", "2020_rgb_1", "mosaic_rgb"], ["2019_ir_1", "2020_ir_1", "Mosaic_IR"])
    assert stems(it) == {
        ("2019_rgb_1", "2019_ir_1"),
        ("2020_rgb_1", "2020_ir_1"),
        ("mosaic_rgb", "Mosaic_IR"),
    }


def test_where_no_acquisition_is_shared_everything_goes_with_everything() -> None:
    assert len(stems(named("a", ["one", "two"], ["three_GEC", "four_GEC", "five_GEC"]))) == 6


def test_what_is_left_on_both_sides_goes_with_what_is_left_alone() -> None:
    it = named("a", ["1_rgb", "2_rgb", "3_rgb"], ["1_ir", "8_ir"])
    assert stems(it) == {("1_rgb", "1_ir"), ("2_rgb", "8_ir"), ("3_rgb", "8_ir")}
    assert left_out([it], SIDES) == 0


def test_what_is_left_on_one_side_is_left_out_and_counted() -> None:
    it = named("a", ["1_rgb", "2_rgb", "3_rgb"], ["1_ir"])
    assert stems(it) == {("1_rgb", "1_ir")}
    assert left_out([it, named("b", ["x"], ["y"])], SIDES) == 2


def test_the_word_of_a_modality_is_a_word_and_no_part_of_another() -> None:
    it = named("a", ["bird_rgb", "fir_rgb"], ["bird_ir", "f_ir"])
    assert stems(it) == {("bird_rgb", "bird_ir"), ("fir_rgb", "f_ir")}
    assert ("2_rgb", "2_3_ir") in stems(named("a", ["2_rgb", "23_rgb"], ["2_3_ir", "4_ir"]))
