"""Submissions to MAVIC-T: what is packed is valid, and what is not valid is found."""

from __future__ import annotations

import shutil
import stat
import struct
import zlib
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import cv2
import numpy as np
import pytest
import tifffile
from click.testing import CliRunner, Result
from numpy.typing import NDArray

import spectra
from spectra import SpectraError
from spectra_pix2pixhd.command import pbvs
from spectra_pix2pixhd.pack import pack
from spectra_pix2pixhd.pack_check import check
from spectra_pix2pixhd.pack_readme import Readme, read_readme
from tests.pair_folders import tree

README = Readme(0.5, True, False, "made").text().encode()
Model = Callable[..., str]


def noise(*shape: int, kind: str = "uint8") -> NDArray[np.generic]:
    return np.random.default_rng(0).integers(0, np.iinfo(kind).max, shape).astype(kind)


def png(height: int, width: int, channels: int = 1, kind: str = "uint8") -> bytes:
    return bytes(cv2.imencode(".png", noise(height, width, channels, kind=kind))[1])


@pytest.fixture
def model(tmp_path: Path) -> Model:
    def made(name: str, task: str, folder: str = "") -> str:
        place = tmp_path / (folder or f"{name}_{task}")
        spectra.load(name, task).save(place)
        return str(place)

    return made


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    root = tmp_path / "inputs"
    for task, name, shape in (
        ("sar2eo", "Gotcha1.png", (64, 64, 1)),
        ("sar2eo", "Gotcha.12.png", (64, 48, 1)),
        ("sar2ir", "0.png", (50, 70, 1)),
        ("rgb2ir", "7.png", (40, 60, 3)),
    ):
        (root / task).mkdir(parents=True, exist_ok=True)
        (root / task / name).write_bytes(png(*shape))
    tifffile.imwrite(root / "rgb2ir" / "8.tiff", noise(30, 20, 3), photometric="rgb")
    return root


def archive(path: Path, members: Mapping[str, bytes]) -> Path:
    with ZipFile(path, "w") as made:
        for name, content in members.items():
            made.writestr(name, content)
    return path


def valid(more: Mapping[str, bytes] | None = None) -> dict[str, bytes]:
    return {"sar2eo/1.png": png(256, 256), "readme.txt": README, **(more or {})}


def told(path: Path, **options: object) -> str:
    return "\n".join(check(path, **options).faults)  # type: ignore[arg-type]


def command(*words: object) -> Result:
    return CliRunner().invoke(pbvs, [str(word) for word in words])


def test_an_archive_holds_a_result_of_the_right_size_for_each_input(model: Model, inputs: Path, tmp_path: Path) -> None:
    runs = [model("copy", "sar2eo"), model("graydef", "sar2ir"), "graydef"]
    done = pack(runs, [str(inputs)], tmp_path / "out" / "first.zip")
    with ZipFile(done.out) as held:
        assert held.namelist() == [
            "sar2eo/Gotcha.12.png",
            "sar2eo/Gotcha1.png",
            "rgb2ir/7.png",
            "rgb2ir/8.png",
            "sar2ir/0.png",
            "readme.txt",
        ]
        for name in held.namelist()[:-1]:
            image = cv2.imdecode(np.frombuffer(held.read(name), np.uint8), cv2.IMREAD_UNCHANGED)
            side = 256 if name.startswith("sar2eo") else 1024
            assert image.shape == (side, side) and image.dtype == np.uint8
    assert list((tmp_path / "out").iterdir()) == [done.out]
    assert not check(done.out).faults


def test_a_result_is_that_of_translate(model: Model, inputs: Path, tmp_path: Path) -> None:
    (inputs / "sar2eo" / "whole.png").write_bytes(png(256, 256))
    pack([model("copy", "sar2eo")], [str(inputs)], tmp_path / "a.zip")
    with ZipFile(tmp_path / "a.zip") as held:
        image = cv2.imdecode(np.frombuffer(held.read("sar2eo/whole.png"), np.uint8), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(image, noise(256, 256, 1)[..., 0])


def test_the_readme_says_time_device_data_and_method(model: Model, inputs: Path, tmp_path: Path) -> None:
    run = model("copy", "sar2eo")
    plain = pack([run], [str(inputs)], tmp_path / "a.zip").readme
    assert 0 < plain.seconds < 20 and plain.cpu and not plain.extra_data
    assert "sar2eo by copy, 2 images" in plain.description and f"Spectra {spectra.__version__}" in plain.description
    pack([run], [str(inputs)], tmp_path / "b.zip", extra_data=True, description="two\nlines")
    with ZipFile(tmp_path / "b.zip") as held:
        said = read_readme(held.read("readme.txt"))
    assert not said.faults and said.said["Extra Data [1] / No Extra Data [0]"] == "1"
    assert said.said["CPU[1] / GPU[0]"] == "1" and said.said["Other description"].startswith("two lines; Spectra")


def test_the_time_is_that_of_all_images_of_all_tasks(
    model: Model, inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([10.0, 16.0, 20.0, 21.0])  # 6 seconds for two images, 1 for one
    monkeypatch.setattr("spectra_pix2pixhd.pack.time.perf_counter", lambda: next(clock))
    done = pack([model("copy", "sar2eo"), model("graydef", "sar2ir")], [str(inputs)], tmp_path / "a.zip")
    assert done.readme.seconds == pytest.approx(7 / 3)
    assert "sar2eo by copy, 2 images, 3 s each" in done.readme.description


def test_tasks_that_are_left_out_are_allowed_and_their_cost_is_told(model: Model, inputs: Path, tmp_path: Path) -> None:
    notes = pack([model("copy", "sar2eo"), "graydef"], [str(inputs)], tmp_path / "a.zip").notes
    assert [note for note in notes if "sar2rgb and sar2ir are missing" in note and "so 2 here" in note]


def test_each_task_may_have_a_folder_of_its_own(model: Model, inputs: Path, tmp_path: Path) -> None:
    where = shutil.copytree(inputs / "sar2eo", tmp_path / "elsewhere")
    done = pack([model("copy", "sar2eo"), "graydef"], [str(inputs), f"sar2eo={where}"], tmp_path / "a.zip")
    assert done.checked.folders["sar2eo"].names == ["Gotcha.12.png", "Gotcha1.png"]


def test_tiff_is_written_where_it_is_asked_for(model: Model, inputs: Path, tmp_path: Path) -> None:
    done = pack([model("copy", "sar2eo")], [str(inputs)], tmp_path / "a.zip", format="tif")
    assert done.checked.folders["sar2eo"].names == ["Gotcha.12.tif", "Gotcha1.tif"] and not check(done.out).faults


def test_what_cannot_be_packed_is_refused_and_leaves_nothing(model: Model, inputs: Path, tmp_path: Path) -> None:
    run, other = model("copy", "sar2eo"), model("inverse", "sar2eo")
    foreign = model("graydef", "rgb2lwir")
    (tmp_path / "there.zip").write_bytes(b"mine")
    out, good = tmp_path / "a.zip", str(inputs)
    before = tree(tmp_path)
    for runs, said, place, words in (
        ([run, other], [good], out, "both translate sar2eo"),
        ([foreign], [good], out, "translates rgb2lwir, which is no task of the challenge"),
        ([run], [good], tmp_path / "there.zip", "exists already"),
        ([run], [good], tmp_path / "a.tar", "end in .zip"),
        ([run], [str(tmp_path / "none")], out, "which is no folder"),
        ([run], [good, f"sar2ir={good}"], out, "no run that was given translates sar2ir"),
        ([run], [good, good], out, "say whose each is"),
        ([run], [f"sar2eo={good}"], out, "holds the folder"),
        ([run, "graydef"], [f"sar2eo={good}/sar2eo"], out, "does not say where the images of rgb2ir are"),
        (["pix2pixhdd"], [good], out, "pix2pixhdd"),
        ([str(tmp_path / "none")], [good], out, "no model folder"),
    ):
        with pytest.raises(SpectraError, match=words):
            pack(runs, said, place)
        assert tree(tmp_path) == before, words


def test_an_unreadable_input_stops_it_by_name(model: Model, inputs: Path, tmp_path: Path) -> None:
    (inputs / "sar2eo" / "broken.png").write_bytes(png(64, 64)[:-40])
    with pytest.raises(SpectraError, match=r"1 of 3 images of sar2eo cannot be translated(?s:.*)broken\.png"):
        pack([model("copy", "sar2eo")], [str(inputs)], tmp_path / "a.zip")
    assert not (tmp_path / "a.zip").exists() and not list(tmp_path.glob(".a.zip*"))


def test_two_inputs_of_one_stem_are_refused(model: Model, inputs: Path, tmp_path: Path) -> None:
    tifffile.imwrite(inputs / "sar2eo" / "Gotcha1.tif", noise(64, 64))
    with pytest.raises(SpectraError, match="would both become"):
        pack([model("copy", "sar2eo")], [str(inputs)], tmp_path / "a.zip")


def test_a_name_that_is_taken_meanwhile_stays_anothers(
    model: Model, inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "a.zip"

    def late(path: Path, *arguments: object) -> object:
        out.write_bytes(b"mine")
        return check(path, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("spectra_pix2pixhd.pack.check", late)
    with pytest.raises(SpectraError, match="exists already"):
        pack([model("copy", "sar2eo")], [str(inputs)], out)
    assert out.read_bytes() == b"mine"


def test_a_valid_archive_has_no_fault_and_tells_what_it_costs(tmp_path: Path) -> None:
    found = check(archive(tmp_path / "a.zip", valid()))
    assert not found.faults and found.folders["sar2eo"].names == ["1.png"]
    assert ["so 3 here" in note for note in found.notes] == [True]
    assert "sar2eo   1       256×256×1 uint8" in found.table() and "sar2rgb  0       missing" in found.table()


@pytest.mark.parametrize(
    ("members", "fault"),
    [
        ({"sar2eo/2.png": png(128, 128)}, "'sar2eo/2.png': is 128×128, not 256×256 as sar2eo"),
        ({"sar2rgb/2.png": png(1024, 1024)}, "has 1 channels, not 3 as sar2rgb"),
        ({"rgb2ir/2.png": png(256, 256)}, "is 256×256, not 1024×1024 as rgb2ir"),
        ({"sar2eo/2.jpg": b"x"}, "'sar2eo/2.jpg': is neither .png nor .tif"),
        ({"sar2eo/2.png": b"II*\0...."}, "is TIFF by what it holds"),
        ({"sar2eo/2.tif": png(256, 256)}, "is PNG by what it holds"),
        ({"sar2eo/2.png": b"GIF8"}, "is neither PNG nor TIFF by what it holds"),
        ({"sar2eo/2.png": png(256, 256)[:-20]}, "is damaged or cut off"),
        ({"sar2eo/2.tif": b"II*\0\x08\0\0\0"}, "is damaged"),
        ({"sar2eo/1.tif": b"II*\0"}, "'sar2eo/1': is given by more than one image"),
        ({"sar2eo/deep/2.png": png(256, 256)}, "is neither an image of a task's folder nor readme.txt"),
        ({"2.png": png(256, 256)}, "is neither an image of a task's folder nor readme.txt"),
        ({"SAR2EO/2.png": png(256, 256)}, "is neither an image of a task's folder"),
        ({"results/sar2eo/2.png": png(256, 256)}, "is neither an image"),
        ({"__MACOSX/x": b""}, "is neither"),
        ({"readme.txt": b""}, "readme.txt has no line `runtime per image [s] : ...`"),
        ({"readme.txt": README.replace(b"0.5", b"fast")}, "should be a number of seconds above 0, not 'fast'"),
        ({"readme.txt": README.replace(b"0.5", b"nan")}, "not 'nan'"),
        ({"readme.txt": README.replace(b"[0] : 1", b"[0] : yes")}, "`CPU[1] / GPU[0]` should be 0 or 1, not 'yes'"),
        ({"readme.txt": b"\xff\xfe\0"}, "is not text in UTF-8"),
    ],
)
def test_what_the_challenge_would_not_take_is_found(tmp_path: Path, members: dict[str, bytes], fault: str) -> None:
    assert fault in told(archive(tmp_path / "a.zip", valid(members)))


def test_the_readme_must_be_there_in_the_root(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", {"sar2eo/1.png": png(256, 256), "sar2eo/readme.txt": README})
    assert "There is no readme.txt in the root" in told(path)
    assert "There is no image in a folder named sar2eo" in told(archive(tmp_path / "b.zip", {"readme.txt": README}))


def test_blanks_and_letter_case_of_the_readme_do_not_matter(tmp_path: Path) -> None:
    said = b"RUNTIME PER IMAGE[s]:10.43\r\nCPU [1]/GPU [0] : 1 \r\n"
    said += b"extra data [1] / no extra data [0]: 0\r\nOther description: x"
    assert not told(archive(tmp_path / "a.zip", valid({"readme.txt": said})))


def test_with_the_inputs_missing_and_foreign_results_are_told(inputs: Path, tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", valid({"sar2eo/Gotcha1.png": png(256, 256)}))
    said = told(path, inputs={"sar2eo": sorted((inputs / "sar2eo").iterdir()), "sar2ir": [Path("0.png")]})
    assert "'sar2eo/Gotcha.12', 'sar2ir/0': has no result." in said
    assert "'sar2eo/1': is a result without an input." in said and "Gotcha1'" not in said


def hostile(path: Path, name: str, content: bytes = b"x", mode: int = 0, method: int = 0) -> Path:
    with ZipFile(path, "w") as made:
        entry = ZipInfo(name)
        entry.external_attr, entry.compress_type = mode << 16, method
        made.writestr(entry, content)
        made.writestr("readme.txt", README)
    return path


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("../sar2eo/1.png", "leads out of the archive"),
        ("sar2eo/../../1.png", "leads out of the archive"),
        ("/sar2eo/1.png", "not relative"),
        ("C:/sar2eo/1.png", "not relative"),
        ("sar2eo\\1.png", "not portable"),
    ],
)
def test_names_that_lead_elsewhere_are_faults(tmp_path: Path, name: str, fault: str) -> None:
    assert fault in told(hostile(tmp_path / "a.zip", name, png(256, 256)))


def test_links_bombs_doubles_and_secrets_are_faults(tmp_path: Path) -> None:
    link = hostile(tmp_path / "a.zip", "sar2eo/1.png", b"/etc/passwd", stat.S_IFLNK | 0o777)
    assert "is a link or a device" in told(link)
    bomb = hostile(tmp_path / "b.zip", "sar2eo/1.png", bytes(2**26 + 1), method=ZIP_DEFLATED)
    assert bomb.stat().st_size < 2**20 and "states more than 64 MiB, and was not unpacked" in told(bomb)
    with pytest.warns(UserWarning, match="Duplicate"), ZipFile(tmp_path / "c.zip", "w") as made:
        made.writestr("sar2eo/1.png", png(256, 256))
        made.writestr("sar2eo/1.png", png(256, 256))
    assert "'sar2eo/1.png': stands in the archive more than once" in told(tmp_path / "c.zip")
    secret = bytearray(archive(tmp_path / "d.zip", valid()).read_bytes())
    at = secret.index(b"PK\x01\x02")
    secret[at + 8] |= 1
    (tmp_path / "d.zip").write_bytes(secret)
    assert "is encrypted" in told(tmp_path / "d.zip")


def test_an_image_that_states_more_than_it_holds_is_not_unpacked(tmp_path: Path) -> None:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    def made(width: int, height: int, pixels: bytes) -> bytes:
        head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
        return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")

    huge = made(60_000, 60_000, b"")
    assert "which no result is" in told(archive(tmp_path / "a.zip", valid({"sar2eo/2.png": huge})))
    for place, pixels in enumerate((b"", bytes(2**24))):
        lying = archive(tmp_path / f"{place}.zip", valid({"sar2eo/2.png": made(256, 256, pixels)}))
        assert "its pixels are not those of its size" in told(lying)
    assert not told(archive(tmp_path / "c.zip", valid({"sar2eo/2.png": made(256, 256, bytes(257 * 256))})))


def test_garbage_ends_in_an_error_or_a_fault_never_in_another_way(tmp_path: Path) -> None:
    whole = archive(tmp_path / "whole.zip", valid({"sar2eo/é.png": b"x"})).read_bytes()
    random = np.random.default_rng(0)
    path = tmp_path / "a.zip"
    for place in range(200):
        damaged = bytearray(whole)
        for at in random.integers(len(whole) - 400 if place % 2 else 0, len(whole), 4):  # the directory, or anywhere
            damaged[at] = random.integers(0, 256)
        path.write_bytes(bytes(damaged)[: random.integers(0, len(whole)) if place % 3 == 0 else None])
        try:
            check(path)
        except SpectraError as why:
            assert str(path) in str(why)
    for content in (b"", b"PK", b"PK\x05\x06" + bytes(18)):
        path.write_bytes(content)
        try:
            assert "There is no image" in told(path)
        except SpectraError as why:
            assert "not a whole ZIP" in str(why)


def test_sixteen_bits_are_noted(tmp_path: Path) -> None:
    found = check(archive(tmp_path / "a.zip", valid({"sar2eo/2.png": png(256, 256, kind="uint16")})))
    assert not found.faults and any("is of uint16" in note for note in found.notes)
    stored = BytesIO()
    tifffile.imwrite(stored, noise(256, 256))
    assert not told(archive(tmp_path / "b.zip", valid({"sar2eo/2.tif": stored.getvalue()})))


def test_the_commands(model: Model, inputs: Path, tmp_path: Path) -> None:
    out = tmp_path / "s.zip"
    done = command("pack", model("copy", "sar2eo"), "graydef", "--inputs", inputs, "--out", out)
    assert done.exit_code == 0, done.output
    assert "sar2eo   2       256×256×1 uint8" in done.stdout and done.stdout.endswith(f"Archive: {out}\n")
    assert "Note: sar2rgb and sar2ir are missing" in done.stdout and "runtime per image [s] : 0." in done.stdout
    good = command("check", out, "--inputs", f"sar2eo={inputs / 'sar2eo'}")
    assert good.exit_code == 0 and good.stderr == ""
    bad = command("check", out, "--inputs", inputs)
    assert bad.exit_code == 1 and bad.stderr == "Fault: 'sar2ir/0': has no result.\n"
    again = command("pack", "graydef", "--inputs", inputs, "--out", out)
    assert isinstance(again.exception, SpectraError) and "exists already" in str(again.exception)
