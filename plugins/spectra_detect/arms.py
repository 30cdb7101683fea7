"""The three arms: what each is fed, and with whose weights it begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from spectra import SpectraError
from spectra_detect.settings import LearningSettings
from spectra_detect.splits import FEW, LABELLED

GENERATED = "generated"


@dataclass(frozen=True)
class Arm:
    name: str
    title: str
    fed: tuple[str, ...]
    begins: str | None = None
    """The arm whose weights it begins with; none: from scratch."""

    def steps(self, settings: LearningSettings) -> int:
        return settings.steps if self.begins is None else settings.tune_steps

    def rate(self, settings: LearningSettings) -> float:
        return settings.rate if self.begins is None else settings.tune_rate

    def learning(self, settings: LearningSettings) -> dict[str, Any]:
        """Those settings that decide what this arm learns."""
        fine = self.begins is not None
        unused = {"steps", "rate"} if fine else {"tune_steps", "tune_rate"}
        return settings.model_dump(mode="json", exclude=unused | ({"real_share"} if len(self.fed) == 1 else set()))


SOURCE = Arm("source", "labelled source images only", (LABELLED,))
REAL = Arm("real", "fine-tuned on few real target images", (FEW,), SOURCE.name)
GROWN = Arm("grown", "fine-tuned on those and generated ones", (FEW, GENERATED), SOURCE.name)
ARMS = (SOURCE, REAL, GROWN)


def require_room(settings: LearningSettings) -> None:
    """The last arm has real and generated images in each batch."""
    if settings.batch_size < 2:
        raise SpectraError("learning.batch_size: at least 2, as a batch of the last arm has real and generated images.")


def refuse_unequal(steps: dict[str, int]) -> None:
    """The two fine-tunings are compared, and so must have learned for the same time."""
    if steps[REAL.name] != steps[GROWN.name]:
        raise SpectraError(
            f"The arm {REAL.name!r} took {steps[REAL.name]} steps and {GROWN.name!r} {steps[GROWN.name]}: they cannot "
            "be compared. Choose another --out, and let all arms learn anew."
        )
