"""A state as a file of tensors and JSON: what comes back is what was given, to the bit, the stride and the key."""

from __future__ import annotations

import json
import math
import struct
from collections import OrderedDict, deque
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file
from torch import Tensor, nn

from spectra.errors import SpectraError
from spectra.training.state import DEEPEST, packed, unpacked
from spectra.training.tensor_file import read_tensors, write_tensors

PLAIN = [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.bool, torch.uint8, torch.int8, torch.int16]
KINDS = [*PLAIN, torch.int32, torch.int64, torch.complex64, torch.complex128, torch.uint16, torch.float8_e4m3fn]


def bits(tensor: Tensor) -> bytes:
    flat = tensor.detach().resolve_conj().resolve_neg().clone(memory_format=torch.contiguous_format).flatten()
    return flat.view(torch.uint8).numpy().tobytes() if tensor.numel() else b""


def same(given: Any, back: Any) -> bool:
    """Equal in every bit, type and key; tuples have become lists."""
    if isinstance(given, Tensor):
        alike = (given.dtype, given.shape) == (back.dtype, back.shape) and bits(given) == bits(back)
        return alike and (not dense(given) or given.stride() == back.stride())
    if isinstance(given, dict):
        if type(back) is not dict or [(type(key), key) for key in given] != [(type(key), key) for key in back]:
            return False
        return all(same(given[key], back[key]) for key in given)
    if isinstance(given, list | tuple):
        return type(back) is list and len(given) == len(back) and all(map(same, given, back))
    if isinstance(given, float):
        return type(back) is float and (struct.pack("d", given) == struct.pack("d", back) or given != given != back)
    return type(given) is type(back) and given == back


def dense(tensor: Tensor) -> bool:
    """Whether torch itself keeps the strides of a copy: it does where there are neither gaps nor overlaps."""
    return tensor.numel() > 0 and torch.empty_like(tensor).stride() == tensor.stride()


def through_json(state: Any) -> Any:
    tensors, tree = packed(state)
    return unpacked(tensors, json.loads(json.dumps(tree, allow_nan=False)))


def through_file(state: Any, folder: Path) -> Any:
    tensors, tree = packed(state)
    write_tensors(folder / "tensors.safetensors", tensors)
    return unpacked(read_tensors(folder / "tensors.safetensors"), json.loads(json.dumps(tree, allow_nan=False)))


@st.composite
def tensors(draw: st.DrawFn) -> Tensor:
    shape = draw(st.lists(st.integers(0, 3), max_size=5))
    values = torch.from_numpy(np.random.default_rng(draw(st.integers(0, 99))).normal(0, 40, shape))
    kind = draw(st.sampled_from(KINDS))
    if kind in (torch.uint8, torch.uint16, torch.float8_e4m3fn):
        values = values.abs()
    tensor = values.to(kind)
    if len(shape) == 4 and draw(st.booleans()):
        tensor = tensor.contiguous(memory_format=torch.channels_last)
    if draw(st.booleans()):
        tensor = tensor.permute(draw(st.permutations(range(len(shape)))))
    if shape and draw(st.booleans()):
        tensor = tensor[..., ::2]
    return tensor.expand(2, *tensor.shape) if draw(st.booleans()) and tensor.ndim < 5 else tensor


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(2**200), 2**200)
    | st.floats()
    | st.text(st.characters(), max_size=5)
    | st.sampled_from(["$tensor", "", "\ud800"])
)
KEYS = st.text(max_size=4) | st.integers() | st.sampled_from(["0", "$tensor", "$map", "$", "a/b", "__metadata__"])
STATES = st.recursive(
    SCALARS | tensors(),
    lambda held: st.lists(held, max_size=4) | st.dictionaries(KEYS, held, max_size=4),
    max_leaves=12,
)


@given(STATES)
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_state_comes_back_as_it_was(state: Any) -> None:
    assert same(state, through_json(state))


@pytest.mark.slow
@given(STATES)
@settings(max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck))
def test_many_states_come_back_from_a_file(tmp_path_factory: pytest.TempPathFactory, state: Any) -> None:
    assert same(state, through_file(state, tmp_path_factory.mktemp("state")))


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_every_kind_of_number_comes_back_from_a_file(tmp_path: Path, kind: torch.dtype) -> None:
    image = torch.rand(2, 3, 4, 5).mul(100).to(kind)
    state = {
        "image": image,
        "last": image.contiguous(memory_format=torch.channels_last),
        "turned": image.mT,
        "part": image[:, 1:, ::2],
        "one": image[0, 0, 0, 0].clone(),
        "none": image[:0].clone(),
    }
    back = through_file(state, tmp_path)
    assert same(state, back)
    assert back["last"].is_contiguous(memory_format=torch.channels_last)


def test_the_memory_format_comes_back_where_torch_cannot_tell_it_from_the_values() -> None:
    """A map of one channel is both contiguous and channels_last; torch goes by its strides."""
    image = torch.rand(2, 1, 4, 5).to(memory_format=torch.channels_last)
    assert image.stride() != torch.rand(2, 1, 4, 5).stride()
    assert through_json(image).stride() == image.stride()


def test_floats_that_json_does_not_know_come_back() -> None:
    state = [math.nan, math.inf, -math.inf, -0.0, 5e-324, 0.1 + 0.2, {"lr": math.inf}]
    assert same(state, through_json(state))
    tensor = torch.tensor([math.nan, math.inf, -0.0])
    assert bits(through_json(tensor)) == bits(tensor)


def test_whole_numbers_as_keys_stay_whole_numbers() -> None:
    state = {0: "a", "0": "b", -7: {"$tensor": 1}, 2**70: None}
    assert through_json(state) == state
    assert [type(key) for key in through_json(state)] == [int, str, int, int]


def test_the_order_of_a_dictionary_is_kept(tmp_path: Path) -> None:
    state = {"b": torch.zeros(1), "a": torch.zeros(1, dtype=torch.float64), "c": 1}
    assert list(through_file(state, tmp_path)) == ["b", "a", "c"]


def test_tied_tensors_are_written_once_and_stay_tied(tmp_path: Path) -> None:
    weight = torch.rand(30, 10)
    state = {
        "one": weight,
        "two": nn.Parameter(weight),
        "turned": weight.T,
        "flat": weight.view(-1),
        "part": weight[3:],
    }
    names, _ = packed(state)
    assert list(names) == ["/one", "/part"]
    back = through_file(state, tmp_path)
    assert same(state["turned"], back["turned"])
    back["one"][0, 0] = 7
    assert back["two"][0, 0] == back["turned"][0, 0] == back["flat"][0] == 7


def test_parts_that_begin_at_the_same_place_are_not_taken_for_the_whole() -> None:
    whole = torch.rand(4, 6)
    state = [whole, whole[:2], whole[:, ::2], whole[::2, ::2], whole[:, :3], whole.view(torch.int32), whole[:1, :1]]
    assert same(state, through_json(state))
    assert same(state[::-1], through_json(state[::-1]))


def test_tensors_of_equal_value_are_not_tied() -> None:
    back = through_json([torch.zeros(3), torch.zeros(3), torch.empty(0), torch.empty(0)])
    back[0][0] = 1
    assert back[1].tolist() == [0, 0, 0]


def test_memory_that_is_given_to_another_tensor_meanwhile_is_not_taken_for_tied() -> None:
    class Made(dict[str, Tensor]):
        def items(self) -> Any:
            return ((name, torch.full((1, 1000), float(number)).expand(2, 1000)) for number, name in enumerate("abcd"))

    back = through_json(Made(a=torch.zeros(0)))
    assert [tensor.mean().item() for tensor in back.values()] == [0, 1, 2, 3]


def test_nothing_large_is_copied() -> None:
    image = torch.rand(1, 3, 8, 8).to(memory_format=torch.channels_last)
    names, _ = packed([image, nn.Parameter(torch.rand(5)), torch.rand(4, 3).T])
    assert names["/0"].data_ptr() == image.data_ptr()
    assert all(tensor.is_contiguous() and not tensor.requires_grad for tensor in names.values())


def test_the_safetensors_library_reads_the_file(tmp_path: Path) -> None:
    state = {"a": torch.rand(3, 2), "b": [torch.tensor(True), torch.rand(5, dtype=torch.bfloat16)], "c": torch.zeros(0)}
    names, _ = packed(state)
    write_tensors(tmp_path / "file", names)
    read = load_file(tmp_path / "file")
    assert sorted(read) == ["/a", "/b/0", "/b/1", "/c"]
    assert all(same(names[name], read[name]) for name in names)


def test_every_tensor_of_a_file_is_aligned(tmp_path: Path) -> None:
    kinds = [torch.bool, torch.float64, torch.uint8, torch.float32, torch.bfloat16]
    names, _ = packed([torch.ones(3, dtype=kind) for kind in kinds])
    write_tensors(tmp_path / "file", names)
    content = (tmp_path / "file").read_bytes()
    length = int.from_bytes(content[:8], "little")
    assert length % 8 == 0
    starts = {name: said["data_offsets"][0] for name, said in json.loads(content[8 : 8 + length]).items()}
    assert all(starts[name] % tensor.element_size() == 0 for name, tensor in names.items())


@pytest.mark.parametrize("key", ["__metadata__", "\ud800", "a/b#2", "ä\n", "x" * 5000])
def test_any_key_can_name_a_tensor(tmp_path: Path, key: str) -> None:
    state = {key: torch.ones(1), "a": {"b": torch.zeros(2)}, "a/b": torch.ones(2), 0: torch.ones(3), "0": torch.ones(4)}
    assert same(state, through_file(state, tmp_path))
    only = {key: torch.ones(2)}
    assert same(only, through_file(only, tmp_path))


def test_what_was_read_does_not_hang_on_the_file(tmp_path: Path) -> None:
    names, _ = packed({"a": torch.arange(1000)})
    write_tensors(tmp_path / "file", names)
    back = read_tensors(tmp_path / "file")["/a"]
    size = (tmp_path / "file").stat().st_size
    with (tmp_path / "file").open("r+b") as file:
        file.write(bytes(size))
    assert back.tolist() == list(range(1000))
    assert back.data_ptr() % 16 == 0


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({1, 2}, "of the type set"),
        (deque([1]), "collections.deque"),
        (np.int64(3), "numpy.int64"),
        (np.zeros(3), "numpy.ndarray"),
        (b"x", "of the type bytes"),
        ({None: 1}, "has the key None"),
        ({True: 1}, "has the key True"),
        ({1.0: 1}, "has the key 1.0"),
        (1 << 5000, "a number of 5001 bits"),
        (torch.zeros(2).to_sparse(), "sparse"),
        (torch.zeros(2, device="meta"), "meta"),
    ],
)
def test_what_cannot_be_kept_is_named_with_its_place(value: Any, told: str) -> None:
    with pytest.raises(SpectraError, match=f"The state 'pool.0.x' cannot be kept.*{told}"):
        packed({"pool": [{"x": value}]})


def test_a_state_that_holds_itself_is_refused() -> None:
    state: list[Any] = []
    state.append(state)
    with pytest.raises(SpectraError, match="Does it hold itself"):
        packed(state)


def nested(depth: int) -> Any:
    return {0: nested(depth - 1)} if depth else torch.ones(1)


def test_what_is_as_deep_as_may_be_comes_back() -> None:
    assert same(nested(DEEPEST), through_json(nested(DEEPEST)))
    with pytest.raises(SpectraError, match="deeper"):
        packed(nested(DEEPEST + 1))


REFERENCE = {"$tensor": "/a"}


@pytest.mark.parametrize(
    "tree",
    [
        [],  # the tensor is not used
        {"$tensor": "/b"},
        {"$tensor": ["/a"]},
        {"$tensor": "/a", "shape": [3]},
        {"$tensor": "/a", "shape": [3, 4], "stride": [0, 1]},
        {"$tensor": "/a", "shape": [3, 4], "stride": [1, 1]},
        {"$tensor": "/a", "shape": [3, 4], "stride": [-4, 1]},
        {"$tensor": "/a", "shape": [3, 4], "stride": [4]},
        {"$tensor": "/a", "shape": [-3, -4], "stride": [4, 1]},
        {"$tensor": "/a", "shape": [3.0, 4.0], "stride": [4, 1]},
        {"$tensor": "/a", "shape": [True, 12], "stride": [12, 1]},
        {"$tensor": "/a", "shape": "34", "stride": "41"},
        {"$tensor": "/a", "shape": [2**62, 2**62], "stride": [1, 1]},
        {"$tensor": "/a", "type": "torch.float64"},
        {"$tensor": "/a", "type": "os.system"},
        {"$tensor": "/a", "type": 7},
        [REFERENCE, {"$map": [["a", 1], ["a", 2]]}],
        [REFERENCE, {"$map": [[None, 1]]}],
        [REFERENCE, {"$map": [[1, 2, 3]]}],
        [REFERENCE, {"$map": 3}],
        [REFERENCE, {"$float": "1"}],
        [REFERENCE, {"$float": {}}],
        [REFERENCE, {"$code": "x"}],
        [REFERENCE, 1e999],
        [REFERENCE, json.loads("[" * 500 + "]" * 500)],
    ],
    ids=lambda tree: str(tree)[:60],
)
def test_a_tree_that_does_not_fit_is_an_error_and_nothing_else(tree: Any) -> None:
    with pytest.raises(SpectraError):
        unpacked({"/a": torch.zeros(12)}, tree)


def test_a_tensor_that_is_named_often_takes_no_more_memory() -> None:
    back = unpacked({"/a": torch.zeros(1000)}, [REFERENCE] * 10_000)
    assert len({tensor.data_ptr() for tensor in back}) == 1


OPTIMIZERS = [
    (torch.optim.Adam, {"lr": 0.1, "foreach": True}),
    (torch.optim.Adam, {"lr": 0.1, "fused": True}),
    (torch.optim.Adam, {"lr": 0.1, "amsgrad": True, "betas": (0.5, 0.999)}),
    (torch.optim.AdamW, {"lr": torch.tensor(0.1), "foreach": False}),
    (torch.optim.SGD, {"lr": 0.1, "momentum": 0.9}),
    (torch.optim.RMSprop, {"lr": 0.1, "momentum": 0.9, "centered": True}),
]


@pytest.mark.parametrize(("kind", "said"), OPTIMIZERS, ids=lambda value: getattr(value, "__name__", str(value)))
def test_an_optimizer_goes_on_bit_for_bit(tmp_path: Path, kind: Any, said: dict[str, Any]) -> None:
    def made() -> tuple[nn.Module, Any]:
        torch.manual_seed(1)
        net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Conv2d(4, 2, 1, bias=False))
        return net.to(memory_format=torch.channels_last), kind(net.parameters(), **said)

    def learn(net: nn.Module, optimizer: Any, seeds: range) -> None:
        for seed in seeds:
            image = torch.rand(2, 3, 6, 6, generator=torch.Generator().manual_seed(seed))
            optimizer.zero_grad()
            net(image).square().mean().backward()
            optimizer.step()

    (net, optimizer), (other, again) = made(), made()
    learn(net, optimizer, range(3))
    state = {"net": net.state_dict(), "optimizer": optimizer.state_dict()}
    back = through_file(state, tmp_path)
    assert same(OrderedDict(state) and {**state, "net": dict(state["net"])}, back)
    other.load_state_dict(back["net"])
    again.load_state_dict(back["optimizer"])
    learn(net, optimizer, range(3, 6))
    learn(other, again, range(3, 6))
    assert same(dict(net.state_dict()), dict(other.state_dict()))
    assert same(optimizer.state_dict()["state"], again.state_dict()["state"])


def test_a_scaler_and_a_schedule_come_back() -> None:
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**16)
    state = {"scaler": scaler.state_dict(), "pool": [torch.rand(1, 3, 4, 4), None], "words": ["ä", True, 3]}
    assert state["scaler"]
    assert same(state, through_json(state))
