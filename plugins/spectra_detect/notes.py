"""What is said of an experiment beside its numbers."""

from __future__ import annotations

from spectra_detect.settings import Settings
from spectra_detect.splits import Splits


def said(settings: Settings) -> str:
    """How the numbers came about, in one paragraph."""
    confidence = f"{settings.evaluation.confidence:.0%}"
    return (
        f"Mean over {settings.seeds} seed{'s' * (settings.seeds != 1)}, with {confidence} intervals from "
        f"{settings.evaluation.resamples} draws of the test scenes; all arms and seeds are judged on the same draws. "
        "Average precision by pycocotools, at most 100 detections of an image."
    )


def notes(settings: Settings, splits: Splits) -> list[str]:
    """What a reader must know to judge the numbers."""
    learning, detector, generator = settings.learning, settings.detector, settings.generator
    who = generator.model or f"{generator.translator}{f' ({generator.preset})' if generator.preset else ''}"
    merged = "; ".join(
        f"{name} = {' + '.join(names)}" for name, names in settings.labels.classes.items() if names != [name]
    )
    return [
        f"The first arm takes {learning.steps} steps from scratch; both fine-tunings begin with its weights of the "
        f"same seed, and take {learning.tune_steps} steps each, of {learning.batch_size} images.",
        f"In the last arm {learning.real_share:.0%} of each batch are real images.",
        f"Generator: {who}, the same for all seeds: the spread over seeds is that of detectors alone.",
        _pairs(splits),
        f"Detector: FCOS of torchvision on a residual network of width {detector.width}, nothing pretrained; it sees "
        f"images of one channel three times, and source images {_seen(settings)}.",
        f"Boxes with both sides below {settings.labels.smallest:g} pixels are not learned from, and count neither as "
        "found nor as missed.",
        *([f"Classes are merged: {merged}; labels of no class are left out."] if merged else []),
        "The intervals say how the mean of these seeds would vary with other test scenes; those with seeds drawn, with "
        "other seeds too, of which there are few.",
    ]


def _pairs(splits: Splits) -> str:
    if splits.paired:
        return f"It learned from {len(splits.paired)} places without labels, none of which is a test place."
    return "What it learned from is not known here: see to it that no test image was among it."


def _seen(settings: Settings) -> str:
    return "in colour" if settings.detector.source == "colour" else "in grey"
