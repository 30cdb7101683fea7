"""`spectra data check` and `spectra data stats`, as a person types them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from spectra.cli.data_stats import bars
from spectra.cli.main import main
from spectra.data.images import write_image
from spectra.data.sets.splits import read_split
from tests.data.checkup.photographs import clean, drawn, put
from tests.pair_folders import tree, write_data


def data(*words: object) -> Result:
    return CliRunner().invoke(main, ["data", *map(str, words)])


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    return clean(tmp_path / "pairs", 4, 2)


def test_clean_pairs_end_with_0_and_change_nothing(pairs: Path) -> None:
    before = tree(pairs)
    done = data("check", pairs)

    assert done.exit_code == 0, done.output
    assert "6 places in the layout folders (test 2, train 4)" in done.output
    assert done.output.endswith("Nothing was found amiss.\n")
    assert tree(pairs) == before


def test_faults_end_with_1_and_are_told_first(pairs: Path) -> None:
    (pairs / "train" / "nir" / "001.png").unlink()
    put(pairs, "train/002", nir=np.full_like(drawn(2)[1], 9))
    done = data("check", pairs)

    assert done.exit_code == 1
    assert done.output.index("FAULT  missing partner (1)") < done.output.index("WARNING  constant (1)")
    assert done.output.endswith("1 fault, 1 warning.\n")


def test_json_holds_every_finding_and_group(pairs: Path) -> None:
    put(pairs, "test/005", *drawn(1))
    found = json.loads(data("check", pairs, "--json").output)

    assert [(it["kind"], it["level"], it["places"]) for it in found["findings"]] == [
        ("leak between splits", "fault", ["test/005", "train/001"])
    ]
    assert found["groups"] == [["test/005", "train/001"]]
    assert found["sides"]["rgb"]["sizes"] == {"160×160": 6}


def test_the_page_shows_the_worst_and_needs_nothing_else(pairs: Path, tmp_path: Path) -> None:
    put(pairs, "test/005", *drawn(1))
    put(pairs, "train/002", nir=np.full_like(drawn(2)[1], 9))
    done = data("check", pairs, "--html", tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")

    assert f"Page: {tmp_path / 'page.html'}" in done.output
    assert "test/005" in page and "has the value 9 everywhere" in page
    assert page.count('src="data:image/jpeg;base64,') == 2 * 2 + 2  # both pairs of the leak by side, and the constant
    assert "http" not in page


def test_a_clean_split_is_written_once(pairs: Path, tmp_path: Path) -> None:
    put(pairs, "test/005", *drawn(1))
    done = data("check", pairs, "--write-split", tmp_path / "split.json", "--test", "0.4")
    parts = read_split(tmp_path / "split.json").parts
    again = data("check", pairs, "--write-split", tmp_path / "split.json")

    assert f"Split: {tmp_path / 'split.json'}" in done.output
    assert any({"test/005", "train/001"} <= set(names) for names in parts.values())
    assert again.exit_code == 1 and "never written over" in again.output


@pytest.mark.parametrize("option", ["--html", "--write-split"])
def test_a_file_that_cannot_be_written_is_told_before_the_work(pairs: Path, tmp_path: Path, option: str) -> None:
    done = data("check", pairs, option, tmp_path / "nowhere" / "file")
    assert done.exit_code == 1
    assert "nowhere" in done.output and "places" not in done.output


@pytest.mark.parametrize("command", ["check", "stats"])
def test_a_folder_that_is_not_there_is_a_plain_error(tmp_path: Path, command: str) -> None:
    done = data(command, tmp_path / "absent")
    assert done.exit_code == 1
    assert "absent" in done.output and "Traceback" not in done.output


def test_stats_show_each_side_and_the_floors(tmp_path: Path) -> None:
    done = data("stats", write_data(tmp_path / "pairs"), "--task", "rgb2ir")

    assert done.exit_code == 0, done.output
    assert "rgb: 7 images, 1,344 pixels, 3 bands" in done.output
    assert "ir, rgb" in done.output or "rgb, ir" in done.output
    assert "rgb2ir on pairs (4 train, 3 test pairs)" in done.output
    assert "linear *" in done.output and "copy *" in done.output


def test_stats_in_a_unit(tmp_path: Path) -> None:
    done = data("stats", write_data(tmp_path / "pairs"), "--task", "rgb2ir", "--scale", "ir=K 250..330")
    assert "rmse ↓ K" in done.output


def test_stats_as_json(tmp_path: Path) -> None:
    said = json.loads(data("stats", write_data(tmp_path / "pairs"), "--task", "rgb2ir", "--json").output)

    assert len(said["sides"]["rgb"]["histogram"]) == 64
    assert said["floors"]["methods"]["linear"]["scores"]["psnr"]["mean"] > 15
    assert set(said["sides"]["ir"]["percentiles"]) >= {"1", "50", "99.9"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--no-floors",), "left out, as --no-floors says"),
        (("--task", "rgb2lwir"), "not scored"),
        (("--test", "val"), "not scored"),
    ],
)
def test_statistics_stand_without_floors(tmp_path: Path, words: tuple[str, ...], told: str) -> None:
    done = data("stats", write_data(tmp_path / "pairs"), *words)
    assert done.exit_code == 0, done.output
    assert "rgb: 7 images" in done.output and told in done.output


def test_images_that_cannot_be_read_are_told_and_end_with_1(tmp_path: Path) -> None:
    path = write_data(tmp_path / "pairs") / "train" / "rgb" / "a.png"
    path.write_bytes(path.read_bytes()[:100])
    done = data("stats", tmp_path / "pairs", "--no-floors")

    assert done.exit_code == 1
    assert "rgb: 6 images" in done.output and "1 images were left out" in done.output


def test_a_page_that_cannot_be_written_is_told_by_its_own_name(pairs: Path) -> None:
    done = data("check", pairs, "--html", "/proc/page.html")
    assert done.exit_code == 1
    assert "'/proc/page.html' cannot be written" in done.output


def test_the_page_frames_what_two_crops_share(pairs: Path, tmp_path: Path) -> None:
    rgb, nir = drawn(40, 256)
    put(pairs, "train/001", rgb[:160, :160], nir[:160, :160])
    put(pairs, "train/002", rgb[40:200, 60:220], nir[40:200, 60:220])
    data("check", pairs, "--html", tmp_path / "page.html")

    assert (tmp_path / "page.html").read_text(encoding="utf-8").count("the common part framed") == 4  # twice in alt


def test_a_scale_of_another_modality_is_refused(tmp_path: Path) -> None:
    done = data("stats", write_data(tmp_path / "pairs"), "--task", "rgb2ir", "--scale", "sar=dB -25..0")
    assert done.exit_code == 1
    assert "the modality is rgb or ir" in done.output


def test_data_without_a_split_still_has_statistics(tmp_path: Path) -> None:
    for side in ("rgb", "nir"):
        (tmp_path / side).mkdir()
        for number in range(3):
            image = np.random.default_rng(number).integers(0, 255, (20, 20, 3 if side == "rgb" else 1)).astype(np.uint8)
            write_image(tmp_path / side / f"{number}.png", image)
    done = data("stats", tmp_path)

    assert done.exit_code == 0
    assert "not scored" in done.output and "spectra data split" in done.output


def test_a_histogram_draws_what_is_rare() -> None:
    assert bars((0, 1, 1000, 0)) == " ▁█ "
    assert bars((0,) * 64) == " " * 32
