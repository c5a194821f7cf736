"""Weights that others published, of networks that losses and metrics look through: where they are and how they are read."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from pickle import UnpicklingError

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from ..common.errors import WeightsError
from ..common.text import first_line
from .weight_files import load_strict

VGG16_FILE = "vgg16-397923af.pth"
VGG19_FILE = "vgg19-dcbb9e9d.pth"
ALEXNET_FILE = "alexnet-owt-7be5be79.pth"
LPIPS_VGG_FILE = "vgg.pth"
LPIPS_ALEXNET_FILE = "alex.pth"
INCEPTION_FILE = "weights-inception-2015-12-05-6726825d.pth"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a file is published."""

    of: str
    url: str
    # Of the file's bytes; its beginning alone where the publisher says no more, in the file's name.
    sha256: str

    def __str__(self) -> str:
        return f"{self.of}, {self.url}"


_TORCHVISION = "https://download.pytorch.org/models/"
_LPIPS = "https://raw.githubusercontent.com/richzhang/PerceptualSimilarity/master/lpips/weights/v0.1/"

SOURCES = {
    VGG16_FILE: Source(
        "torchvision's VGG16_Weights.IMAGENET1K_V1",
        f"{_TORCHVISION}{VGG16_FILE}",
        "397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
    ),
    VGG19_FILE: Source(
        "torchvision's VGG19_Weights.IMAGENET1K_V1", f"{_TORCHVISION}{VGG19_FILE}", "dcbb9e9d"
    ),
    ALEXNET_FILE: Source(
        "torchvision's AlexNet_Weights.IMAGENET1K_V1",
        f"{_TORCHVISION}{ALEXNET_FILE}",
        "7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02",
    ),
    LPIPS_VGG_FILE: Source(
        "PerceptualSimilarity's heads of LPIPS",
        f"{_LPIPS}{LPIPS_VGG_FILE}",
        "a78928a0af1e5f0fcb1f3b9e8f8c3a2a5a3de244d830ad5c1feddc79b8432868",
    ),
    LPIPS_ALEXNET_FILE: Source(
        "PerceptualSimilarity's heads of LPIPS",
        f"{_LPIPS}{LPIPS_ALEXNET_FILE}",
        "df73285e35b22355a2df87cdb6b70b343713b667eddbda73e1977e0c860835c0",
    ),
    INCEPTION_FILE: Source(
        "torch-fidelity's Inception",
        f"https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/{INCEPTION_FILE}",
        "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
    ),
}

# Where the files are published, by their names, in words.
PUBLISHED = {name: str(source) for name, source in SOURCES.items()}


def fetch_command(*names: str) -> str:
    """What fetches files of these names, for a message: the package's command, or the runtime's own."""
    package, found, _ = __name__.partition("._runtime.")
    return " ".join(
        ["python -m", f"{package}.fetch" if found else f"{package.split('.')[0]}.fetching", *names]
    )


# Keys of published files that no network here has: torchvision's linear layers behind the convolutions.
IGNORED_PREFIXES = ("classifier.",)


def weights_folder(folder: str | Path | None = None) -> Path:
    """Where published files are looked for: `folder`, else $LITEVAE_WEIGHTS, else ~/.cache/litevae."""
    return Path(folder or os.environ.get("LITEVAE_WEIGHTS") or "~/.cache/litevae").expanduser()


def find_published(names: Sequence[str], folder: str | Path | None = None) -> list[Path]:
    """The files of these names, as they are published or as .safetensors.

    What the folder lacks is taken from torchmetrics where that brings it. FileNotFoundError says what to
    fetch, from where, and where to put it.
    """
    place = weights_folder(folder)
    found = {name: published_file(name, place) for name in names}
    missing = [name for name, path in found.items() if path is None]
    if missing:
        fetch = "; ".join(f"{name}: {PUBLISHED.get(name, 'of unknown origin')}" for name in missing)
        raise FileNotFoundError(
            f"{place} has no {' and no '.join(missing)}. Fetch what is missing into that folder with "
            f"{fetch_command(*missing)} ({fetch}), "
            "or name another folder in perceptual.folder or $LITEVAE_WEIGHTS. "
            'perceptual.weights="random" does without, for smoke tests alone.'
        )
    return [path for path in found.values() if path is not None]


def published_file(name: str, folder: str | Path | None = None) -> Path | None:
    """The file of this name in the folder, or in torchmetrics where that brings it."""
    return _existing(weights_folder(folder) / name) or _in_torchmetrics(name)


def _existing(path: Path) -> Path | None:
    candidates = (path, path.with_suffix(".safetensors"))
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def _in_torchmetrics(name: str) -> Path | None:
    """LPIPS' heads, which torchmetrics carries. Importing it fails where torchvision is of another torch."""
    spec = find_spec("torchmetrics") if name in (LPIPS_VGG_FILE, LPIPS_ALEXNET_FILE) else None
    if spec is None or spec.origin is None:
        return None
    return _existing(Path(spec.origin).parent / "functional" / "image" / "lpips_models" / name)


def load_published(network: nn.Module, files: Sequence[Path]) -> None:
    """Gives `network` the weights of published files, under the files' own keys.

    WeightsError names the keys that are missing, unexpected or of another shape; only those that begin with
    one of IGNORED_PREFIXES may be left over.
    """
    state: dict[str, Tensor] = {}
    for file in files:
        state |= read_published(file)
    kept = {key: value for key, value in state.items() if not key.startswith(IGNORED_PREFIXES)}
    try:
        load_strict(network, kept)
    except WeightsError as error:
        raise WeightsError(f"{', '.join(map(str, files))}: {error}") from None


def read_published(file: Path) -> dict[str, Tensor]:
    """The tensors of a .pth or .safetensors file by their keys. Nothing in the file is executed."""
    try:
        if file.suffix == ".safetensors":
            return load_file(file)
        state = torch.load(file, map_location="cpu", weights_only=True)
    except (SafetensorError, UnpicklingError, RuntimeError, EOFError, ValueError) as error:
        reason = first_line(error)
        raise WeightsError(f"{file} cannot be read as weights ({reason}): fetch it again") from error
    if not isinstance(state, Mapping) or not all(isinstance(value, Tensor) for value in state.values()):
        raise WeightsError(f"{file} holds no plain state dict: fetch the file as it is published")
    return dict(state)
