"""What a pair is read from: halves of files, windows, and masks of valid pixels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from spectra.data.catalogue import ImageFile, Place, Window
from spectra.data.images import write_image
from spectra.data.pairs import Looking, cut
from spectra.data.reader import Reader
from spectra.data.sets.listed_pairs import ListedPairs
from spectra.data.sets.unpaired import Single, Unpaired, singles
from spectra.errors import DataError, ImageError
from spectra.modalities import Modality, Scale, Task

TASK = Task.parse("rgb2ir")
RANDOM = np.random.default_rng(7)


def noise(*shape: int, dtype: str = "uint8") -> NDArray[Any]:
    return RANDOM.integers(1, np.iinfo(dtype).max, shape, endpoint=True).astype(dtype)


def write(root: Path, name: str, image: NDArray[Any]) -> ImageFile:
    write_image(root / name, image)
    return ImageFile(root / name)


def one_place(**images: ImageFile) -> list[Place]:
    return [Place("a", "a", "train", {side: (file,) for side, file in images.items()})]


def with_mask(root: Path, mask: NDArray[Any], suffix: str = ".png") -> tuple[list[Place], NDArray[Any], NDArray[Any]]:
    rgb, ir = noise(6, 7, 3), noise(6, 7, 1)
    places = one_place(
        rgb=write(root, "rgb.png", rgb), ir=write(root, "ir.png", ir), mask=write(root, f"mask{suffix}", mask)
    )
    return places, rgb, ir


@pytest.mark.parametrize("suffix", [".png", ".tif", ".npy"])
def test_a_file_of_two_images_side_by_side_is_a_pair_of_its_halves(tmp_path: Path, suffix: str) -> None:
    both = noise(5, 12, 3, dtype="uint16")
    path = write(tmp_path, f"ab{suffix}", both).path
    task = Task.parse("rgb2rgb")
    places = one_place(A=ImageFile(path, "left"), B=ImageFile(path, "right"))
    pairs = ListedPairs(places, task, ("A", "B"))
    assert list(pairs.sizes) == [(5, 6)]
    for picture, half in ((pairs[0].source, both[:, :6]), (pairs[0].target, both[:, 6:])):
        np.testing.assert_array_equal((picture.pixels * 65535).round().permute(1, 2, 0).numpy(), half)
    window = Window(1, 2, 3, 4)
    part, whole = pairs.look(0, window=window), cut(pairs[0], window)
    assert torch.equal(part.source.pixels, whole.source.pixels)
    assert torch.equal(part.target.pixels, whole.target.pixels)


def test_both_halves_of_a_file_are_told_apart_by_their_fingerprints(tmp_path: Path) -> None:
    path = write(tmp_path, "ab.png", noise(4, 8, 3)).path
    left, right = ImageFile(path, "left"), ImageFile(path, "right")
    one = ListedPairs(one_place(A=left, B=right), Task.parse("rgb2rgb"), ("A", "B"))
    other = ListedPairs(one_place(A=right, B=left), Task.parse("rgb2rgb"), ("A", "B"))
    assert one.fingerprints != other.fingerprints


def test_a_file_of_odd_width_holds_no_two_images(tmp_path: Path) -> None:
    file = ImageFile(write(tmp_path, "ab.png", noise(4, 7, 3)).path, "left")
    for read in (Reader().header, Reader().array):
        with pytest.raises(ImageError, match=r"ab\.png' is 7 pixels wide"):
            read(file)


def test_of_a_window_no_more_than_the_window_is_asked_of_the_reader(tmp_path: Path) -> None:
    asked = []

    class Watching(Reader):
        def array(self, file: ImageFile, window: Window | None = None) -> NDArray[Any]:
            asked.append(window)
            return super().array(file, window)

    places, rgb, _ = with_mask(tmp_path, noise(6, 7, 1))
    pairs = ListedPairs(places, TASK, mask_side="mask", reader=Watching())
    assert isinstance(pairs, Looking)
    window = Window(2, 3, 4, 2)
    part = pairs.look(0, window=window)
    assert asked == [window] * 3
    np.testing.assert_array_equal((part.source.pixels * 255).round().permute(1, 2, 0), rgb[2:6, 3:5])


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_where_a_mask_is_zero_neither_image_has_data(tmp_path: Path, dtype: str) -> None:
    mask = np.ones((6, 7, 1), dtype)
    mask[2:4, 1:5] = 0
    places, rgb, ir = with_mask(tmp_path, mask, ".tif")
    pair = ListedPairs(places, TASK, mask_side="mask")[0]
    known = mask[..., 0] > 0
    for picture, image in ((pair.source, rgb), (pair.target, ir)):
        assert picture.valid is not None
        np.testing.assert_array_equal(picture.valid.numpy(), known)
        values = picture.pixels.permute(1, 2, 0).numpy() * 255
        np.testing.assert_allclose(values[known], image[known], atol=1e-4)
        mean = image[known].astype(np.float64).mean(0)
        np.testing.assert_allclose(values[~known], np.broadcast_to(mean, (8, image.shape[2])), rtol=1e-5)


def test_a_mask_and_what_marks_no_data_add_up(tmp_path: Path) -> None:
    mask = np.full((6, 7, 1), 9, np.uint8)
    mask[0] = 0
    places, _, ir = with_mask(tmp_path, mask)
    ir[1, 1] = 0
    write_image(tmp_path / "ir.png", ir, overwrite=True)
    task = Task(TASK.source, TASK.target.with_scale(Scale.parse("dtype nodata 0")))
    pair = ListedPairs(places, task, mask_side="mask")[0]
    assert pair.source.valid is not None and pair.target.valid is not None
    assert int(pair.source.valid.sum()) == 35 and int(pair.target.valid.sum()) == 34
    assert not pair.target.valid[1, 1] and not pair.target.valid[0].any()


def test_nan_in_a_mask_is_no_data(tmp_path: Path) -> None:
    mask = np.ones((6, 7, 1), np.float32)
    mask[3, 3] = np.nan
    places, _, _ = with_mask(tmp_path, mask, ".npy")
    valid = ListedPairs(places, TASK, mask_side="mask")[0].valid
    assert valid is not None and int((~valid).sum()) == 1 and not valid[3, 3]


def test_a_mask_without_a_zero_masks_nothing(tmp_path: Path) -> None:
    places, _, _ = with_mask(tmp_path, noise(6, 7, 1))
    assert ListedPairs(places, TASK, mask_side="mask")[0].valid is None


def test_masks_that_are_missing_of_another_size_or_of_colours_are_refused(tmp_path: Path) -> None:
    places, _, _ = with_mask(tmp_path, noise(6, 8, 3))
    with pytest.raises(DataError) as caught:
        ListedPairs(places, TASK, mask_side="mask")
    assert "has 3 channels, where a mask has one" in str(caught.value) and "differ in size" in str(caught.value)
    with pytest.raises(DataError, match="1 pairs have not exactly one mask in 'clouds': 'a'"):
        ListedPairs(places, TASK, mask_side="clouds")


def test_of_several_masks_that_of_the_same_acquisition_is_taken(tmp_path: Path) -> None:
    files = {
        side: tuple(
            write(tmp_path, f"{number}_{side}.png", np.full((2, 2, 3 if side == "rgb" else 1), value, np.uint8))
            for number, value in ((1, 255), (2, 255 if side != "mask" else 0))
        )
        for side in ("rgb", "ir", "mask")
    }
    pairs = ListedPairs([Place("a", "a", "train", files)], TASK, mask_side="mask", pairing="all")
    assert [pair.valid is None for pair in pairs] == [True, False]


def test_identity_follows_the_mask(tmp_path: Path) -> None:
    places, _, _ = with_mask(tmp_path, np.ones((6, 7, 1), np.uint8))
    masked = ListedPairs(places, TASK, mask_side="mask").identity()
    assert masked != ListedPairs(places, TASK).identity()
    write_image(tmp_path / "mask.png", np.zeros((6, 7, 1), np.uint8), overwrite=True)
    assert ListedPairs(places, TASK, mask_side="mask").identity() != masked


def test_other_scales_need_no_header_to_be_read_again(tmp_path: Path) -> None:
    places, _, ir = with_mask(tmp_path, noise(6, 7, 1))
    pairs = ListedPairs(places, TASK)
    scaled = pairs.with_scales(Task(TASK.source, TASK.target.with_scale(Scale.parse("DN 0..100"))))
    np.testing.assert_allclose(scaled[0].target.pixels[0].numpy() * 100, ir[..., 0], rtol=1e-6)
    assert scaled.sizes is pairs.sizes and scaled.identity() != pairs.identity()
    assert float(pairs[0].target.pixels.max()) <= 1


def test_single_images_are_read_whole_and_by_window_with_the_mask_of_their_place(tmp_path: Path) -> None:
    mask = np.ones((6, 7, 1), np.uint8)
    mask[:3] = 0
    places, _, ir = with_mask(tmp_path, mask)
    alone = Place("b", "b", "", {"ir": (write(tmp_path, "alone.png", noise(3, 2, 1)),)}, alone=True)
    images = Unpaired(singles([*places, alone], "ir", "mask"), Modality.parse("ir"))
    assert (list(images.names), [images.size(0), images.size(1)]) == (["a", "b"], [(6, 7), (3, 2)])
    assert images[0].valid is not None and int(images[0].valid.sum()) == 21 and images[1].valid is None
    part = images.look(0, 3, Window(3, 1, 2, 2))
    np.testing.assert_array_equal((part.pixels[0] * 255).round(), ir[3:5, 1:3, 0])
    assert images.identity() != Unpaired(singles(places, "ir", "mask"), Modality.parse("ir")).identity()


def test_the_identity_of_single_images_follows_their_names_contents_masks_and_scale(tmp_path: Path) -> None:
    files = [write(tmp_path, f"{name}.png", noise(4, 4, 1)) for name in "abc"]
    ir, kelvin = Modality.parse("ir"), Modality("ir", 1, Scale.parse("K 250..330"))
    found = {
        Unpaired(images, modality).identity()
        for images, modality in (
            ([Single("a", files[0])], ir),
            ([Single("b", files[0])], ir),
            ([Single("a", files[1])], ir),
            ([Single("a", files[0], files[2])], ir),
            ([Single("a", files[0])], kelvin),
        )
    }
    assert len(found) == 5


def test_faults_of_single_images_are_told_together(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"")
    places = [
        Place(name, name, "", {"ir": (file,)}, alone=True)
        for name, file in (("a", ImageFile(tmp_path / "broken.png")), ("b", write(tmp_path, "b.png", noise(2, 2, 4))))
    ]
    with pytest.raises(DataError) as caught:
        Unpaired(singles(places, "ir"), Modality.parse("ir"))
    assert "broken.png" in str(caught.value) and "4 channels, where ir means 1" in str(caught.value)


def test_a_single_image_that_changed_its_size_is_told(tmp_path: Path) -> None:
    file = write(tmp_path, "a.png", noise(4, 4, 1))
    images = Unpaired(singles(one_place(ir=file), "ir"), Modality.parse("ir"))
    write_image(file.path, noise(3, 3, 1), overwrite=True)
    with pytest.raises(DataError, match=r"a\.png' changed while"):
        images[0]
