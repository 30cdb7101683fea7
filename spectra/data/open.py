"""The pairs that a recipe speaks of: to learn from, to look at while it learns, and to judge by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from spectra.data.cache.decoded import DecodedReader
from spectra.data.catalogue import Catalogue, Place
from spectra.data.pairs import PairSet
from spectra.data.percentiles import raw, resolved
from spectra.data.reader import Reader
from spectra.data.recognise import read_catalogue
from spectra.data.sets.aligned_pairs import AlignedPairs
from spectra.data.sets.drawn_pairs import DrawnPairs
from spectra.data.sets.facts import Facts
from spectra.data.sets.listed_pairs import ListedPairs
from spectra.data.sets.pairing import complete, left_out
from spectra.data.sets.remembered import Remembered
from spectra.data.sets.scene_pairs import ScenePairs
from spectra.data.sets.sides import ChosenSides, chosen_sides, near, require_sides
from spectra.data.sets.splits import apply, read_split
from spectra.data.sets.unpaired import ImageSet, SideOfPairs, Unpaired, singles
from spectra.errors import DataError
from spectra.modalities import Task
from spectra.recipe.recipe import DataSettings, Recipe


@dataclass(frozen=True)
class Data:
    train: PairSet
    test: PairSet
    origin: str
    """Where it came from, in words for a reader."""
    from_scenes: bool
    task: Task
    """With the scales that the images are read by."""
    images: Mapping[str, ImageSet]
    """Single images to learn from, by modality: those of the pairs, and those that have no partner."""
    notes: Sequence[str] = ()
    """What a person should know of the data."""
    validation: PairSet | None = None
    """What is looked at while it learns, in memory once it has been read; None: the recipe names no such split."""
    layout: str = ""
    """How the files lie; empty for scenes."""


VALIDATION_MEGABYTES = 256


def open_data(recipe: Recipe) -> Data:
    """Files where the recipe names a root, the built-in scenes where it does not; never one in place of the other."""
    return _Files(recipe).open() if recipe.data.root else _scenes(recipe)


class _Files:
    """Opens the data of a root."""

    def __init__(self, recipe: Recipe) -> None:
        assert recipe.data.root is not None
        self.root, self.recipe = recipe.data.root, recipe
        self.data: DataSettings = recipe.data
        self.task = recipe.resolved_task()
        self.notes: list[str] = []
        self.facts = Facts(DecodedReader(self.data.cache, notes=self.notes) if self.data.cache else Reader())
        self.told: list[str] = []
        """What the origin says besides the counts."""
        self.layout = ""

    def open(self) -> Data:
        if self.data.train == self.data.test:
            raise DataError(f"The recipe learns from and judges by the same split {self.data.train!r}. Name two.")
        if self.data.validation in (self.data.train, self.data.test):
            raise DataError(
                f"`data.validation` names the split {self.data.validation!r}, which the recipe learns from or judges "
                "by. Name a third one."
            )
        catalogue = self._catalogue()
        self._require_validation(catalogue)
        chosen = chosen_sides(catalogue, self.task, self.data)
        self.told += [chosen.note] if chosen.note else []
        train, test, *validation = self._splits(catalogue, chosen)
        self._refuse_shared(train, test, *validation)
        images = self._images(catalogue, chosen)
        if (task := self._resolved(catalogue, chosen)) != self.task:
            self.task, train, test = task, train.with_scales(task), test.with_scales(task)
            validation = [pairs.with_scales(task) for pairs in validation]
            images = self._images(catalogue, chosen)
        self._tell_grey_in_colour(train, test, *validation)
        self._tell_own_marks(train, test, *validation)
        origin = self._origin(train, test, *validation)
        looked_at = Remembered(validation[0], VALIDATION_MEGABYTES) if validation else None
        return Data(
            Remembered(train),
            Remembered(test),
            origin,
            False,
            self.task,
            images,
            self.notes,
            looked_at,
            self.layout,
        )

    def _require_validation(self, catalogue: Catalogue) -> None:
        if self.recipe.train.validation is None or self.data.validation is not None:
            return
        used = (self.data.train, self.data.test)
        others = [name for name in catalogue.splits if name and name not in used]
        raise DataError(
            f"`train.validation` needs a split to look at, apart from {used[0]!r} and {used[1]!r}. "
            + (
                f"{str(self.root)!r} also holds {', '.join(map(repr, others))}: name one with `data.validation`."
                if others
                else f"{str(self.root)!r} holds no other. Make one with `spectra data split`, and name it with "
                "`data.validation`."
            )
        )

    def _catalogue(self) -> Catalogue:
        """As the data lies, or split anew as a file says."""
        catalogue = read_catalogue(self.root, self.data.layout)
        self.layout = catalogue.layout
        if self.data.split is not None:
            file, fold = self.data.split.file, self.data.split.fold
            catalogue = apply(catalogue, read_split(file), fold)
            self.told.append(f"split by {file.name}" + (f", fold {fold}" if fold is not None else ""))
        self.notes += catalogue.notes
        return catalogue

    def _splits(
        self, catalogue: Catalogue, chosen: ChosenSides
    ) -> tuple[ListedPairs | DrawnPairs, ListedPairs, *tuple[ListedPairs, ...]]:
        """Train, test and, where it is named, validation; their faults are told together."""
        found, faults = [], []
        for split in (
            self.data.train,
            self.data.test,
            *([] if self.data.validation is None else [self.data.validation]),
        ):
            try:
                found.append(self._pairs(_places_of(catalogue, split), split, chosen))
            except DataError as why:
                faults.append(str(why))
        if faults:
            raise DataError("\n".join(dict.fromkeys(faults)))
        train, *others = found
        if self.data.pairing == "random":
            self.told.append("train: drawn at random at each visit; test: all combinations")
            return DrawnPairs(train, self.data.visits, self.recipe.seed), others[0], *others[1:]
        return train, others[0], *others[1:]

    def _pairs(self, places: Sequence[Place], split: str, chosen: ChosenSides) -> ListedPairs:
        where = f"The split {split!r} of {str(self.root)!r}"
        require_sides(places, chosen, self.data.mask, where)
        pairs = complete(places, chosen.sides)
        if self.data.unpaired:
            self._tell_lonely(places, chosen, split)
        elif not pairs and all(place.alone for place in places):
            raise DataError(f"{where} has no pairs, only single images.")
        if split != self.data.train and not pairs and self.data.unpaired:
            word = "test" if split == self.data.test else "validation"
            raise DataError(f"{where} has no pairs, and scores need pairs. Name another with `data.{word}`.")
        self._tell_left_out(places, chosen, split)
        kind = AlignedPairs if self.data.align == "geo" else ListedPairs
        return kind(
            pairs if self.data.unpaired else places,
            self.task,
            chosen.sides,
            self.data.mask,
            pairing="name" if self.data.pairing == "name" else "all",
            facts=self.facts,
        )

    def _tell_lonely(self, places: Sequence[Place], chosen: ChosenSides, split: str) -> None:
        for side, other in (chosen.sides, chosen.sides[::-1]):
            count = sum(bool(p.images.get(side)) and not p.images.get(other) for p in places if not p.alone)
            if count:
                use = "they feed streams of single images" if split == self.data.train else "they are left out"
                self.notes.append(f"{count} places of the split {split!r} have {side!r} and no {other!r}: {use}.")

    def _tell_left_out(self, places: Sequence[Place], chosen: ChosenSides, split: str) -> None:
        if self.data.pairing != "name" and (count := left_out(places, chosen.sides)):
            self.notes.append(
                f"{count} images of the split {split!r} are in no pair, as only one side of their place has others of "
                "their acquisition."
            )

    def _refuse_shared(
        self, train: ListedPairs | DrawnPairs, test: ListedPairs, validation: ListedPairs | None = None
    ) -> None:
        """Pairs whose two files are those of a pair of another split: linked or copied, under whatever name."""
        self._refuse_in_both((self.data.train, train), (self.data.test, test))
        if validation is not None and self.data.validation is not None:
            own = (self.data.validation, validation)
            self._refuse_in_both((self.data.train, train), own)
            self._refuse_in_both((self.data.test, test), own)

    def _refuse_in_both(self, one: tuple[str, ListedPairs | DrawnPairs], other: tuple[str, ListedPairs]) -> None:
        known = set(one[1].fingerprints)
        shared = [name for name, mark in zip(other[1].names, other[1].fingerprints, strict=True) if mark in known]
        if shared:
            raise DataError(
                f"The splits {one[0]!r} and {other[0]!r} of {str(self.root)!r} share {len(shared)} pairs, the first "
                f"{shared[0]!r}. Scores of images that were learned from mean nothing: keep each pair in one split."
            )

    def _images(self, catalogue: Catalogue, chosen: ChosenSides) -> dict[str, ImageSet]:
        """Of each modality all images to learn from, those without a partner too."""
        places = [place for place in catalogue.places if place.split in (self.data.train, "") and place.alone]
        places += _places_of(catalogue, self.data.train)
        found: dict[str, ImageSet] = {}
        for side, modality in zip(chosen.sides, (self.task.source, self.task.target), strict=True):
            images = singles(sorted(places, key=lambda place: (place.alone, place.name)), side, self.data.mask)
            found.setdefault(modality.name, Unpaired(images, modality, facts=self.facts))
        return found

    def _tell_grey_in_colour(self, *splits: ListedPairs | DrawnPairs) -> None:
        for modality, at in ((self.task.source, "source"), (self.task.target, "target")):
            files = {getattr(files, at) for pairs in splits for files in pairs.files}
            count = sum(self.facts.header(file).channels != modality.channels for file in files)
            if count:
                self.notes.append(
                    f"{count} {modality} images hold their grey in three channels: one is read, all are equal."
                )

    def _tell_own_marks(self, *splits: ListedPairs | DrawnPairs) -> None:
        """What files say themselves of no data counts only where the scale is silent, which people do not see."""
        for modality, at in ((self.task.source, "source"), (self.task.target, "target")):
            files = {getattr(files, at) for pairs in splits for files in pairs.files}
            marks = Counter(mark for file in files if (mark := self.facts.mark(file)) is not None)
            if marks and modality.scale.nodata is None:
                told = ", ".join(f"{value:g}" for value, _ in marks.most_common(3))
                self.notes.append(
                    f"{marks.total()} {modality} images state themselves what marks no data ({told}), and are read so."
                )

    def _resolved(self, catalogue: Catalogue, chosen: ChosenSides) -> Task:
        """The task with limits in place of percentiles, which are those of the train split."""
        found = []
        for side, modality in zip(chosen.sides, (self.task.source, self.task.target), strict=True):
            images = singles(_places_of(catalogue, self.data.train), side, self.data.mask)
            values = Unpaired(images, modality.with_scale(raw(modality.scale)), facts=self.facts)
            scale = resolved(modality.scale, values, modality.name)
            if scale != modality.scale:
                self.notes.append(f"The scale of {modality}, `{modality.scale}` of the train split, is `{scale}`.")
            found.append(modality.with_scale(scale))
        return Task(*found)

    def _origin(self, train: PairSet, test: PairSet, validation: PairSet | None = None) -> str:
        looked_at = f"{len(validation)} validation, " if validation is not None else ""
        counts = f"{len(train)} train, {looked_at}{len(test)} test pairs"
        return f"{self.root.name} ({'; '.join([counts, *self.told])})"


def _places_of(catalogue: Catalogue, split: str) -> list[Place]:
    """The places of a split, whose name must be one that the data states."""
    if split in catalogue.splits:
        return [place for place in catalogue.places if place.split == split and not place.alone]
    where, stated = repr(str(catalogue.root)), [name for name in catalogue.splits if name]
    if not stated:
        raise DataError(
            f"{where} states no split, so there is nothing to learn from and nothing apart from it to judge by. Make "
            "one with `spectra data split DIR --out FILE`, and set `data.split.file: FILE`."
        )
    raise DataError(
        f"{where} has no split {split!r}.{near(split, stated)} It holds: {', '.join(stated)}. Say with `data.train`, "
        "`data.test` and `data.validation` which are meant."
    )


def _scenes(recipe: Recipe) -> Data:
    scenes, task = recipe.data.scenes, recipe.resolved_task()
    shape = {"view": scenes.view, "size": scenes.size, "bits": scenes.bits, "seed": scenes.seed}
    train = Remembered(ScenePairs(task, "train", scenes.train, **shape))  # type: ignore[arg-type]
    test = Remembered(ScenePairs(task, "test", scenes.test, **shape))  # type: ignore[arg-type]
    validation = Remembered(
        ScenePairs(task, "validation", scenes.validation, **shape),  # type: ignore[arg-type]
        VALIDATION_MEGABYTES,
    )
    looked_at = f"{len(validation)} validation, " if recipe.train.validation else ""
    shape_told = f"{scenes.size}×{scenes.size}, {scenes.bits} bits"
    origin = f"built-in {scenes.view} scenes ({len(train)} train, {looked_at}{len(test)} test, {shape_told})"
    images = {task.target.name: SideOfPairs(train, 1), task.source.name: SideOfPairs(train, 0)}
    return Data(train, test, origin, True, task, images, validation=validation)
