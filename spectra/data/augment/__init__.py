"""Training images varied: the same way for both images of a pair, at any depth and number of bands."""

from spectra.data.augment.augmentation import Augmentation, Plan

__all__ = ["Augmentation", "Plan"]
