"""Models: called on any size, made by name."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

import spectra
from spectra.errors import SpectraError, UnknownName
from spectra.model import Model, pad_to_multiple


class Asking(spectra.Translator):
    """Keeps what it was given; answers beyond the unit interval."""

    @property
    def multiple(self) -> int:
        return 8

    def forward(self, source: Tensor) -> Tensor:
        self.given = source
        return source[:, :1] * 4 - 1


def asking() -> Model:
    return Model(Asking(spectra.Task.parse("rgb2ir"), spectra.Config()), "asking")


@pytest.mark.parametrize("size", [(8, 16), (9, 15), (3, 5), (1, 1), (1, 40)])
def test_any_height_and_width_is_padded_to_the_multiple_and_cropped_back(size: tuple[int, int]) -> None:
    model = asking()
    assert isinstance(model.translator, Asking)
    answer = model(torch.rand(2, 3, *size))
    assert answer.shape == (2, 1, *size)
    assert all(length % 8 == 0 for length in model.translator.given.shape[-2:])


def test_padding_reflects_where_it_can_and_repeats_the_last_pixel_where_the_image_is_too_small() -> None:
    row = torch.arange(6.0).reshape(1, 1, 1, 6).expand(1, 1, 6, 6)
    assert pad_to_multiple(row, 8)[0, 0, 0].tolist() == [0, 1, 2, 3, 4, 5, 4, 3]
    small = torch.arange(3.0).reshape(1, 1, 1, 3)
    assert pad_to_multiple(small, 8)[0, 0, 7].tolist() == [0, 1, 2, 2, 2, 2, 2, 2]


def test_nothing_is_copied_where_the_size_divides() -> None:
    image = torch.rand(1, 3, 8, 16)
    assert pad_to_multiple(image, 8) is image


def test_the_answer_is_clamped_to_the_unit_interval() -> None:
    answer = asking()(torch.linspace(0, 1, 64).reshape(1, 1, 8, 8).repeat(1, 3, 1, 1))
    assert (answer.min(), answer.max()) == (0, 1)


@pytest.mark.parametrize("shape", [(3, 8, 8), (1, 1, 8, 8), (1, 4, 8, 8)])
def test_a_wrong_shape_is_told_with_the_one_that_is_meant(shape: tuple[int, ...]) -> None:
    with pytest.raises(SpectraError, match=r"takes \(n, 3, h, w\) images of rgb"):
        asking()(torch.rand(*shape))


def test_a_translator_that_answers_with_the_wrong_shape_is_named() -> None:
    model = asking()
    model.translator.forward = lambda source: source[:, :2]  # type: ignore[method-assign]
    with pytest.raises(SpectraError, match=r"'asking' gave an image of shape \(1, 2, 8, 8\) instead of \(1, 1, 8, 8\)"):
        model(torch.rand(1, 3, 8, 8))


def test_a_name_gives_a_fresh_model_in_eval_mode_of_its_home_task() -> None:
    model = spectra.load("graydef")
    assert (str(model.task), model.trained, model.training) == ("rgb2ir", True, False)


def test_settings_win_over_a_preset() -> None:
    assert spectra.load("graydef", preset="sar2ir").translator.settings.factor == 1.15
    assert spectra.load("graydef", preset="sar2ir", factor=1.2).translator.settings.factor == 1.2


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: spectra.load("graydeff"), "Did you mean 'graydef'"),
        (lambda: spectra.load("graydef", preset="sar2eo"), "No preset of 'graydef' is named 'sar2eo'"),
        (lambda: spectra.load("graydef", facto=1), "facto: there is no such key. Did you mean 'factor'"),
        (lambda: spectra.load("graydef", task="rgb2rgb"), "does not support the task rgb2rgb"),
        (lambda: spectra.load("copy"), "'copy' has no home task"),
        (lambda: spectra.load("graydef", task="rgb3ir"), "'rgb3ir' is not a task"),
    ],
)
def test_a_wrong_word_is_told_with_the_right_one(call: object, message: str) -> None:
    assert callable(call)
    with pytest.raises(SpectraError, match=message):
        call()


def test_an_unknown_preset_is_an_unknown_name() -> None:
    with pytest.raises(UnknownName):
        spectra.load("graydef", preset="nothing")


def test_what_is_fitted_is_not_ready_before() -> None:
    assert not spectra.load("constant", task="rgb2ir").trained
    assert not spectra.load("graydef", preset="fit").trained
