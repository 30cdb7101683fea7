"""Models that resize: 512 in, 1024 out, said once and kept in the model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import torch
from numpy.typing import NDArray
from torch import Tensor

import spectra
from spectra.data.images import read_image, write_image
from spectra.errors import DataError
from spectra.inference import Inference, resized_mask
from spectra.modalities import Modality, Scale, Task
from spectra.model import Model
from tests.geotiffs import geotiff
from tests.translation.images import image, make

SIZES = [
    (None, None, (6, 9)),
    ((16, 8), None, (6, 9)),
    (None, (12, 5), (12, 5)),
    ((16, 8), (3, 4), (3, 4)),
    ((6, 9), (6, 9), (6, 9)),
]


class Doubled(spectra.Translator):
    """Twice the source, which leaves the unit interval; it remembers what it was given."""

    api_version = 1

    @property
    def multiple(self) -> int:
        return 4

    def forward(self, source: Tensor) -> Tensor:
        self.given = tuple(source.shape[-2:])
        return source * 2


def copy(task: str = "rgb2rgb", **sizes: Any) -> Model:
    model = spectra.load("copy", task)
    model.inference = Inference(**sizes)
    return model


def weights(old: int, new: int) -> NDArray[np.float64]:
    """Of a triangle as wide as two result pixels are, or two source pixels where these are wider: rows sum to 1."""
    scale = old / new
    reach = max(scale, 1.0)
    centres = (np.arange(new)[:, None] + 0.5) * scale - 0.5
    found = np.clip(1 - np.abs(np.arange(old)[None] - centres) / reach, 0, None)
    return np.asarray(found / found.sum(1, keepdims=True))


def by_hand(images: Tensor, size: tuple[int, int]) -> NDArray[np.float64]:
    rows, columns = weights(images.shape[-2], size[0]), weights(images.shape[-1], size[1])
    return np.einsum("rh,nchw,kw->ncrk", rows, images.double().numpy(), columns)


@pytest.mark.parametrize(("input", "output", "size"), SIZES)
def test_the_answer_has_the_size_that_is_said(input: Any, output: Any, size: tuple[int, int]) -> None:
    model = copy(input=input, output=output)
    assert tuple(model(torch.rand(2, 3, 6, 9)).shape) == (2, 3, *size)
    assert model.size_of((6, 9)) == size


def test_source_and_result_are_brought_to_their_sizes_as_by_hand() -> None:
    source = torch.rand(1, 3, 30, 21)
    expected = by_hand(torch.from_numpy(by_hand(source, (16, 8))), (40, 44))
    np.testing.assert_allclose(copy(input=(16, 8), output=(40, 44))(source).numpy(), expected, atol=1e-6)
    back = by_hand(torch.from_numpy(by_hand(source, (16, 8))), (30, 21))
    np.testing.assert_allclose(copy(input=(16, 8))(source).numpy(), back, atol=1e-6)


def test_the_translator_sees_the_input_size_padded_to_its_multiple() -> None:
    model = Model(Doubled(Task.parse("rgb2rgb"), spectra.Config()), "doubled", inference=Inference((10, 13), (5, 5)))
    assert model(torch.rand(1, 3, 64, 64)).shape == (1, 3, 5, 5)
    assert model.translator.given == (12, 16)


def test_values_are_held_to_the_unit_interval_before_they_are_mixed_and_after() -> None:
    model = Model(Doubled(Task.parse("ir2ir"), spectra.Config()), "doubled", inference=Inference(None, (1, 1)))
    halves = torch.tensor([[[[0.0, 1.0]]]])
    assert float(model(halves)) == pytest.approx(0.5)
    assert (
        float(Model(model.translator, "doubled", inference=Inference(None, (7, 7)))(torch.ones(1, 1, 3, 3)).max()) <= 1
    )


def test_a_model_that_does_not_resize_gives_the_bits_it_gave() -> None:
    source = torch.rand(1, 3, 6, 9)
    assert torch.equal(copy()(source), source)


def test_the_sizes_are_told_in_one_sentence_and_native_ones_not_at_all() -> None:
    told = [Inference(input, output).told() for input, output in ((None, None), ((4, 5), None), (None, (6, 7)))]
    assert told == ["", "Sources are brought to 4×5.", "Results are brought to 6×7."]
    assert Inference((4, 5), (6, 7)).told() == "Sources are brought to 4×5, results to 6×7."


def test_what_resizes_has_no_reach() -> None:
    assert copy().reach == 0
    assert copy(input=(4, 4)).reach is None
    assert copy(output=(4, 4)).reach is None


def test_a_pixel_has_data_where_all_it_came_from_had() -> None:
    valid = torch.ones(8, 8, dtype=torch.bool)
    valid[0, 0] = False
    assert (~resized_mask(valid, (4, 4))).nonzero().tolist() == [[0, 0]]
    larger = resized_mask(valid, (16, 16))
    assert not larger[:2, :2].any() and larger[3:].all() and larger[:, 3:].all()
    assert resized_mask(torch.ones(7, 5, dtype=torch.bool), (33, 3)).all()


def test_the_mask_goes_through_both_sizes() -> None:
    valid = torch.ones(16, 16, dtype=torch.bool)
    valid[5, 5] = False
    through = copy(input=(4, 4)).mask_of(valid)
    assert through.shape == (16, 16) and not through[4:8, 4:8].any()
    assert torch.equal(copy().mask_of(valid), valid)


@pytest.mark.parametrize(("input", "output", "size"), SIZES)
def test_the_sizes_are_stored_with_the_model(tmp_path: Path, input: Any, output: Any, size: tuple[int, int]) -> None:
    model = copy(input=input, output=output)
    model.save(tmp_path / "model")
    again = spectra.load(tmp_path / "model")
    assert again.inference == Inference(input, output)
    source = torch.rand(1, 3, 6, 9)
    assert torch.equal(again(source), model(source))


def test_a_model_that_resizes_is_not_for_a_spectra_that_would_not(tmp_path: Path) -> None:
    for name, model, number in (("native", copy(), 1), ("sized", copy(output=(4, 4)), 2)):
        model.save(tmp_path / name)
        assert json.loads((tmp_path / name / "model.json").read_text())["format"] == number


def test_a_model_of_before_loads(tmp_path: Path) -> None:
    copy().save(tmp_path / "model")
    path = tmp_path / "model" / "model.json"
    said = json.loads(path.read_text())
    assert said.pop("inference") == {"input": None, "output": None}
    path.write_text(json.dumps(said))
    assert spectra.load(tmp_path / "model").inference == Inference()


def test_results_have_the_output_size_and_that_is_told(tmp_path: Path) -> None:
    make(tmp_path / "in", "a.png")
    write_image(tmp_path / "in" / "b.png", image(1, size=(12, 18)))
    done = spectra.translate(copy(input=(6, 9), output=(12, 18)), tmp_path / "in", tmp_path / "out")
    assert done.failed == []
    assert {read_image(path).shape for path in done.written} == {(12, 18, 3)}
    assert done.notes == [
        "1 images have results of 12×18, another size than their own.",
        "1 images were brought to 6×9 before they were translated.",
    ]


def test_a_stack_of_sixteen_bits_keeps_its_depth(tmp_path: Path) -> None:
    stack = image(3, 7, "uint16", (10, 14))
    write_image(tmp_path / "a.tif", stack)
    done = spectra.translate(copy("ms72ms7", output=(5, 7)), tmp_path / "a.tif", tmp_path / "out")
    assert done.failed == []
    result = read_image(tmp_path / "out" / "a.tif")
    expected = by_hand(torch.from_numpy(stack.astype(np.float64)).permute(2, 0, 1)[None], (5, 7))[0]
    assert (result.dtype, result.shape) == (np.uint16, (5, 7, 7))
    assert np.abs(result.transpose(2, 0, 1) - expected).max() < 0.53  # a half, and the tie of the rounding


def scaled(nodata: str) -> Model:
    scene = Modality("rgb", 3, Scale.parse(f"dtype nodata {nodata}"))
    model = spectra.load("copy", Task(scene, scene))
    model.inference = Inference(None, (4, 4))
    return model


def test_pixels_without_data_are_marked_at_the_new_size(tmp_path: Path) -> None:
    array = image(3, 3, "uint8", (8, 8)).clip(1)
    array[:4, :4] = 0
    write_image(tmp_path / "a.png", array)
    assert spectra.translate(scaled("0"), tmp_path / "a.png", tmp_path / "out").failed == []
    result = read_image(tmp_path / "out" / "a.png")
    assert (result[:2, :2] == 0).all() and (result[3:] > 0).all() and (result[:, 3:] > 0).all()


def test_a_geotiff_of_another_size_is_refused_unless_its_place_may_go(tmp_path: Path) -> None:
    source = geotiff(tmp_path / "a.tif", image(3, 3, "uint8", (8, 8)))
    refused = spectra.translate(copy(output=(4, 4)), source, tmp_path / "out")
    assert "GeoTIFF of 8×8, and the model makes results of 4×4" in refused.failed[0][1]
    assert "--no-georeference" in refused.failed[0][1]
    plain = spectra.translate(copy(output=(4, 4)), source, tmp_path / "plain", georeference=False)
    assert plain.failed == [] and read_image(plain.written[0]).shape == (4, 4, 3)


def test_a_geotiff_keeps_its_place_where_the_result_has_its_size(tmp_path: Path) -> None:
    source = geotiff(tmp_path / "a.tif", image(3, 3, "uint8", (8, 8)))
    for name, sizes in (("back", {"input": (4, 4)}), ("same", {"output": (8, 8)})):
        assert spectra.translate(copy(**sizes), source, tmp_path / name).failed == []
        with rasterio.open(source) as one, rasterio.open(tmp_path / name / "a.tif") as other:
            assert (other.crs, other.transform, other.shape) == (one.crs, one.transform, (8, 8))


def test_other_sizes_are_other_work(tmp_path: Path) -> None:
    write_image(tmp_path / "a.png", image(0))
    spectra.translate(copy(), tmp_path / "a.png", tmp_path / "native")
    spectra.translate(copy(output=(4, 4)), tmp_path / "a.png", tmp_path / "sized")
    assert len(spectra.translate(copy(output=(4, 4)), tmp_path / "a.png", tmp_path / "sized").skipped) == 1
    for model, folder in ((copy(output=(5, 4)), "sized"), (copy(), "sized"), (copy(output=(4, 4)), "native")):
        with pytest.raises(DataError, match="inference: "):
            spectra.translate(model, tmp_path / "a.png", tmp_path / folder)


def test_a_stamp_of_before_goes_on(tmp_path: Path) -> None:
    write_image(tmp_path / "a.png", image(0))
    spectra.translate(copy(), tmp_path / "a.png", tmp_path / "out")
    stamp = tmp_path / "out" / "spectra.json"
    said = json.loads(stamp.read_text())
    del said["inference"]
    stamp.write_text(json.dumps(said))
    assert len(spectra.translate(copy(), tmp_path / "a.png", tmp_path / "out").skipped) == 1


def test_large_images_go_whole_and_the_limit_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_image(tmp_path / "a.tif", image(0, size=(40, 40)))
    monkeypatch.setattr("spectra.translation.windows.LARGE", 100)
    assert spectra.translate(copy(input=(4, 4)), tmp_path / "a.tif", tmp_path / "out").failed == []
    monkeypatch.setenv("SPECTRA_MAX_PIXELS", "1000")
    failed = spectra.translate(copy(input=(4, 4)), tmp_path / "a.tif", tmp_path / "out2").failed
    assert "resizes its images, and so needs them whole" in failed[0][1]
    monkeypatch.setenv("SPECTRA_MAX_PIXELS", "2000")
    failed = spectra.translate(copy(output=(400, 400)), tmp_path / "a.tif", tmp_path / "out3").failed
    assert "400" in failed[0][1] and "more than the limit" in failed[0][1]
