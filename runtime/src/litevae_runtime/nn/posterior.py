"""What encoding and decoding return, with the surface of diffusers' outputs."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Protocol

import torch
from torch import Tensor

# Log-variances are limited as in latent diffusion, and in compiled encoders: logvarRange of dsl/posterior.ts.
LOGVAR_RANGE = (-30.0, 20.0)


# None is torch's own.
Generators = torch.Generator | Sequence[torch.Generator] | None


class Posterior(Protocol):
    """What an encoder says of the latent, made of what its network gives."""

    def __init__(self, moments: Tensor) -> None: ...

    def tensors(self) -> tuple[Tensor, ...]:
        """What a compiled encoder gives, [N, nz, h, w] each; along the channels they are moments again."""
        ...

    def mode(self) -> Tensor:
        """The likeliest latent [N, nz, h, w]: what is stored and compiled."""
        ...

    @property
    def std(self) -> Tensor:
        """The deviation of the latent [N, nz, h, w]: 0 where there is no distribution."""
        ...

    def draw(self, noise: Tensor) -> Tensor:
        """The latent [N, nz, h, w] that standard Gaussian noise of its shape stands for."""
        ...


class DiagonalGaussian:
    """The posterior of the latent: independent Gaussians from moments [N, 2·nz, h, w], means first."""

    def __init__(self, moments: Tensor) -> None:
        mean, logvar = moments.chunk(2, dim=1)
        self.parameters = moments
        self.mean = mean
        self.logvar = logvar.clamp(*LOGVAR_RANGE)

    @property
    def std(self) -> Tensor:
        return torch.exp(0.5 * self.logvar)

    @property
    def var(self) -> Tensor:
        return torch.exp(self.logvar)

    def sample(self, generator: Generators = None) -> Tensor:
        """A draw [N, nz, h, w], made on the generator's device where one is given, so that seeds hold.

        Of as many generators as images each draws for its own. ValueError where there are others.
        """
        return self.draw(_noise_like(self.mean, generator))

    def mode(self) -> Tensor:
        """The mean [N, nz, h, w]: what is stored and compiled."""
        return self.mean

    def draw(self, noise: Tensor) -> Tensor:
        """See Posterior."""
        return self.mean + self.std * noise

    def tensors(self) -> tuple[Tensor, ...]:
        """See Posterior: mean and log-variance."""
        return self.mean, self.logvar

    def kl(self, other: "DiagonalGaussian | None" = None) -> Tensor:
        """Divergence from `other`, or from the standard Gaussian, summed over each sample: [N] (as in latent diffusion)."""
        mean, logvar = self._wide()
        if other is None:
            each = mean.square() + logvar.exp() - 1.0 - logvar
        else:
            to, by = other._wide()
            each = ((mean - to).square() + logvar.exp()) / by.exp() - 1.0 - logvar + by
        return 0.5 * each.sum(dim=(1, 2, 3))

    def nll(self, sample: Tensor, dims: Sequence[int] = (1, 2, 3)) -> Tensor:
        """The negative log-likelihood of `sample` [N, nz, h, w] in nats, summed over `dims`: [N]."""
        mean, logvar = self._wide()
        each = math.log(2 * math.pi) + logvar + (sample.to(mean.dtype) - mean).square() / logvar.exp()
        return 0.5 * each.sum(dim=tuple(dims))

    def _wide(self) -> tuple[Tensor, Tensor]:
        """Mean and log-variance in float32 at least: half precision overflows in the variance and loses sums."""
        wide = torch.promote_types(self.mean.dtype, torch.float32)
        return self.mean.to(wide), self.logvar.to(wide)


def _noise_like(mean: Tensor, generator: Generators) -> Tensor:
    if isinstance(generator, Sequence):
        if len(generator) not in (1, len(mean)):
            raise ValueError(f"{len(generator)} generators for {len(mean)} images")
        parts = mean.split(1) if len(generator) > 1 else [mean]
        return torch.cat([_noise_like(*each) for each in zip(parts, generator, strict=True)])
    device = mean.device if generator is None else generator.device
    return torch.randn(mean.shape, generator=generator, device=device, dtype=mean.dtype).to(mean.device)


class PointPosterior:
    """The posterior of an encoder without a distribution: one latent [N, nz, h, w], which noise does not move."""

    def __init__(self, moments: Tensor) -> None:
        self.latent = moments

    def tensors(self) -> tuple[Tensor, ...]:
        """See Posterior."""
        return (self.latent,)

    def mode(self) -> Tensor:
        """See Posterior."""
        return self.latent

    @property
    def std(self) -> Tensor:
        """See Posterior."""
        return torch.zeros_like(self.latent)

    def draw(self, noise: Tensor) -> Tensor:
        """See Posterior."""
        return self.latent


class _Output:
    """Values by name, by key and by position, as diffusers' outputs give them."""

    def to_tuple(self) -> tuple[Any, ...]:
        # As diffusers' outputs leave out what is None: most models have no skips.
        values = (getattr(self, field.name) for field in fields(self))  # type: ignore[arg-type]
        return tuple(value for value in values if isinstance(value, Tensor) or value != {})

    def __getitem__(self, key: int | slice | str) -> Any:
        if isinstance(key, str):
            if key not in [field.name for field in fields(self)]:  # type: ignore[arg-type]
                raise KeyError(key)
            return getattr(self, key)
        return self.to_tuple()[key]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.to_tuple())


@dataclass
class EncoderOutput(_Output):
    latent_dist: DiagonalGaussian
    # What decoding takes besides the latent: `decode(z, **skips)`.
    skips: dict[str, Tensor] = field(default_factory=dict)


@dataclass
class LatentOutput(_Output):
    """What an encoder without a distribution gives: `latent` in AutoencoderDC's output, `latents` in AutoencoderTiny's."""

    latent: Tensor
    # As in EncoderOutput.
    skips: dict[str, Tensor] = field(default_factory=dict)

    @property
    def latents(self) -> Tensor:
        """The same: diffusers' pipelines ask for this name."""
        return self.latent


@dataclass
class DecoderOutput(_Output):
    sample: Tensor


@dataclass
class ReconstructionOutput(_Output):
    """The images that came back, and the posterior of their latents."""

    sample: Tensor
    posterior: DiagonalGaussian
