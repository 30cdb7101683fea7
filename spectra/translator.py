"""The contract of a translator: the bare method, and how it learns."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from torch import Tensor, nn

from spectra.errors import SpectraError
from spectra.modalities import Task
from spectra.settings import Config

if TYPE_CHECKING:
    from spectra.data.pairs import Pair
    from spectra.stage import Stage


@dataclass(frozen=True)
class Imported:
    """What an official checkpoint became, and what is to be said of it: what was loaded, ignored, mended."""

    translator: Translator
    notes: tuple[str, ...] = ()


class Translator(nn.Module, ABC):
    """Maps images of one modality to another: the maths. Devices, precision, optimizers and files are the trainer's.

    A subclass either lists ``stages()`` (it learns by gradient), or overrides ``fit`` (it is fitted in closed form), or
    sets ``ready`` (it needs neither; what it has of them is carried out all the same). Everything in its ``state_dict``
    is saved with the model, so register what was fitted as buffers.
    """

    api_version: ClassVar[int]
    """The plugin API it was written for: state `api_version = 1`. It is not inherited from Spectra."""
    home_tasks: ClassVar[tuple[str, ...]] = ()
    """The tasks it was made for, such as ``("rgb2nir",)``; it may support more."""
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    """Named partial recipes: ``{"tiny": {"settings": {"width": 8}, "train": {"steps": 100}}}``."""
    Settings: ClassVar[type[Config]] = Config
    """What a user may set; an instance of it is ``self.settings``."""
    summary: ClassVar[str] = ""
    """One line for ``spectra list``."""
    bounded: ClassVar[bool] = True
    """Whether results are clamped to the unit interval; false where values beyond the scale are to survive."""

    def __init__(self, task: Task, settings: Config) -> None:
        super().__init__()
        if not self.supports(task):
            homes = ", ".join(self.home_tasks) or "none stated"
            raise SpectraError(f"{type(self).__name__} does not support the task {task}. Its home tasks: {homes}.")
        self.task = task
        self.settings: Any = settings

    @classmethod
    def supports(cls, task: Task) -> bool:
        """Whether this method makes sense for a task; by default for every one."""
        return True

    @property
    def multiple(self) -> int:
        """Height and width must divide by this; the ``Model`` pads to it and crops back.

        Training does not pad: `train.crop`, or without it every training image, must divide by this, or is refused.
        """
        return 1

    @property
    def reach(self) -> int | None:
        """How far away, in rows or columns, a source pixel can change a result pixel; 0: pixel by pixel.

        Images of any size then go window by window. None, where the whole image matters, needs them whole in memory.
        """
        return None

    @property
    def ready(self) -> bool:
        """Whether a fresh instance can be used as it is, with nothing learned: a copy, or a factor that is given."""
        return False

    @abstractmethod
    def forward(self, source: Tensor) -> Tensor:
        """``(n, source channels, h, w)`` to ``(n, target channels, h, w)``, in the unit interval, unclamped."""

    def stages(self) -> list[Stage]:
        """How it learns, one stage after the other; empty for what is fitted in closed form."""
        return []

    def left_out(self) -> tuple[str, ...]:
        """Names of stages that its settings leave out: a preset or a recipe may speak of them all the same."""
        return ()

    def fit(self, pairs: Iterable[Pair]) -> None:
        """Learn in closed form from ``pairs``, which may be gone through more than once."""
        raise SpectraError(f"{type(self).__name__} has nothing to fit in closed form.")

    @classmethod
    def fits(cls) -> bool:
        """Whether ``fit`` is this translator's own."""
        return cls.fit is not Translator.fit

    @classmethod
    def learns(cls) -> bool:
        """Whether ``stages`` is this translator's own."""
        return cls.stages is not Translator.stages

    def diagnostics(self) -> dict[str, Any]:
        """What it found out while it learned, stored in ``model.json``: numbers and text, in lists and mappings.

        Tensors and arrays become numbers; NaN and infinity become text, and so does any other object, by its ``repr``.
        """
        return {}

    def intermediates(self) -> Mapping[str, Translator]:
        """What it makes on its way, by name: each is a translator from the same source, which shares its modules.

        `spectra translate --intermediate` writes their images too, each into a folder of that name.
        """
        return {}

    def recomputed(self) -> list[nn.Module]:
        """Modules whose activations may be thrown away and computed again (`train.recompute`), such as its blocks."""
        return []

    @classmethod
    def import_official(cls, state: Mapping[str, Tensor], task: Task | None = None) -> Imported:
        """A translator from the tensors of a checkpoint that the method's authors released.

        Its settings, and the task's channels where no task is given, are read off the keys and shapes.
        """
        raise SpectraError(f"{cls.__name__} knows no official checkpoints.")

    def export_official(self) -> dict[str, Tensor]:
        """The tensors as the authors' code would load them."""
        raise SpectraError(f"{type(self).__name__} knows no official checkpoints.")
