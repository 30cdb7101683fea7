"""Generators as the released code stores them: in, and out again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from torch import Tensor

from spectra import Imported, SpectraError, Task
from spectra.nn.official_state import Found, plain, require_fit
from spectra_pix2next.dead_head import blank, numbers
from spectra_pix2next.official_keys import FIXED, described, read, refuse
from spectra_pix2next.settings import Settings

if TYPE_CHECKING:
    from spectra_pix2next.translator import Pix2Next

PREFIXES = {
    "generator.stem.": "init_conv.",
    "generator.extractor.": "unet.internimage.",
    "generator.head.block.": "unet.output_res_block.",
    "generator.head.conv.": "unet.output_block.conv.",
    "generator.unet.": "unet.",
    "dead_head.": "unet.internimage.",
}
"""Ours and theirs."""
INNER = {
    "patch_embed.norm1": "patch_embed.norm1.1",
    "patch_embed.norm2": "patch_embed.norm2.1",
    ".norm1": ".norm1.0",
    ".norm2": ".norm2.0",
    ".dcn.dw_conv": ".dcn.dw_conv.0",
    ".dcn.dw_norm": ".dcn.dw_conv.1.1",
    ".downsample.norm": ".downsample.norm.1",
}
"""Ends of the names of layers of the extractor; all others are the same."""
SOURCES = {1: "gray", 3: "rgb"}
SCRAMBLED = (
    "Heads of the cross-attention come together as in the released code, which mixes tokens (`merge: scrambled`): the "
    "released weights were trained so. 4 heads and 32 groups are taken from its configuration, as weights do not tell."
)


def imported(kind: type[Pix2Next], state: Mapping[str, Tensor], task: Task | None) -> Imported:
    notes: list[str] = []
    tensors = plain(state, notes, refuse)
    found = read(tensors)
    chosen = task or _guessed(found, notes)
    settings = found.settings.model_copy(update={"tripled": found.target == 3 and chosen.target.channels == 1})
    tensors = _folded(tensors, found, chosen, notes)
    translator = kind(chosen, settings)
    wanted = _official(translator)
    require_fit(tensors, wanted, refuse)
    own = translator.state_dict()
    own.update({ours: tensors[theirs].to(own[ours].dtype) for ours, theirs in _names(own).items()})
    translator.load_state_dict(own)
    return Imported(translator, (f"{len(tensors)} tensors make {described(settings)}.", *_said(translator), *notes))


def exported(translator: Pix2Next) -> dict[str, Tensor]:
    settings: Settings = translator.settings
    _refuse_foreign(settings)
    tensors = {key: tensor.detach().cpu().clone() for key, tensor in _official(translator).items()}
    if settings.extractor == "none" or settings.dead_head:
        return tensors
    return tensors | {PREFIXES["dead_head."] + key: tensor for key, tensor in blank(translator.features).items()}


def _official(translator: Pix2Next) -> dict[str, Tensor]:
    own = translator.state_dict()
    return {theirs: own[ours] for ours, theirs in _names(own).items()}


def _names(own: Mapping[str, Tensor]) -> dict[str, str]:
    """Our keys, and theirs."""
    found = {}
    for key in own:
        prefix = next(prefix for prefix in PREFIXES if key.startswith(prefix))
        layer, _, name = key.removeprefix(prefix).rpartition(".")
        if prefix == "generator.extractor.":
            end = next((end for end in INNER if layer.endswith(end)), "")
            layer = layer.removesuffix(end) + INNER.get(end, "")
        found[key] = PREFIXES[prefix] + (f"{layer}.{name}" if layer else name)
    return found


def _said(translator: Pix2Next) -> list[str]:
    settings: Settings = translator.settings
    said = [SCRAMBLED] if settings.attention != "none" and settings.extractor != "none" else []
    if settings.dead_head:
        kept = translator.dead_head.state_dict()
        said.append(
            f"{len(kept)} tensors, {numbers(kept):,} parameters, are of a classification head that no pass uses: they "
            "are kept, and given back at export."
        )
    if translator.copies > 1:
        said.append("It makes its one channel three times over; the answer is the mean of the three.")
    return said


def _guessed(found: Found[Settings], notes: list[str]) -> Task:
    if found.source not in SOURCES or found.target not in (1, 3):
        _refuse_channels(found, f"Name the bands: `--task ms{found.source}2ms{found.target}`, for example.")
    task = Task.parse(f"{SOURCES[found.source]}2nir")
    notes.append(
        f"The task {task} is that of the released checkpoints: name another with `--task` if the images show others."
    )
    return task


def _folded(tensors: dict[str, Tensor], found: Found[Settings], task: Task, notes: list[str]) -> dict[str, Tensor]:
    """The released code makes every image RGB. Where the task's source is grey, three channels are folded into one."""
    source, target = task.source.channels, task.target.channels
    if (found.source != source and (found.source, source) != (3, 1)) or (
        found.target != target and (found.target, target) != (3, 1)
    ):
        _refuse_channels(found, f"The task {task} has {target} of {source}.")
    if found.source != source:
        seen = ["init_conv.weight"]
        if found.settings.extractor != "none" and found.settings.extractor_input == "image":
            seen.append("unet.internimage.patch_embed.conv1.weight")
        tensors = tensors | {key: tensors[key].sum(1, keepdim=True) for key in seen}
        notes.append("The source was folded from 3 channels to 1: exact for a grey image repeated in all three.")
    return tensors


def _refuse_channels(found: Found[Settings], advice: str) -> None:
    refuse(f"it makes {found.target} channels of {found.source}. {advice}")


def _refuse_foreign(settings: Settings) -> None:
    """What the released code has not, or would compute otherwise."""
    wanted = {"generator": "unet", "skips": "concat", "output": "linear", **{key: FIXED[key] for key in EXECUTED}}
    if settings.extractor != "none":
        wanted |= {"extractor": "internimage:official", "extractor_input": "stem"}
    own = [f"`{name}: {getattr(settings, name)}`" for name in wanted if getattr(settings, name) != wanted[name]]
    if settings.internimage.offset_scale not in (None, 1.0):
        own.append(f"`internimage.offset_scale: {settings.internimage.offset_scale}`")
    if own:
        raise SpectraError(
            f"The released code has no {', '.join(own)}: with these weights it would fail, or give other images."
        )


EXECUTED = ("groups", "heads", "merge")
"""What it computes by, and no weight tells."""
