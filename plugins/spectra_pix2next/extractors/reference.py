"""Checkpoints of InternImage as OpenGVLab publishes them: their names, and what of them an extractor takes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from torch import Tensor

from spectra import SpectraError
from spectra.weights import MissingWeights, read
from spectra.weights.finding import LOCAL, folders
from spectra_pix2next.extractors.internimage import InternImage
from spectra_pix2next.extractors.normalised import spread

FILES: Mapping[str, str] = {
    "t": "internimage_t_1k_224.pth",
    "s": "internimage_s_1k_224.pth",
    "b": "internimage_b_1k_224.pth",
    "l": "internimage_l_22kto1k_384.pth",
    "xl": "internimage_xl_22kto1k_384.pth",
}
"""Trained on ImageNet, as classifiers. Their hashes are not published: shapes alone tell whether a file fits."""
CLASSIFIER = ("conv_head.", "head.")
FIRST = "patch_embed.conv1.weight"


def load_file(network: InternImage, name: str, weights: str, image: bool = True) -> tuple[str, ...]:
    """Load ``pretrained`` weights of the variant of that name, or a file; tells what was left out of it.

    ``image``: whether the network sees images; of other features, only weights that have met as many of them fit.
    """
    path = _published(name) if weights == "pretrained" else weights
    try:
        return load_reference(network, read(path), image)
    except SpectraError as why:
        raise SpectraError(f"The weights {path!r} are not such of 'internimage:{name}': {why}") from None


def _published(name: str) -> str:
    if name not in FILES:
        raise SpectraError(
            f"There are no published weights of 'internimage:{name}'. Choose one of {', '.join(FILES)}, or leave out "
            "`extractor_weights`: it then learns from scratch."
        )
    for folder in folders():
        if (path := folder / FILES[name]).is_file():
            return str(path)
    raise MissingWeights(
        f"The weights of 'internimage:{name}' are missing: there is no {FILES[name]}.\n"
        f"Looked in: {', '.join(map(str, folders()))}\n"
        f"Fetch it from OpenGVLab's InternImage on the Hugging Face hub, and put it into one of these folders, or into "
        f"one that {LOCAL} names; or say where it is: `extractor_weights: FILE`.",
        (f"internimage_{name}",),
    )


def load_reference(network: InternImage, state: Mapping[str, Tensor], image: bool = True) -> tuple[str, ...]:
    """Every weight of the extractor comes from ``state``, or none does. Its classifier is dropped, and so said."""
    dropped = [key for key in state if key.startswith(CLASSIFIER)]
    found = {key: tensor for key, tensor in state.items() if key not in dropped}
    held = network.state_dict()
    if image and FIRST in found and found[FIRST].ndim == 4:
        found[FIRST] = spread(found[FIRST], held[FIRST].shape[1])
    _check(found, held)
    network.load_state_dict(found)
    return (f"Dropped of the weights, as only a classifier needs them: {', '.join(dropped)}.",) if dropped else ()


def _check(found: Mapping[str, Tensor], held: Mapping[str, Tensor]) -> None:
    faults = [f"it lacks {_few(held.keys() - found.keys())}"] if held.keys() - found.keys() else []
    if strange := found.keys() - held.keys():
        faults.append(f"it has {_few(strange)}, which this variant has not")
    if unlike := sorted(key for key in held.keys() & found.keys() if held[key].shape != found[key].shape):
        shapes = f"{tuple(found[unlike[0]].shape)}, not {tuple(held[unlike[0]].shape)}"
        faults.append(f"{unlike[0]} is {shapes}" + (f", and {len(unlike) - 1} more" if unlike[1:] else ""))
        if unlike == [FIRST]:
            faults.append("only `extractor_input: image` can use weights that have seen images")
    if faults:
        raise SpectraError("; ".join(faults) + f".{_figures(found)}")


def _few(keys: Iterable[str]) -> str:
    names = sorted(keys)
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if names[3:] else "")


def _figures(found: Mapping[str, Tensor]) -> str:
    """What the file seems to hold, for whoever named the wrong variant."""
    last = found.get("patch_embed.conv2.weight")
    layers = [re.match(r"levels\.(\d+)\.blocks\.(\d+)\.", key) for key in found]
    counts: dict[int, int] = {}
    for match in filter(None, layers):
        counts[int(match[1])] = max(counts.get(int(match[1]), 0), int(match[2]) + 1)
    if last is None or last.ndim != 4 or not counts:
        return " It seems to be no InternImage."
    return f" It holds an InternImage of {len(last)} channels and depths {[counts[it] for it in sorted(counts)]}."
