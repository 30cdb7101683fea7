"""One arm with one seed: learned once, and kept in a folder of its own."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spectra import SpectraError
from spectra_detect.arms import ARMS, Arm
from spectra_detect.batches import Batches, shares_of
from spectra_detect.detections import Detection, detect
from spectra_detect.detector import detector
from spectra_detect.files import read_json, whole, write_json
from spectra_detect.images import LabelledImages
from spectra_detect.learning import learn
from spectra_detect.settings import Settings

if TYPE_CHECKING:
    from torchvision.models.detection import FCOS

Told = Callable[[str, int, int], None]
WEIGHTS, LEARNED = "weights.safetensors", "learned.json"


@dataclass(frozen=True)
class Lesson:
    """``folder`` is that of the seed; each arm has its own below it."""

    folder: Path
    settings: Settings
    sets: Mapping[str, LabelledImages]
    seed: int
    told: Told
    device: str = "cpu"

    def learned(self, arm: Arm) -> dict[str, Any]:
        """What is known of the arm's learning, once it has learned."""
        place = self.folder / arm.name
        wanted = self._wanted(arm)
        if (kept := self._kept(place, wanted)) is not None:
            return kept
        network = self._beginning(arm).to(self.device)
        started, steps = time.perf_counter(), arm.steps(self.settings.learning)
        batches = self.batches(arm)
        what = f"seed {self.seed}: {arm.name} learns"
        loss = learn(
            network,
            batches,
            steps,
            arm.rate(self.settings.learning),
            self.settings.learning,
            lambda done, total: self.told(what, done, total),
        )
        self._write_weights(network, place)
        said = {**wanted, "loss": loss, "seconds": round(time.perf_counter() - started, 1)}
        said["weights"] = digest_of(place / WEIGHTS)
        write_json(place / LEARNED, said)
        return said

    def batches(self, arm: Arm) -> Batches:
        learning = self.settings.learning
        return Batches(self.sets, shares_of(arm.fed, learning), learning, [self.seed, ARMS.index(arm)])

    def detections(self, arm: Arm, split: str) -> list[Detection]:
        """What the arm finds on a split; kept beside its weights."""
        place = self.folder / arm.name / f"{split}.json"
        of = {
            "weights": digest_of(self.folder / arm.name / WEIGHTS),
            "images": self.sets[split].digest,
            "threshold": self.settings.evaluation.threshold,
        }
        if place.is_file() and (kept := read_json(place))["of"] == of:
            return list(kept["detections"])
        what = f"seed {self.seed}: {arm.name} looks at {split}"
        found = detect(
            self.network(arm).to(self.device), self.sets[split], lambda done, total: self.told(what, done, total)
        )
        write_json(place, {"of": of, "detections": found})
        return found

    def network(self, arm: Arm) -> FCOS:
        """The detector as the arm has left it."""
        from safetensors.torch import load_file

        network = self._fresh()
        network.load_state_dict(load_file(self.folder / arm.name / WEIGHTS))
        return network.eval()

    def _fresh(self) -> FCOS:
        classes = len(self.settings.labels.classes)
        return detector(self.settings.detector, classes, self.settings.evaluation.threshold, self.seed)

    def _beginning(self, arm: Arm) -> FCOS:
        return (
            self._fresh() if arm.begins is None else self.network(next(one for one in ARMS if one.name == arm.begins))
        )

    def _wanted(self, arm: Arm) -> dict[str, Any]:
        """Everything that decides the weights."""
        learning = self.settings.learning
        begins = None if arm.begins is None else digest_of(self.folder / arm.begins / WEIGHTS)
        return {
            "arm": arm.name,
            "seed": self.seed,
            "steps": arm.steps(learning),
            "fed": {name: self.sets[name].digest for name in arm.fed},
            "in_a_batch": shares_of(arm.fed, learning),
            "begins": begins,
            "labels": self.settings.labels.model_dump(mode="json"),
            "detector": self.settings.detector.model_dump(mode="json"),
            "learning": arm.learning(learning),
        }

    def _kept(self, place: Path, wanted: dict[str, Any]) -> dict[str, Any] | None:
        if not (place / LEARNED).is_file():
            return None
        kept: dict[str, Any] = read_json(place / LEARNED)
        if any(kept.get(key) != value for key, value in wanted.items()):
            raise SpectraError(
                f"{str(place)!r} has learned from other data or in another way. Choose another --out, or remove it."
            )
        if digest_of(place / WEIGHTS) != kept["weights"]:
            raise SpectraError(
                f"{str(place / WEIGHTS)!r} is damaged. Remove {str(place)!r}, and give the command again."
            )
        return kept

    def _write_weights(self, network: FCOS, place: Path) -> None:
        from safetensors.torch import save_file

        with whole(place / WEIGHTS) as temporary:
            save_file({name: tensor.cpu().contiguous() for name, tensor in network.state_dict().items()}, temporary)


def digest_of(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as why:
        raise SpectraError(f"{str(path)!r} cannot be read: {why.strerror}. Remove its folder, and try again.") from None
