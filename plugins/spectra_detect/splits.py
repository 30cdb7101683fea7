"""Which images are for what, and that none of the test split is learned from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from spectra import DataError
from spectra_detect.images import LabelledImages
from spectra_detect.settings import Settings

LABELLED, FEW, TEST, TEST_SOURCE, PAIRS = "labelled", "few", "test", "test_source", "pairs"
LISTED = 5


@dataclass(frozen=True)
class Splits:
    labelled: LabelledImages
    """Many, in the source modality."""
    few: LabelledImages
    """Real ones of the target modality."""
    test: LabelledImages
    """Of the target modality."""
    test_source: LabelledImages | None
    """The test scenes in the source modality, where they are there: what the first arm can do at home."""
    paired: frozenset[str]
    """Names of the places that the generator learns from."""

    @property
    def sets(self) -> dict[str, LabelledImages]:
        named = {LABELLED: self.labelled, FEW: self.few, TEST: self.test, TEST_SOURCE: self.test_source}
        return {name: images for name, images in named.items() if images is not None}


def open_splits(root: Path, settings: Settings, paired: Iterable[str] = ()) -> Splits:
    """The splits of a folder, once it is certain that no test image is learned from."""
    grey, group = settings.detector.source == "grey", settings.data.group
    opened = {
        name: LabelledImages(root / name, settings.labels, group=group, grey=grey and name in (LABELLED, TEST_SOURCE))
        for name in (LABELLED, FEW, TEST, TEST_SOURCE)
        if name != TEST_SOURCE or (root / name).is_dir()
    }
    found = Splits(
        opened[LABELLED],
        opened[FEW],
        opened[TEST],
        opened.get(TEST_SOURCE),
        frozenset(paired) | names_below(root / PAIRS),
    )
    refuse_leaks(found, by_name=settings.data.names == "places")
    _refuse_nothing(found)
    return found


def names_below(folder: Path) -> frozenset[str]:
    """Names of all files in a folder of pairs, which is in any layout."""
    return frozenset(path.stem for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else frozenset()


def refuse_leaks(splits: Splits, *, by_name: bool = True) -> None:
    """No test image among those that anybody learns from: by content, and by name where names mean places."""
    known = {splits.test.file_digest(image): image.file for image in splits.test.images}
    for name, images in ((LABELLED, splits.labelled), (FEW, splits.few)):
        _refuse(name, (image.file for image in images.images if images.file_digest(image) in known), "are the same")
    if splits.test.grouped:
        tested = set(splits.test.groups)
        for name, images in ((LABELLED, splits.labelled), (FEW, splits.few)):
            _refuse(name, (one for one in sorted(set(images.groups)) if one in tested), "show the same scenes")
    if not by_name:
        return
    tested = set(splits.test.names)
    learned: Mapping[str, Iterable[str]] = {
        LABELLED: splits.labelled.names,
        FEW: splits.few.names,
        PAIRS: sorted(splits.paired),
    }
    for name, names in learned.items():
        _refuse(name, (one for one in names if one in tested), "have the same names")


def _refuse(split: str, leaked: Iterable[str], how: str) -> None:
    found = list(leaked)
    if not found:
        return
    told = ", ".join(found[:LISTED]) + (" …" if len(found) > LISTED else "")
    hint = " If names mean nothing here, say `data.names: free`." if "same names" in how else ""
    raise DataError(
        f"{len(found)} images of {split}/ and of {TEST}/ {how}: {told}. Nobody may learn from the test.{hint}"
    )


def _refuse_nothing(splits: Splits) -> None:
    for name, images in splits.sets.items():
        if not any((~found.ignored).any() for found in images.found):
            raise DataError(
                f"{name}/ shows nothing that is to be found: of {', '.join(images.classes)}, no box is as large as "
                f"`labels.smallest` says ({images.settings.smallest:g} pixels). Its labels: "
                f"{', '.join(images.labels.classes) or 'none'}."
            )
