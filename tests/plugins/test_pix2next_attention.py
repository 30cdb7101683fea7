"""The attention block of Pix2Next, against loops in float64 over heads, tokens and channels."""

from __future__ import annotations

from math import erf, exp, sqrt

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from spectra.errors import SpectraError
from spectra_pix2next.attention import Attention, CrossAttention
from tests.plugins.redrawn import drawn, redrawn


def answers(query: Tensor, key: Tensor, value: Tensor, heads: int) -> list[list[list[float]]]:
    """By head, query token and place in the head: the mean of values, weighted by the softmax of scaled products."""
    query, key, value = query.detach(), key.detach(), value.detach()
    each = query.shape[1] // heads
    found = []
    for head in range(heads):
        part = slice(head * each, (head + 1) * each)
        rows = []
        for q in query[:, part]:
            scores = [exp(float(q @ k) / sqrt(each)) for k in key[:, part]]
            weights = [score / sum(scores) for score in scores]
            rows.append(
                [sum(w * float(v[d]) for w, v in zip(weights, value[:, part], strict=True)) for d in range(each)]
            )
        found.append(rows)
    return found


def side_by_side(found: list[list[list[float]]]) -> Tensor:
    """The plain merge: token t has the answers of all heads for t."""
    tokens = [[number for head in found for number in head[t]] for t in range(len(found[0]))]
    return torch.tensor(tokens, dtype=torch.float64)


def scrambled(found: list[list[list[float]]]) -> Tensor:
    """Channel j of token t: head t // (L/h), query h·(t mod L/h) + j // e, place j mod e; L divides by h."""
    heads, length, each = len(found), len(found[0]), len(found[0][0])
    share = length // heads
    rows = [
        [found[t // share][heads * (t % share) + j // each][j % each] for j in range(heads * each)]
        for t in range(length)
    ]
    return torch.tensor(rows, dtype=torch.float64)


def in_one_line(found: list[list[list[float]]]) -> Tensor:
    """The scramble for any L: place f = t·C + j of the line is head f // (L·e), query (f // e) mod L, place f mod e."""
    heads, length, each = len(found), len(found[0]), len(found[0][0])
    channels = heads * each
    rows = torch.empty(length, channels, dtype=torch.float64)
    for f in range(length * channels):
        rows[f // channels, f % channels] = found[f // (length * each)][f // each % length][f % each]
    return rows


@pytest.mark.parametrize("heads", [1, 2, 4])
@pytest.mark.parametrize("merge", ["heads", "scrambled"])
def test_cross_attention_is_its_loop(heads: int, merge: str) -> None:
    layer = redrawn(CrossAttention(8, 6, heads, merge))  # type: ignore[arg-type]
    tokens, condition = drawn(12, 8), drawn(5, 6, seed=2)
    found = answers(tokens @ layer.Q.weight.T, condition @ layer.K.weight.T, condition @ layer.V.weight.T, heads)
    merged = side_by_side(found) if merge == "heads" else scrambled(found)
    expected = merged @ layer.O.weight.T
    torch.testing.assert_close(layer(tokens[None], condition[None])[0], expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("length", [3, 7, 9, 16, 25])
def test_the_scramble_has_a_rule_for_every_number_of_tokens(length: int) -> None:
    layer = redrawn(CrossAttention(8, 6, 4, "scrambled"))
    tokens, condition = drawn(length, 8), drawn(5, 6, seed=2)
    found = answers(tokens @ layer.Q.weight.T, condition @ layer.K.weight.T, condition @ layer.V.weight.T, 4)
    if length % 4 == 0:
        assert torch.equal(in_one_line(found), scrambled(found))
    expected = in_one_line(found) @ layer.O.weight.T
    torch.testing.assert_close(layer(tokens[None], condition[None])[0], expected, rtol=0, atol=1e-12)


def test_each_image_of_a_batch_is_scrambled_alone() -> None:
    layer = redrawn(CrossAttention(8, 6, 4, "scrambled"))
    tokens, condition = drawn(3, 10, 8), drawn(3, 5, 6, seed=2)
    together = layer(tokens, condition)
    for place in range(3):
        alone = layer(tokens[place : place + 1], condition[place : place + 1])
        torch.testing.assert_close(together[place : place + 1], alone, rtol=0, atol=1e-12)


def layer_normed(tokens: Tensor, layer: nn.LayerNorm) -> Tensor:
    rows = [(t - t.mean()) / (((t - t.mean()) ** 2).mean() + 1e-5).sqrt() * layer.weight + layer.bias for t in tokens]
    return torch.stack(rows)


def group_normed(x: Tensor, groups: int, layer: nn.GroupNorm) -> Tensor:
    parts = []
    for part in x.chunk(groups):
        variance = ((part - part.mean()) ** 2).mean()
        parts.append((part - part.mean()) / (variance + 1e-6).sqrt())
    return torch.cat(parts) * layer.weight[:, None, None] + layer.bias[:, None, None]


def convolved(x: Tensor, layer: nn.Conv2d) -> Tensor:
    return functional.conv2d(x[None], layer.weight, layer.bias, padding=1)[0]


def rows_of(x: Tensor) -> Tensor:
    """Tokens, row by row of the image."""
    return torch.stack([x[:, i, j] for i in range(x.shape[1]) for j in range(x.shape[2])])


def by_formula(block: Attention, x: Tensor, condition: Tensor | None, heads: int, merge: str) -> Tensor:
    """Facts of the official block, step by step; for one image."""
    a = rows_of(group_normed(convolved(x, block.conv_input), 4, block.group_norm))
    projected = layer_normed(a, block.layer_norm_1) @ block.attention_1.in_proj.weight.T
    first = side_by_side(answers(*projected.chunk(3, 1), heads))
    a = a + first @ block.attention_1.out_proj.weight.T + block.attention_1.out_proj.bias
    if condition is not None:
        seen = rows_of(group_normed(convolved(condition, block.conv_input_c), 1, block.group_norm_c))
        cross = block.attention_2
        query = layer_normed(a, block.layer_norm_2) @ cross.Q.weight.T
        found = answers(query, seen @ cross.K.weight.T, seen @ cross.V.weight.T, heads)
        a = a + (side_by_side(found) if merge == "heads" else scrambled(found)) @ cross.O.weight.T
    wide = layer_normed(a, block.layer_norm_3) @ block.linear_geglu_1.weight.T + block.linear_geglu_1.bias
    half = wide.shape[1] // 2
    gate = [[g / 2 * (1 + erf(g / sqrt(2))) for g in row] for row in wide[:, half:].tolist()]
    a = (
        a
        + (wide[:, :half] * torch.tensor(gate, dtype=torch.float64)) @ block.linear_geglu_2.weight.T
        + block.linear_geglu_2.bias
    )
    image = a.T.reshape(-1, *x.shape[1:])
    return convolved(image, block.conv_output) + x


@pytest.mark.parametrize("merge", ["heads", "scrambled"])
@pytest.mark.parametrize("channels", [6, None])
def test_an_attention_block_is_its_formula(merge: str, channels: int | None) -> None:
    block = redrawn(Attention(8, 2, 4, channels, merge))  # type: ignore[arg-type]
    x, condition = drawn(2, 8, 3, 4), None if channels is None else drawn(2, channels, 2, 3, seed=2)
    answer = block(x, condition)
    for place in range(2):
        seen = None if condition is None else condition[place]
        expected = by_formula(block, x[place], seen, 2, merge)
        torch.testing.assert_close(answer[place], expected, rtol=0, atol=1e-10)


def test_the_merge_changes_the_answer() -> None:
    plain, other = (redrawn(Attention(8, 2, 4, 6, merge)) for merge in ("heads", "scrambled"))
    other.load_state_dict(plain.state_dict())
    x, condition = drawn(1, 8, 4, 4), drawn(1, 6, 2, 2, seed=2)
    assert (plain(x, condition) - other(x, condition)).norm() > 0.01 * plain(x, condition).norm()


def test_one_head_has_nothing_to_merge() -> None:
    plain, other = (redrawn(Attention(8, 1, 4, 6, merge)) for merge in ("heads", "scrambled"))
    x, condition = drawn(1, 8, 4, 4), drawn(1, 6, 2, 2, seed=2)
    torch.testing.assert_close(plain(x, condition), other(x, condition), rtol=0, atol=1e-12)


def test_without_a_condition_there_are_no_weights_for_one() -> None:
    keys = Attention(8, 2, 4, None).state_dict().keys()
    with_one = Attention(8, 2, 4, 6).state_dict().keys()
    assert {key.partition(".")[0] for key in with_one - keys} == {
        "conv_input_c",
        "group_norm_c",
        "layer_norm_2",
        "attention_2",
    }


def test_what_cannot_be_attended_with_is_refused() -> None:
    with pytest.raises(SpectraError, match="3 heads cannot share 8 channels"):
        Attention(8, 3, 4, None)
    with pytest.raises(SpectraError, match="give its `forward` the condition"):
        Attention(8, 2, 4, 6)(torch.zeros(1, 8, 2, 2))
