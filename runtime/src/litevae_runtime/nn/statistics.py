"""How latents are spread: the numbers that travel with weights, under diffusers' names, and what normalises by them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import torch
from torch import Tensor

from ..common.errors import WeightsError

# Where config.json is diffusers', what its own class does not know lies under a key that it passes over.
OWN_SETTINGS = "_litevae"


def flat_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """config.json's settings on one level, ours before diffusers'."""
    own = config.get(OWN_SETTINGS)
    rest = {key: value for key, value in config.items() if key != OWN_SETTINGS}
    return rest | (own if isinstance(own, dict) else {})


@dataclass(frozen=True, slots=True)
class LatentStatistics:
    """Of a posterior's draws [N, nz, h, w] over images.

    `normalization` is what makes latents of mean 0 and deviation 1 for a diffusion model, as diffusers' pipelines do:
    "global" by (z - shift_factor) · scaling_factor, whatever the channels' numbers say; "channel" by
    (z - latents_mean) · scaling_factor / latents_std.
    """

    scaling_factor: float = 1.0
    shift_factor: float = 0.0
    # Of each channel; None where they were not measured.
    latents_mean: tuple[float, ...] | None = None
    latents_std: tuple[float, ...] | None = None
    # How many images they were measured on.
    latent_images: int | None = None
    normalization: Literal["global", "channel"] = "global"

    @classmethod
    def from_config(cls, config: Mapping[str, Any], channels: int) -> Self | None:
        """What config.json holds, ours or diffusers'; None where nobody measured. WeightsError where its numbers are none."""
        settings = flat_config(config)
        scaling = _number(settings, "scaling_factor")
        if scaling is None:
            return None
        shift = _number(settings, "shift_factor") or 0.0
        mean, std = (_numbers(settings, key, channels) for key in ("latents_mean", "latents_std"))
        if scaling == 0 or (mean is None) != (std is None):
            raise WeightsError(
                f"config.json has scaling_factor {scaling}"
                if scaling == 0
                else "config.json has one of latents_mean and latents_std alone"
            )
        if (scaling, shift, mean) == (1, 0, None):
            return None
        # Diffusers' pipelines normalise by the channels' numbers where they stand beside its own settings.
        active = "_class_name" in config and config.get("latents_mean") is not None
        return cls(
            scaling,
            shift,
            mean,
            std,
            settings.get("latent_images"),
            "channel" if active or settings.get("normalization") == "channel" else "global",
        )

    def config(self) -> dict[str, Any]:
        """The entries of our own config.json."""
        channels = {} if self.latents_mean is None else self._channels()
        images = {} if self.latent_images is None else {"latent_images": self.latent_images}
        return self.factors() | channels | images | self._form()

    def pipeline_config(self) -> dict[str, Any]:
        """The entries that diffusers' pipelines apply, and no others: two forms at once would scale twice."""
        return self.factors() | (self._channels() if self.normalization == "channel" else {})

    def record_config(self) -> dict[str, Any]:
        """What `pipeline_config` leaves out of `config`."""
        applied = self.pipeline_config()
        return {key: value for key, value in self.config().items() if key not in applied}

    def factors(self) -> dict[str, float]:
        return {"scaling_factor": self.scaling_factor, "shift_factor": self.shift_factor}

    def normalize(self, z: Tensor) -> Tensor:
        """Latents [N, nz, h, w] as a diffusion model is trained on them."""
        shift, deviation = self._spread(z)
        return (z - shift) * self.scaling_factor / deviation

    def denormalize(self, z: Tensor) -> Tensor:
        """What a diffusion model gives [N, nz, h, w], as the decoder takes it."""
        shift, deviation = self._spread(z)
        return z * deviation / self.scaling_factor + shift

    def _spread(self, z: Tensor) -> tuple[Tensor | float, Tensor | float]:
        if self.normalization == "global" or self.latents_mean is None or self.latents_std is None:
            return self.shift_factor, 1.0
        return _per_channel(self.latents_mean, z), _per_channel(self.latents_std, z)

    def _channels(self) -> dict[str, Any]:
        return {
            "latents_mean": list(self.latents_mean or ()),
            "latents_std": list(self.latents_std or ()),
        }

    def _form(self) -> dict[str, str]:
        return {"normalization": "channel"} if self.normalization == "channel" else {}


def _per_channel(values: Sequence[float], z: Tensor) -> Tensor:
    return torch.tensor(values, dtype=z.dtype, device=z.device).view(1, -1, 1, 1)


def _number(settings: Mapping[str, Any], key: str) -> float | None:
    value = settings.get(key)
    if value is None or _is_finite(value):
        return value
    raise WeightsError(f"config.json has {key} {value!r} instead of a finite number")


def _numbers(settings: Mapping[str, Any], key: str, channels: int) -> tuple[float, ...] | None:
    value = settings.get(key)
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != channels or not all(map(_is_finite, value)):
        raise WeightsError(f"config.json has {key} {value!r} instead of {channels} finite numbers")
    return tuple(value)


def _is_finite(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
