"""The weights that are known: their files, where these come from, and their hashes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from spectra.errors import UnknownName

TORCHVISION = "https://download.pytorch.org/models/"
DISTS = "https://raw.githubusercontent.com/dingkeyan93/DISTS/master/DISTS_pytorch/weights.pt"
LPIPS = "https://raw.githubusercontent.com/richzhang/PerceptualSimilarity/master/lpips/weights/v0.1/"
FID = "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/weights-inception-2015-12-05-6726825d.pth"
IMAGENET_TERMS = "BSD-3-Clause (torchvision); learned from ImageNet, whose terms are for research"


@dataclass(frozen=True)
class Entry:
    """One file of weights."""

    name: str
    url: str
    sha256: str
    """The whole hash, or as much of its beginning as the publisher states."""
    size: int
    """In bytes, about."""
    purpose: str
    licence: str
    file: str = ""
    """Under which name it is looked for; without it, that of the URL."""
    package: tuple[str, str] | None = None
    """An installed package that brings the file, and where in it."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "file", self.file or PurePosixPath(self.url).name)

    def is_of(self, digest: str) -> bool:
        return digest.startswith(self.sha256)

    def told_size(self) -> str:
        """``548 MB``, or ``7 kB``."""
        return f"{self.size / 2**20:.0f} MB" if self.size >= 2**20 else f"{self.size / 2**10:.0f} kB"


def _torchvision(name: str, file: str, megabytes: float, purpose: str) -> Entry:
    """Torchvision puts the first eight digits of the hash into the name of the file."""
    digits = file.removesuffix(".pth").rpartition("-")[2]
    return Entry(name, TORCHVISION + file, digits, int(megabytes * 2**20), purpose, IMAGENET_TERMS)


def _lpips(backbone: str, sha256: str, size: int) -> Entry:
    file = f"{backbone}.pth"
    return Entry(
        f"lpips_{backbone}",
        LPIPS + file,
        sha256,
        size,
        f"the linear layers of LPIPS 0.1 with {backbone}",
        "BSD-2-Clause",
        f"lpips_{backbone}_v0.1.pth",
        ("lpips", f"weights/v0.1/{file}"),
    )


KNOWN: dict[str, Entry] = {
    entry.name: entry
    for entry in (
        _torchvision("vgg19", "vgg19-dcbb9e9d.pth", 548.051, "perceptual losses"),
        _torchvision("vgg16", "vgg16-397923af.pth", 527.796, "the backbone of LPIPS with vgg, and of DISTS"),
        _torchvision("alexnet", "alexnet-owt-7be5be79.pth", 233.087, "the backbone of LPIPS with alex"),
        _torchvision("squeezenet1_1", "squeezenet1_1-b8a52dc0.pth", 4.729, "the backbone of LPIPS with squeeze"),
        _lpips("vgg", "a78928a0af1e5f0fcb1f3b9e8f8c3a2a5a3de244d830ad5c1feddc79b8432868", 7289),
        _lpips("alex", "df73285e35b22355a2df87cdb6b70b343713b667eddbda73e1977e0c860835c0", 6009),
        _lpips("squeeze", "4a5350f23600cb79923ce65bb07cbf57dca461329894153e05a1346bd531cf76", 10811),
        Entry(
            "dists",
            DISTS,
            "f5e65c96230b7f6ca995691647d482237e4cab8a50c5c4a5784f219ef0748218",
            12288,
            "how much each channel counts in DISTS",
            "MIT",
            "dists_weights.pt",
            ("torchmetrics", "functional/image/dists_models/weights.pt"),
        ),
        Entry(
            "inception_fid",
            FID,
            "6726825d",
            95_628_359,
            "the network of FID and KID",
            "Apache-2.0 (TensorFlow); learned from ImageNet, whose terms are for research",
        ),
    )
}


def entry(name: str) -> Entry:
    if name not in KNOWN:
        raise UnknownName("set of pretrained weights", name, KNOWN)
    return KNOWN[name]
