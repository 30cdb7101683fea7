"""Scores image by image."""

from __future__ import annotations

import pytest

from spectra.bench.statistics.images import ImageScores, is_mean


def test_an_image_has_the_mean_of_its_seeds() -> None:
    scores = ImageScores(["x", "y"], ["g", "g"], [[1.0, 2.0], [3.0, 6.0]])
    assert scores.mean() == ImageScores(["x", "y"], ["g", "g"], [[2.0, 4.0]])


def test_an_image_that_a_seed_has_no_score_of_has_none() -> None:
    scores = ImageScores(["x", "y"], ["x", "y"], [[1.0, 2.0], [None, 6.0]])
    assert scores.mean().values == [[None, 4.0]]


def test_a_seed_that_failed_altogether_is_no_seed() -> None:
    scores = ImageScores(["x", "y"], ["x", "y"], [[1.0, 2.0], [None, None]])
    assert scores.mean().values == [[1.0, 2.0]]
    assert ImageScores(["x"], ["x"], [[None]]).mean().values == []


def test_names_are_not_shared_and_lists_are_of_one_length() -> None:
    with pytest.raises(ValueError, match="a name of its own"):
        ImageScores(["x", "x"], ["g", "g"], [[1.0, 2.0]])
    with pytest.raises(ValueError, match="2 images need as many groups"):
        ImageScores(["x", "y"], ["g"], [[1.0, 2.0]])
    with pytest.raises(ValueError, match="2 images need"):
        ImageScores(["x", "y"], ["g", "h"], [[1.0]])


def test_a_score_of_the_set_that_is_not_the_mean_of_its_images_is_known() -> None:
    assert is_mean(2.0, [1.0, None, 3.0])
    assert not is_mean(2.1, [1.0, None, 3.0])
    assert not is_mean(2.0, [None, None])
    assert not is_mean(None, [1.0])


def test_an_image_without_a_group_stands_alone() -> None:
    assert ImageScores(["x", "y"], ["", "g"], [[1.0, 2.0]]).owners == ["x", "g"]


def test_whether_the_score_is_the_mean_of_the_images_is_asked_of_all_seeds() -> None:
    scores = ImageScores(["x", "y"], ["", ""], [[1.0, 2.0], [3.0, None]])
    assert scores.has_mean(2.0) and not scores.has_mean(1.5) and not scores.has_mean(None)
    assert not ImageScores(["x"], [""], [[None]]).has_mean(0.0)
