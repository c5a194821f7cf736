"""A teacher: a frozen autoencoder of a folder, whose latents and images another one learns (docs/distillation.md)."""

import sys
from collections.abc import Sequence
from functools import cached_property
from hashlib import sha256
from importlib import import_module
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..common.errors import InputError
from ..common.files import file_hash
from ..common.text import first_line
from .image_autoencoder import ImageAutoencoder
from .kl import CLASS, DiffusersKl, kl_autoencoder, unlike_ours
from .posterior import DiagonalGaussian, PointPosterior, Posterior
from .sizes import require_fitting
from .statistics import LatentStatistics, flat_config
from .stored import CONFIG, DIFFUSERS_WEIGHTS, read_config, weights_in

_EXPECTED = (
    f"diffusers' {CONFIG} of an {CLASS} with {DIFFUSERS_WEIGHTS}, a pipeline's folder with vae/, "
    "or what litevae compile --target torch wrote, with its weights"
)


class Teacher:
    """An autoencoder in eval mode, float32, without gradients of its own weights; images are [N, C, H, W] in [-1, 1].

    Whatever the precision around it, it computes in float32: its numbers are its own.
    """

    def __init__(self, folder: Path, model: Any, files: Sequence[Path]) -> None:
        self.folder = folder
        self.model: Any = model.float().eval().requires_grad_(False)
        self.name: str = model.name
        self.latent_channels: int = model.latent_channels
        self.image_channels: int = model.image_channels
        self.stride: int = model.stride
        hashes = [f"{file.name} {file_hash(file)}" for file in files]
        # What it is: its weights, their numbers and, of a package, its architecture.
        self.sha256 = sha256("\n".join(hashes).encode()).hexdigest()
        config = read_config(folder / CONFIG)
        # What config.json says of it, on one level.
        self.settings = flat_config(config)
        self.statistics = LatentStatistics.from_config(config, self.latent_channels)

    def to(self, device: torch.device) -> "Teacher":
        self.model.to(device)
        return self

    def enable_gradient_checkpointing(self) -> None:
        """For the gradients that go through its decoder; memory is that of a block then."""
        self.model.enable_gradient_checkpointing()

    @torch.no_grad()
    def encode(self, images: Tensor) -> Posterior:
        """What it says of the latents [N, nz, h, w] of images."""
        with torch.autocast(images.device.type, enabled=False):
            # Of a package the class is its own copy's.
            posterior, _ = self.model.encoding(images.float())
            if hasattr(posterior, "logvar"):
                return DiagonalGaussian(torch.cat([posterior.mean, posterior.logvar], dim=1))
            return PointPosterior(posterior.mode())

    def decode(self, latents: Tensor) -> Tensor:
        """The images of latents [N, nz, h, w]; a gradient goes through it to the latents."""
        with torch.autocast(latents.device.type, enabled=False):
            image: Tensor = self.model.decoded(latents.float())
            return image

    @cached_property
    def gaussian(self) -> bool:
        """Whether its encoder gives a Gaussian."""
        side = 8 * self.stride
        image = torch.zeros(1, self.image_channels, side, side, device=next(self.model.parameters()).device)
        return isinstance(self.encode(image), DiagonalGaussian)

    def require_fit(self, model: type[ImageAutoencoder], option: str) -> None:
        """InputError where its latents or images are not those of a model; `option` is what named it."""
        facts = {
            "latent channels": "latent_channels",
            "downsampling": "stride",
            "image channels": "image_channels",
        }
        own, wanted = (
            {name: getattr(each, attribute) for name, attribute in facts.items()} for each in (self, model)
        )
        wrong = [name for name in facts if own[name] != wanted[name]]
        if wrong:
            raise InputError(
                f"the teacher's latents are not those of {model.name}",
                expected=", ".join(f"{name} {wanted[name]}" for name in wrong),
                found=f"{', '.join(f'{name} {own[name]}' for name in wrong)}, of {self.name} in {self.folder}",
                remedy=f"compile a model whose latents are as the teacher's, or name another one with {option}",
            )

    def require_sides(self, sides: Sequence[int], option: str) -> None:
        """InputError where square images of one of these sides do not fit it; `option` is what gave them."""
        step = self.stride
        fitting = [getattr(self.model, "image_sides", ((step, step), (step, step)))]
        require_fitting(sides, fitting, option, f"teacher {self.name}")

    def __str__(self) -> str:
        count = sum(parameter.numel() for parameter in self.model.parameters())
        return f"teacher {self.name}, {self.folder}: {count:,} parameters, sha256 {self.sha256[:12]}"


def load_teacher(folder: Path, option: str) -> Teacher:
    """The autoencoder of a folder: a package that litevae compiled, or diffusers' files of an AutoencoderKL.

    Where its form is one of ours no diffusers is needed. InputError says what is wrong with the folder; `option` named it.
    """
    place = folder.expanduser()
    try:
        return _package(place) or _kl(place / "vae" if (place / "vae" / CONFIG).is_file() else place, option)
    # What damaged files and other versions of a package raise; its WeightsError is another class than ours.
    except (OSError, ValueError, ImportError, AttributeError, KeyError, TypeError) as error:
        raise InputError(
            f"{option} {place} cannot be used",
            expected=_EXPECTED,
            found=first_line(error),
            remedy="give another folder, or write this one again",
        ) from error


def _package(place: Path) -> Teacher | None:
    """Of a compiled folder, whose package runs as it is, with the runtime that it carries."""
    found = sorted(file.parent for file in place.glob("*/model.py") if (file.parent / "_runtime").is_dir())
    if not found:
        return None
    package = found[0]
    # Under a name of its own: the model that learns may be a package of the same name.
    name = f"{package.name}_teacher_{sha256(str(package.resolve()).encode()).hexdigest()[:8]}"
    spec = spec_from_file_location(name, package / "__init__.py", submodule_search_locations=[str(package)])
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    model = module.Autoencoder.from_pretrained(place)
    beside = dict.fromkeys(str(name) for name, *_ in (*model.encoder_takes, *model.decoder_takes))
    if beside:
        raise ValueError(
            f"{model.name} takes {', '.join(beside)} besides image and latent, and teachers are given these alone"
        )
    weights = weights_in(place)
    assert weights is not None
    return Teacher(place, model, [weights, place / CONFIG, package / "model.py"])


def _kl(place: Path, option: str) -> Teacher:
    """Of diffusers' files."""
    weights = weights_in(place)
    missing = [CONFIG] * (not (place / CONFIG).is_file()) + [DIFFUSERS_WEIGHTS] * (weights is None)
    if missing or weights is None:
        raise FileNotFoundError(f"{place} has no {' and no '.join(missing)}")
    config = read_config(place / CONFIG)
    if config.get("_class_name") != CLASS:
        # A run of an AutoencoderKL's shape has diffusers' files beside its own.
        beside = place / "diffusers"
        raise InputError(
            f"{option} {place} is no {CLASS}",
            expected=_EXPECTED,
            found=f"{CONFIG} of {config.get('_class_name') or config.get('model')} in {place}",
            remedy=f"give {beside}"
            if (beside / CONFIG).is_file()
            else f"npx litevae compile {place} -o DIR --target torch makes a package of a model that it knows: give DIR",
        )
    unlike = unlike_ours(config)
    if unlike is None:
        return Teacher(place, kl_autoencoder(config).from_pretrained(place), [weights, place / CONFIG])
    if find_spec("diffusers") is None:
        raise InputError(
            f"{option} {place} has a form that only diffusers knows, which is not installed",
            expected="an AutoencoderKL of the form of Stable Diffusion's",
            found=unlike,
            remedy="pip install diffusers",
        )
    model = import_module("diffusers").AutoencoderKL.from_pretrained(place, torch_dtype=torch.float32)
    return Teacher(place, DiffusersKl(model), [weights, place / CONFIG])
