"""What every generated autoencoder shares: encode, decode, and weights that travel."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from stat import S_IMODE
from typing import Any, Self

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from ..common.errors import WeightsError

WEIGHTS = "model.safetensors"
DIFFUSERS_WEIGHTS = "diffusion_pytorch_model.safetensors"
CONFIG = "config.json"

# Log-variances are limited as in latent diffusion, and in compiled encoders: logvarRange of dsl/model.ts.
LOGVAR_RANGE = (-30.0, 20.0)


class DiagonalGaussian:
    """The posterior of the latent: independent Gaussians from moments [N, 2·nz, h, w], means first."""

    def __init__(self, moments: Tensor) -> None:
        mean, logvar = moments.chunk(2, dim=1)
        self.mean = mean
        self.logvar = logvar.clamp(*LOGVAR_RANGE)

    @property
    def std(self) -> Tensor:
        return torch.exp(0.5 * self.logvar)

    @property
    def var(self) -> Tensor:
        return torch.exp(self.logvar)

    def sample(self, generator: torch.Generator | None = None) -> Tensor:
        """A draw [N, nz, h, w], made on the generator's device where one is given, so that seeds hold."""
        device = self.mean.device if generator is None else generator.device
        noise = torch.randn(self.mean.shape, generator=generator, device=device, dtype=self.mean.dtype)
        return self.mean + self.std * noise.to(self.mean.device)

    def mode(self) -> Tensor:
        """The mean [N, nz, h, w]: what is stored and compiled."""
        return self.mean

    def kl(self) -> Tensor:
        """Divergence from the standard Gaussian, summed over each sample: [N] (as in latent diffusion)."""
        # Half precision overflows in the variance and loses the sum.
        wide = torch.promote_types(self.mean.dtype, torch.float32)
        mean, logvar = self.mean.to(wide), self.logvar.to(wide)
        each = 0.5 * (mean.square() + logvar.exp() - 1.0 - logvar)
        return each.sum(dim=(1, 2, 3))


@dataclass
class EncoderOutput:
    latent_dist: DiagonalGaussian


@dataclass
class DecoderOutput:
    sample: Tensor


class AutoencoderBase(nn.Module):
    """Image [N, C, H, W] in [-1, 1] -> latent [N, nz, H/stride, W/stride] -> image."""

    name: str
    latent_channels: int
    image_channels: int
    stride: int
    # Top-level modules of the discriminator: a file of weights may hold them too.
    discriminator_modules: tuple[str, ...] = ("discriminator",)
    # What parts of keys in published files are called here; `*` is any one word between dots.
    key_renames: Mapping[str, str] = {}
    # Set where diffusers has a class with the same keys: save_pretrained then writes what that class opens.
    diffusers_config: Mapping[str, Any] = {}

    def _moments(self, x: Tensor) -> Tensor:
        raise NotImplementedError

    def _image(self, x: Tensor) -> Tensor:
        raise NotImplementedError

    def encode(self, x: Tensor) -> EncoderOutput:
        """The posterior of images: `encode(x).latent_dist.sample()`."""
        self._expect(x, self.image_channels, "images")
        return EncoderOutput(DiagonalGaussian(self._moments(x)))

    def decode(self, z: Tensor) -> DecoderOutput:
        """The images of latents: `decode(z).sample`."""
        self._expect(z, self.latent_channels, "latents")
        return DecoderOutput(self._image(z))

    def forward(
        self, x: Tensor, sample: bool = True, generator: torch.Generator | None = None
    ) -> tuple[Tensor, DiagonalGaussian]:
        """Reconstructions and posterior; from the mean where `sample` is False."""
        posterior = self.encode(x).latent_dist
        z = posterior.sample(generator) if sample else posterior.mode()
        return self.decode(z).sample, posterior

    @staticmethod
    def _expect(x: Tensor, channels: int, what: str) -> None:
        if x.dim() != 4 or x.shape[1] != channels:
            raise ValueError(f"{what} are [N, {channels}, height, width] here, not {list(x.shape)}")

    def enable_gradient_checkpointing(self, enabled: bool = True) -> Self:
        """Trades time for memory: the innermost blocks keep their inputs alone and run again in backward.

        Blocks with buffers, which a forward in training changes (running statistics, power iterations),
        are left as they are.
        """
        for block in _innermost_blocks(self):
            # A partial, and not a closure: it goes along with copies of the model, and pickles.
            block.__dict__.pop("forward", None)
            if enabled and next(block.buffers(), None) is None:
                block.__dict__["forward"] = partial(_checkpointed, block)
        return self

    def enable_channels_last(self, enabled: bool = True) -> Self:
        """Weights in the memory format that tensor cores prefer; give inputs the same."""
        # Module.to takes a memory format too, but its annotations do not say so.
        layout = torch.channels_last if enabled else torch.contiguous_format
        for parameter in self.parameters():
            if parameter.dim() == 4:
                parameter.data = parameter.data.contiguous(memory_format=layout)
        return self

    @classmethod
    def from_pretrained(cls, folder: str | Path) -> Self:
        """The model with the weights that compile or save_pretrained left in `folder`, in eval mode.

        A folder that diffusers wrote is read where the model is one of diffusers', also with its old keys.
        """
        folder = Path(folder)
        weights_file = folder / (DIFFUSERS_WEIGHTS if (folder / DIFFUSERS_WEIGHTS).is_file() else WEIGHTS)
        for file in (folder / CONFIG, weights_file):
            if not file.is_file():
                raise FileNotFoundError(
                    f"{folder} has no {file.name}: give a folder that compile or save_pretrained wrote"
                )
        cls._check_config(folder / CONFIG)
        model = cls()
        load_strict(model, model.own_state(read_weights(weights_file)))
        return model.eval()

    @classmethod
    def _check_config(cls, file: Path) -> None:
        """WeightsError where config.json says another architecture; diffusers' says it in its own words."""
        config = json.loads(file.read_text())
        wanted = {key: getattr(cls, key) for key in ("latent_channels", "image_channels", "stride")}
        if cls.diffusers_config and "_class_name" in config:
            # What it leaves out has diffusers' default, and shows in the weights.
            free = ("sample_size", "scaling_factor")
            wanted = {
                key: value for key, value in cls.diffusers_config.items() if key in config and key not in free
            }
        found = {key: config.get(key) for key in wanted}
        if found != wanted:
            raise WeightsError(f"{file} is of another model: {found} instead of {wanted}")

    def own_state(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """What `read_weights` gave under this model's keys, without the discriminator's.

        The old names and shapes of published files are translated (key_renames).
        """
        named = {renamed(key, self.key_renames): value for key, value in weights.items()}
        if len(named) < len(weights):
            raise WeightsError("the weights hold tensors twice, under an old and a new name")
        state = {
            key: value for key, value in named.items() if key.split(".")[0] not in self.discriminator_modules
        }
        if self.key_renames:
            # Old files hold the weights of linear layers as those of 1x1 convolutions.
            for key, own in self.state_dict().items():
                if key in state and _without_ones(state[key]) == _without_ones(own):
                    state[key] = state[key].reshape(own.shape)
        return state

    def save_pretrained(self, folder: str | Path, **config: Any) -> None:
        """Writes weights and config.json, with `config`; in diffusers' layout if it has one."""
        name = DIFFUSERS_WEIGHTS if self.diffusers_config else WEIGHTS
        write_pretrained(self, Path(folder), name, {}, **config)


def write_pretrained(
    model: AutoencoderBase, folder: Path, name: str, beside: Mapping[str, Tensor], **config: Any
) -> None:
    """Writes the weights and those `beside` them into `name`, then config.json, each whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    state = clean_keys(model.state_dict()) | dict(beside)
    unfinished = folder / f"{name}.partial"
    save_weights(state, unfinished)
    unfinished.replace(folder / name)
    entries = {
        "model": model.name,
        "image_channels": model.image_channels,
        "latent_channels": model.latent_channels,
        "stride": model.stride,
        "scaling_factor": 1.0,
        "shift_factor": 0.0,
    }
    merged = entries | dict(model.diffusers_config) | config
    unfinished = folder / f"{CONFIG}.partial"
    unfinished.write_text(json.dumps(merged, indent=2) + "\n")
    unfinished.replace(folder / CONFIG)


def save_weights(state: Mapping[str, Tensor], file: Path) -> None:
    """Writes a safetensors file with the mode of any new file; the library's own is for the owner alone."""
    file.unlink(missing_ok=True)
    file.touch()
    mode = file.stat().st_mode
    tensors = {key: value.detach().contiguous().cpu() for key, value in state.items()}
    save_file(tensors, file, metadata={"format": "pt"})
    file.chmod(S_IMODE(mode))


def _innermost_blocks(module: nn.Module) -> Iterator[nn.Module]:
    """The modules made of layers, and of lists of layers, alone."""
    children = [
        child
        for entry in module.children()
        for child in (entry.children() if isinstance(entry, nn.ModuleList) else [entry])
    ]
    blocks = [child for child in children if next(child.children(), None) is not None]
    if children and not blocks:
        yield module
    for block in blocks:
        yield from _innermost_blocks(block)


def _checkpointed(block: nn.Module, *inputs: Tensor) -> Any:
    plain = partial(type(block).forward, block)
    if block.training and torch.is_grad_enabled():
        return checkpoint(plain, *inputs, use_reentrant=False)
    return plain(*inputs)


def read_weights(file: str | Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file under clean keys; WeightsError where it is cut off or none."""
    try:
        return clean_keys(load_file(file))
    except SafetensorError as error:
        raise WeightsError(
            f"{file} is not a whole safetensors file ({error}): copy or save it again"
        ) from error


def clean_keys(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Removes what DDP and torch.compile put before the keys of what they wrap; no layer has these names."""
    cleaned = {re.sub(r"(?<![^.])(?:module|_orig_mod)\.", "", key): value for key, value in state.items()}
    if len(cleaned) < len(state):
        raise WeightsError("the weights hold tensors twice, with and without module. or _orig_mod.")
    return cleaned


def renamed(key: str, renames: Mapping[str, str]) -> str:
    """A published file's key in this model's words; `*` stands for one word between dots."""
    for before, now in renames.items():
        pattern = re.escape(before).replace(r"\*", r"([^.]+)")
        key = re.sub(rf"(?<![^.]){pattern}(?![^.])", partial(_filled, now), key, count=1)
    return key


def _filled(name: str, match: re.Match[str]) -> str:
    """The name with what the pattern's stars stand for in the place of its own."""
    first, *rest = name.split("*")
    return first + "".join(word + text for word, text in zip(match.groups(), rest, strict=False))


def _without_ones(tensor: Tensor) -> list[int]:
    """The shape without ones at its end."""
    sizes = list(tensor.shape)
    while sizes and sizes[-1] == 1:
        sizes.pop()
    return sizes


def load_strict(module: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Loads weights that match the module's keys and shapes exactly; WeightsError lists what does not."""
    own = module.state_dict()
    problems = {
        "missing": [key for key in own if key not in state],
        "unexpected": [key for key in state if key not in own],
        "of another shape": [
            f"{key} {list(state[key].shape)} instead of {list(own[key].shape)}"
            for key in own
            if key in state and state[key].shape != own[key].shape
        ],
    }
    lines = [
        f"{len(keys)} {what}: {', '.join(keys[:3])}{f' … and {len(keys) - 3} more' if len(keys) > 3 else ''}"
        for what, keys in problems.items()
        if keys
    ]
    if lines:
        raise WeightsError("the weights are not those of this model; " + "; ".join(lines), lines)
    module.load_state_dict(state)
