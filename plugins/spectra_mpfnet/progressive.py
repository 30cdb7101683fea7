"""The multi-scale progressive feature embedding network (MPFNet): from the coarsest scale to the finest."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional

from spectra_mpfnet.consistency import Consistency
from spectra_mpfnet.cross_scale import EncoderSkips, Merge
from spectra_mpfnet.feature_embedding import FeatureEmbedding, Style


class Scale(nn.Module):
    """One scale: stem, what the coarser one handed on, feature embedding, prediction."""

    def __init__(
        self,
        source: int,
        width: int,
        depth: int,
        shared: int | None,
        csff: bool,
        style: Style,
        consistency: Consistency,
    ) -> None:
        """``shared``: levels that the coarser scale has as well; none: there is no coarser scale."""
        super().__init__()
        self.stem = nn.Conv2d(source, width, 3, padding=1)
        self.merge = None if shared is None else Merge(width)
        self.skips = EncoderSkips(width, shared) if shared is not None and csff else None
        self.embedding = FeatureEmbedding(width, depth, style)
        self.consistency = consistency

    def forward(
        self, image: Tensor, coarser: Tensor | None, levels: Sequence[Tensor]
    ) -> tuple[Tensor, Tensor, list[Tensor]]:
        """The prediction, the features for the next scale, and the levels of the encoder."""
        x = self.stem(image)
        if self.merge is not None and coarser is not None:
            x = self.merge(x, coarser)
        features, own = self.embedding(x, self.skips(levels) if self.skips is not None else [])
        prediction, refined = self.consistency(features, image)
        return prediction, refined, own


class Progressive(nn.Module):
    """Images of [-1, 1] to predictions of [-1, 1] on each scale, coarsest first; the last is as large as the image.

    ``depths`` are the halvings within each scale. Each scale is twice as large as the one before, and sees the image by
    means over areas.
    """

    def __init__(
        self,
        source: int,
        target: int,
        width: int,
        depths: Sequence[int],
        style: Style,
        *,
        csff: bool = True,
        residual: bool = False,
        tanh: bool = True,
    ) -> None:
        super().__init__()
        shared = [None, *(min(pair) for pair in pairwise(depths))]
        self.scales = nn.ModuleList(
            Scale(
                source,
                width,
                depth,
                levels,
                csff,
                style,
                Consistency(width, target, residual=residual, tanh=tanh, last=place == len(depths) - 1),
            )
            for place, (depth, levels) in enumerate(zip(depths, shared, strict=True))
        )

    def forward(self, image: Tensor) -> list[Tensor]:
        predictions: list[Tensor] = []
        features: Tensor | None = None
        levels: list[Tensor] = []
        for place, scale in enumerate(self.scales, start=1):
            smaller = 2 ** (len(self.scales) - place)
            seen = functional.avg_pool2d(image, smaller) if smaller > 1 else image
            prediction, features, levels = scale(seen, features, levels)
            predictions.append(prediction)
        return predictions
