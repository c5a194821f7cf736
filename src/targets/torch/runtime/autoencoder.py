"""What every generated autoencoder shares: encode, decode, and weights that travel."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

WEIGHTS = "model.safetensors"
DIFFUSERS_WEIGHTS = "diffusion_pytorch_model.safetensors"
CONFIG = "config.json"

# Log-variances are limited as in latent diffusion.
LOGVAR_RANGE = (-30.0, 20.0)


class WeightsError(ValueError):
    """Weights that are not those of the model; the message lists the keys."""


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
        each = 0.5 * (self.mean.square() + self.var - 1.0 - self.logvar)
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
        """Trades time for memory: members of lists, the residual blocks, run again in backward."""
        for holder in self.modules():
            if isinstance(holder, nn.ModuleList):
                for module in holder:
                    _checkpointed(module, enabled)
        return self

    def enable_channels_last(self, enabled: bool = True) -> Self:
        """Weights in the memory format that tensor cores prefer; give inputs the same."""
        # Module.to would accept a memory format for 4-D weights only; the others keep theirs.
        layout = torch.channels_last if enabled else torch.contiguous_format
        for parameter in self.parameters():
            if parameter.dim() == 4:
                parameter.data = parameter.data.contiguous(memory_format=layout)
        return self

    @classmethod
    def from_pretrained(cls, folder: str | Path) -> Self:
        """The model with the weights that compile or save_pretrained left in `folder`, in eval mode."""
        folder = Path(folder)
        weights_file = folder / (DIFFUSERS_WEIGHTS if (folder / DIFFUSERS_WEIGHTS).is_file() else WEIGHTS)
        for file in (folder / CONFIG, weights_file):
            if not file.is_file():
                raise FileNotFoundError(
                    f"{folder} has no {file.name}: give a folder that compile or save_pretrained wrote"
                )
        config = json.loads((folder / CONFIG).read_text())
        wanted = {key: getattr(cls, key) for key in ("latent_channels", "image_channels", "stride")}
        found = {key: config.get(key) for key in wanted}
        if found != wanted:
            raise WeightsError(f"{folder / CONFIG} is of another model: {found} instead of {wanted}")
        model = cls()
        own = {module for module, _ in model.named_children()}
        weights = clean_keys(load_file(weights_file))
        load_strict(model, {key: value for key, value in weights.items() if key.split(".")[0] in own})
        return model.eval()

    def save_pretrained(self, folder: str | Path, **config: Any) -> None:
        """Writes weights and config.json, with `config`; in diffusers' layout if it has one."""
        name = DIFFUSERS_WEIGHTS if self.diffusers_config else WEIGHTS
        write_pretrained(self, Path(folder), name, {}, **config)


def write_pretrained(
    model: AutoencoderBase, folder: Path, name: str, beside: Mapping[str, Tensor], **config: Any
) -> None:
    """Writes the weights, with those `beside` them, into the file `name`, then config.json; each whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    state = clean_keys(model.state_dict()) | dict(beside)
    partial = folder / f"{name}.partial"
    save_file(
        {key: value.detach().contiguous().cpu() for key, value in state.items()},
        partial,
        metadata={"format": "pt"},
    )
    partial.replace(folder / name)
    entries = {
        "model": model.name,
        "image_channels": model.image_channels,
        "latent_channels": model.latent_channels,
        "stride": model.stride,
        "scaling_factor": 1.0,
        "shift_factor": 0.0,
    }
    merged = entries | dict(model.diffusers_config) | config
    partial = folder / f"{CONFIG}.partial"
    partial.write_text(json.dumps(merged, indent=2) + "\n")
    partial.replace(folder / CONFIG)


def _checkpointed(module: nn.Module, enabled: bool) -> None:
    # An instance attribute hides the class's forward; removing it brings that back.
    module.__dict__.pop("forward", None)
    if not enabled:
        return
    plain = module.forward

    def forward(*inputs: Tensor) -> Any:
        if module.training and torch.is_grad_enabled():
            return checkpoint(plain, *inputs, use_reentrant=False)
        return plain(*inputs)

    module.__dict__["forward"] = forward


def clean_keys(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Removes the prefixes that DDP and torch.compile put before keys."""
    return {
        re.sub(r"^(?:module\.|_orig_mod\.)+", "", key).replace("._orig_mod.", "."): value
        for key, value in state.items()
    }


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
        f"{len(keys)} {what}: {', '.join(keys[:10])}{', …' if len(keys) > 10 else ''}"
        for what, keys in problems.items()
        if keys
    ]
    if lines:
        raise WeightsError("the weights are not those of this model; " + "; ".join(lines))
    module.load_state_dict(state)
