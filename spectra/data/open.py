"""The train and test pairs that a recipe speaks of."""

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

    def open(self) -> Data:
        if self.data.train == self.data.test:
            raise DataError(f"The recipe learns from and judges by the same split {self.data.train!r}. Name two.")
        catalogue = self._catalogue()
        chosen = chosen_sides(catalogue, self.task, self.data)
        self.told += [chosen.note] if chosen.note else []
        train, test = self._both(catalogue, chosen)
        self._refuse_shared(train, test)
        images = self._images(catalogue, chosen)
        if (task := self._resolved(catalogue, chosen)) != self.task:
            self.task, train, test = task, train.with_scales(task), test.with_scales(task)
            images = self._images(catalogue, chosen)
        self._tell_grey_in_colour(train, test)
        self._tell_own_marks(train, test)
        origin = self._origin(train, test)
        return Data(Remembered(train), Remembered(test), origin, False, self.task, images, self.notes)

    def _catalogue(self) -> Catalogue:
        """As the data lies, or split anew as a file says."""
        catalogue = read_catalogue(self.root, self.data.layout)
        if self.data.split is not None:
            file, fold = self.data.split.file, self.data.split.fold
            catalogue = apply(catalogue, read_split(file), fold)
            self.told.append(f"split by {file.name}" + (f", fold {fold}" if fold is not None else ""))
        self.notes += catalogue.notes
        return catalogue

    def _both(self, catalogue: Catalogue, chosen: ChosenSides) -> tuple[ListedPairs | DrawnPairs, ListedPairs]:
        """Both splits; their faults are told together."""
        found, faults = [], []
        for split in (self.data.train, self.data.test):
            try:
                found.append(self._pairs(_places_of(catalogue, split), split, chosen))
            except DataError as why:
                faults.append(str(why))
        if faults:
            raise DataError("\n".join(dict.fromkeys(faults)))
        train, test = found
        if self.data.pairing == "random":
            self.told.append("train: drawn at random at each visit; test: all combinations")
            return DrawnPairs(train, self.data.visits, self.recipe.seed), test
        return train, test

    def _pairs(self, places: Sequence[Place], split: str, chosen: ChosenSides) -> ListedPairs:
        where = f"The split {split!r} of {str(self.root)!r}"
        require_sides(places, chosen, self.data.mask, where)
        pairs = complete(places, chosen.sides)
        if self.data.unpaired:
            self._tell_lonely(places, chosen, split)
        elif not pairs and all(place.alone for place in places):
            raise DataError(f"{where} has no pairs, only single images.")
        if split == self.data.test and not pairs and self.data.unpaired:
            raise DataError(f"{where} has no pairs, and scores need pairs. Name another with `data.test`.")
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

    def _refuse_shared(self, train: ListedPairs | DrawnPairs, test: ListedPairs) -> None:
        """Test pairs whose two files are those of a training pair: linked or copied, under whatever name."""
        known = set(train.fingerprints)
        shared = [name for name, mark in zip(test.names, test.fingerprints, strict=True) if mark in known]
        if shared:
            raise DataError(
                f"The splits {self.data.train!r} and {self.data.test!r} of {str(self.root)!r} share {len(shared)} "
                f"pairs, the first {shared[0]!r}. Scores of images that were learned from mean nothing: keep each pair "
                "in one split."
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

    def _origin(self, train: PairSet, test: PairSet) -> str:
        return f"{self.root.name} ({'; '.join([f'{len(train)} train, {len(test)} test pairs', *self.told])})"


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
        f"{where} has no split {split!r}.{near(split, stated)} It holds: {', '.join(stated)}. Say with `data.train` "
        "and `data.test` which are meant."
    )


def _scenes(recipe: Recipe) -> Data:
    scenes, task = recipe.data.scenes, recipe.resolved_task()
    shape = {"view": scenes.view, "size": scenes.size, "bits": scenes.bits, "seed": scenes.seed}
    train = Remembered(ScenePairs(task, "train", scenes.train, **shape))  # type: ignore[arg-type]
    test = Remembered(ScenePairs(task, "test", scenes.test, **shape))  # type: ignore[arg-type]
    shape_told = f"{scenes.size}×{scenes.size}, {scenes.bits} bits"
    origin = f"built-in {scenes.view} scenes ({len(train)} train, {len(test)} test, {shape_told})"
    images = {task.target.name: SideOfPairs(train, 1), task.source.name: SideOfPairs(train, 0)}
    return Data(train, test, origin, True, task, images)
