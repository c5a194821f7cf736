"""The networks of a run, built from the package's generated files: the one place that imports those."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, cast

import torch
from torch import Tensor, nn

from ..autoencoder import (
    CONFIG,
    DIFFUSERS_WEIGHTS,
    WEIGHTS,
    AutoencoderBase,
    DiagonalGaussian,
    WeightsError,
    load_strict,
    read_weights,
)
from ..perceptual_loss import Lpips, LpipsAlexNet, PerceptualLoss, VggLoss
from .checkpoint import AVERAGE, RAW, Checkpoints
from .errors import TrainingError
from .recipe_types import Recipe


def _generated(name: str) -> Any:
    return import_module(f"..{name}", __package__)


def build_autoencoder() -> AutoencoderBase:
    return cast(AutoencoderBase, _generated("model").Autoencoder())


def build_discriminator(kind: str) -> nn.Module:
    """The discriminator of the recipe's `discriminator` field: image [N, C, H, W] -> logits."""
    if kind != "model":
        return cast(nn.Module, getattr(_generated("discriminators"), f"build_{kind.replace('-', '_')}")())
    build = getattr(_generated("model"), "build_discriminator", None)
    if build is None:
        raise TrainingError(
            "the model brings no discriminator",
            expected='discriminator: "model" with a model that has one',
            remedy="choose discriminator=unet, or set discriminator=false in every phase",
        )
    return cast(nn.Module, build())


def discriminator_state(autoencoder: AutoencoderBase, discriminator: nn.Module) -> dict[str, Tensor]:
    """The weights of the model's own discriminator under the keys that the file of compile has for them."""
    names = autoencoder.discriminator_modules
    # Built alone, a discriminator of one module has keys without that module's name.
    prefix = f"{names[0]}." if len(names) == 1 else ""
    return {f"{prefix}{key}": value for key, value in discriminator.state_dict().items()}


def _check_pictures(recipe: Recipe) -> None:
    """The networks have seen pictures of one or three channels, and halve them four times."""
    with torch.device("meta"):
        channels = build_autoencoder().image_channels
    smallest, least = min(phase.resolution for phase in recipe.phases), PerceptualLoss.smallest_side
    if channels in (1, 3) and smallest >= least:
        return
    raise TrainingError(
        "the perceptual loss cannot see these pictures",
        expected=f"1 or 3 channels, and phases of at least {least}×{least}",
        found=f"{channels} channels, and a phase of {smallest}×{smallest}",
        remedy="set losses.perceptual=0",
    )


def build_lpips(network: Literal["vgg16", "alexnet"]) -> Lpips:
    """LPIPS on that network, without weights."""
    networks = _generated("perceptual")
    if network == "alexnet":
        return LpipsAlexNet(networks.build_alexnet(), networks.build_lpips_alexnet_heads())
    return Lpips(networks.build_vgg16(), networks.build_lpips_heads())


def build_perceptual(recipe: Recipe) -> PerceptualLoss | None:
    """The frozen network behind losses.perceptual with its weights, or None where that weight is 0."""
    if recipe.losses.perceptual == 0:
        return None
    _check_pictures(recipe)
    features = recipe.perceptual.network == "vgg19-before-activation"
    loss = VggLoss(_generated("perceptual").build_vgg19()) if features else build_lpips("vgg16")
    try:
        return loss.load(recipe.perceptual.folder, recipe.perceptual.weights, recipe.seed)
    except (FileNotFoundError, WeightsError) as error:
        raise TrainingError(f"the perceptual loss has no weights: {error}") from error


class Reconstruction(nn.Module):
    """What a step of the autoencoder computes, as one forward, which is what DistributedDataParallel wraps.

    (image [N, C, H, W], noise [N, nz, h, w]) -> reconstruction [N, C, H, W], moments [N, 2·nz, h, w].
    """

    def __init__(self, autoencoder: AutoencoderBase) -> None:
        super().__init__()
        self.autoencoder = autoencoder

    def forward(self, image: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        posterior = self.autoencoder.encode(image).latent_dist
        latent = posterior.mean + posterior.std * noise
        moments = torch.cat([posterior.mean, posterior.logvar], dim=1)
        return self.autoencoder.decode(latent).sample, moments


@dataclass(frozen=True, slots=True)
class Networks:
    """The networks of a run: as they are, and as Accelerate prepared them for forward passes that are trained."""

    autoencoder: AutoencoderBase
    reconstruction: nn.Module
    # The averaged weights, where the recipe keeps them.
    average: AutoencoderBase | None
    discriminator: nn.Module | None
    prepared_discriminator: nn.Module | None
    # The weight at which gradients of the losses are compared.
    last_layer: nn.Parameter

    @property
    def evaluated(self) -> AutoencoderBase:
        """The weights that are validated and saved."""
        return self.average or self.autoencoder


@dataclass(frozen=True, slots=True)
class Optimizers:
    """Accelerate's; the second is there where a phase trains the discriminator."""

    autoencoder: Any
    discriminator: Any | None


def posterior_of(moments: Tensor) -> DiagonalGaussian:
    return DiagonalGaussian(moments.float())


def _called(autoencoder: AutoencoderBase, call: Callable[[Tensor], object], x: Tensor) -> list[nn.Module]:
    """The modules with parameters of their own that `call(x)` uses, in the order of their first use."""
    called: dict[nn.Module, None] = {}

    def remember(module: nn.Module, *_: object) -> None:
        called.setdefault(module)

    hooks = [
        module.register_forward_pre_hook(remember)
        for module in autoencoder.modules()
        if next(module.parameters(recurse=False), None) is not None
    ]
    with torch.no_grad():
        call(x)
    for hook in hooks:
        hook.remove()
    return list(called)


def _example(autoencoder: AutoencoderBase, channels: int, side: int) -> Tensor:
    device = next(autoencoder.parameters()).device
    return torch.zeros(1, channels, side, side, device=device)


# Positions of the latent in the examples that find out which modules are used.
_SIDE = 8


def used_in_encoding(autoencoder: AutoencoderBase) -> list[nn.Module]:
    image = _example(autoencoder, autoencoder.image_channels, _SIDE * autoencoder.stride)
    return _called(autoencoder, autoencoder.encode, image)


def used_in_decoding(autoencoder: AutoencoderBase) -> list[nn.Module]:
    latent = _example(autoencoder, autoencoder.latent_channels, _SIDE)
    return _called(autoencoder, autoencoder.decode, latent)


def freeze_encoder(autoencoder: AutoencoderBase) -> None:
    """Stops gradients to every module that encoding uses: the decoder alone is tuned."""
    for module in used_in_encoding(autoencoder):
        for parameter in module.parameters(recurse=False):
            parameter.requires_grad_(False)


def last_layer(autoencoder: AutoencoderBase) -> nn.Parameter:
    """The weight of the decoder's last convolution, where gradients of the losses are compared (eq. 2)."""
    weights = [getattr(module, "weight", None) for module in used_in_decoding(autoencoder)]
    found = [weight for weight in weights if isinstance(weight, nn.Parameter) and weight.dim() == 4]
    if not found:
        raise TrainingError(
            "the decoder has no convolution at whose weight the losses could be compared",
            remedy="end the decoder in a conv2d",
        )
    return found[-1]


def weights_file(path: Path) -> Path:
    """The safetensors file that `path` is, or that the folder `path` has: a run, a checkpoint, or what save_pretrained wrote.

    Of a run that is not done it is that of its best checkpoint, else of its newest.
    """
    path = path.expanduser()
    if not path.is_dir():
        return path
    checkpoints = Checkpoints(path, keep=1)
    best = checkpoints.best()
    folders = [
        path,
        *([checkpoints.path_of(best.step)] if best is not None else []),
        *checkpoints.paths()[::-1],
    ]
    candidates = [folder / name for folder in folders for name in (WEIGHTS, DIFFUSERS_WEIGHTS, AVERAGE, RAW)]
    return next((file for file in candidates if file.is_file()), path / WEIGHTS)


def _state_in(file: Path, autoencoder: AutoencoderBase, remedy: str) -> dict[str, Tensor]:
    try:
        return autoencoder.own_state(read_weights(file))
    except (OSError, WeightsError) as error:
        raise TrainingError(
            f"{file} cannot be read as weights", found=str(error).splitlines()[0], remedy=remedy
        ) from error


def _load(autoencoder: AutoencoderBase, state: Mapping[str, Tensor], file: Path, remedy: str) -> None:
    try:
        load_strict(autoencoder, state)
    except WeightsError as error:
        other = _model_of(file)
        named = [f"weights of {other}"] if other not in (None, autoencoder.name) else []
        raise TrainingError(
            f"the weights in {file} are not those of {autoencoder.name}",
            expected=f"the {len(autoencoder.state_dict())} tensors of {autoencoder.name}",
            found=f"\n{' ' * 12}".join([*named, *error.problems]),
            remedy=remedy,
        ) from error


def _model_of(file: Path) -> str | None:
    """The model of a file of weights, by what a compile, a run or a checkpoint left beside it."""
    for beside in (CONFIG, "state.json"):
        with suppress(OSError, ValueError, KeyError, TypeError):
            return str(json.loads((file.parent / beside).read_text(encoding="utf-8"))["model"])
    return None


def trained_autoencoder(path: Path) -> AutoencoderBase:
    """The model in eval mode with the weights of `--weights`, a safetensors file or a folder such as a run's."""
    autoencoder = build_autoencoder()
    file = weights_file(path)
    remedy = "give --weights a run's folder, or a safetensors file of this model"
    state = _state_in(file, autoencoder, remedy)
    _load(autoencoder, state, file, remedy)
    return autoencoder.eval()


def start_from(autoencoder: AutoencoderBase, path: str, partial: bool) -> str:
    """Loads weights into a model; returns a report of what was taken. `path` is a safetensors file or a folder with one."""
    file = weights_file(Path(path))
    state = _state_in(file, autoencoder, "give a safetensors file in train.start_from, or null")
    own = autoencoder.state_dict()
    if not partial:
        _load(autoencoder, state, file, "train.partial=true takes what fits")
        return f"{file}: all {len(own)} tensors"
    fitting = {key: value for key, value in state.items() if key in own and own[key].shape == value.shape}
    if not fitting:
        raise TrainingError(
            f"{file} has no tensor that fits this model",
            expected=f"keys such as {', '.join(list(own)[:3])}",
            found=f"keys such as {', '.join(list(state)[:3])}" if state else "none of its keys",
            remedy="give weights of a related model in train.start_from, or null",
        )
    autoencoder.load_state_dict(fitting, strict=False)
    fresh = [key for key in own if key not in fitting]
    unused = [key for key in state if key not in fitting]
    lines = [f"{file}: {len(fitting)} of {len(own)} tensors taken"]
    lines += [
        f"  {what}: {', '.join(keys[:10])}{', …' if len(keys) > 10 else ''}"
        for what, keys in (("new", fresh), ("not used", unused))
        if keys
    ]
    return "\n".join(lines)
