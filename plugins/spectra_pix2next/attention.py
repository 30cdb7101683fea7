"""The attention block: the image attends to itself, then to what the extractor found in the source."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from spectra import SpectraError
from spectra_pix2next.residual import group_norm
from spectra_pix2next.settings import Merge


class SelfAttention(nn.Module):
    """Of tokens ``(n, tokens, channels)`` to each other. Keys as official."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.in_proj = nn.Linear(channels, 3 * channels, bias=False)
        self.out_proj = nn.Linear(channels, channels)

    def forward(self, tokens: Tensor) -> Tensor:
        query, key, value = (split(part, self.heads) for part in self.in_proj(tokens).chunk(3, -1))
        heads = functional.scaled_dot_product_attention(query, key, value)
        answer: Tensor = self.out_proj(heads.transpose(1, 2).flatten(2))
        return answer


class CrossAttention(nn.Module):
    """Of tokens to those of a condition, which may have another number of channels. Keys as official.

    ``merge``: `heads` puts the answers of all heads for a token side by side. `scrambled` lays the answers one after
    the other, head by head and token by token, and cuts that line into tokens, as the released code does: channel j of
    token t is place f = t·channels + j of the line. So the first quarter of the image has the answers of the first of
    four heads, each token those for four tokens of some other place.
    """

    def __init__(self, channels: int, condition: int, heads: int, merge: Merge) -> None:
        super().__init__()
        self.heads, self.merge = heads, merge
        self.Q = nn.Linear(channels, channels, bias=False)
        self.K = nn.Linear(condition, channels, bias=False)
        self.V = nn.Linear(condition, channels, bias=False)
        self.O = nn.Linear(channels, channels, bias=False)

    def forward(self, tokens: Tensor, condition: Tensor) -> Tensor:
        query, key, value = (
            split(layer(given), self.heads)
            for layer, given in ((self.Q, tokens), (self.K, condition), (self.V, condition))
        )
        heads = functional.scaled_dot_product_attention(query, key, value)
        merged = heads.transpose(1, 2) if self.merge == "heads" else heads
        answer: Tensor = self.O(merged.reshape(tokens.shape))
        return answer


class Attention(nn.Module):
    """``x`` plus self-attention, cross-attention and a gated feed-forward layer of it, between two convolutions.

    ``condition`` is how many channels that has which is attended to; without one there is no cross-attention. Keys as
    official. No token knows its place, except by the 3×3 convolutions.
    """

    def __init__(self, channels: int, heads: int, groups: int, condition: int | None, merge: Merge = "heads") -> None:
        super().__init__()
        if channels % heads:
            raise SpectraError(
                f"{heads} heads cannot share {channels} channels evenly. Choose `heads` such that they divide 4 × "
                "`width`."
            )
        self.conv_input = nn.Conv2d(channels, channels, 3, padding=1)
        self.group_norm = group_norm(groups, channels, 1e-6)
        self.layer_norm_1 = nn.LayerNorm(channels)
        self.attention_1 = SelfAttention(channels, heads)
        self.conditioned = condition is not None
        if condition is not None:
            self.conv_input_c = nn.Conv2d(condition, condition, 3, padding=1)
            self.group_norm_c = nn.GroupNorm(1, condition, 1e-6)
            self.layer_norm_2 = nn.LayerNorm(channels)
            self.attention_2 = CrossAttention(channels, condition, heads, merge)
        self.layer_norm_3 = nn.LayerNorm(channels)
        self.linear_geglu_1 = nn.Linear(channels, 8 * channels)
        self.linear_geglu_2 = nn.Linear(4 * channels, channels)
        self.conv_output = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """``x`` is ``(n, channels, h, w)``; the condition, ``(n, its channels, any h, any w)``."""
        tokens = in_line(self.group_norm(self.conv_input(x)))
        tokens = tokens + self.attention_1(self.layer_norm_1(tokens))
        if self.conditioned:
            if condition is None:
                raise SpectraError("This attention has a cross-attention: give its `forward` the condition as well.")
            seen = in_line(self.group_norm_c(self.conv_input_c(condition)))
            tokens = tokens + self.attention_2(self.layer_norm_2(tokens), seen)
        value, gate = self.linear_geglu_1(self.layer_norm_3(tokens)).chunk(2, -1)
        tokens = tokens + self.linear_geglu_2(value * functional.gelu(gate))
        image = tokens.reshape(len(x), *x.shape[-2:], -1).permute(0, 3, 1, 2)
        answer: Tensor = self.conv_output(image) + x
        return answer


def in_line(image: Tensor) -> Tensor:
    """The pixels of ``(n, c, h, w)`` row by row: ``(n, h·w, c)``."""
    return image.permute(0, 2, 3, 1).flatten(1, 2)


def split(tokens: Tensor, heads: int) -> Tensor:
    """``(n, tokens, channels)`` to ``(n, heads, tokens, channels of a head)``."""
    return tokens.reshape(*tokens.shape[:-1], heads, -1).transpose(1, 2)
