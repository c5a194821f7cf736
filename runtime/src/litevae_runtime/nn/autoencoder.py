"""What generated autoencoders derive from: encode and forward, by what their encoders give."""

from typing import Literal, overload

import torch
from torch import Tensor

from .image_autoencoder import ImageAutoencoder
from .posterior import (
    LOGVAR_RANGE,
    DecoderOutput,
    DiagonalGaussian,
    EncoderOutput,
    LatentOutput,
    PointPosterior,
    ReconstructionOutput,
)

__all__ = ["LOGVAR_RANGE", "AutoencoderBase", "DeterministicBase", "DiagonalGaussian"]


class AutoencoderBase(ImageAutoencoder):
    """Its encoder gives a Gaussian of the latent, as that of diffusers' AutoencoderKL does: `_moments` [N, 2·nz, h, w]."""

    posterior_type = DiagonalGaussian

    def posterior(self, x: Tensor) -> DiagonalGaussian:
        """See ImageAutoencoder."""
        posterior = super().posterior(x)
        assert isinstance(posterior, DiagonalGaussian)
        return posterior

    @overload
    def encode(self, x: Tensor, return_dict: Literal[True] = True) -> EncoderOutput: ...
    @overload
    def encode(self, x: Tensor, return_dict: Literal[False]) -> tuple[DiagonalGaussian]: ...
    def encode(self, x: Tensor, return_dict: bool = True) -> EncoderOutput | tuple[DiagonalGaussian]:
        """The posterior of images: `encode(x).latent_dist.sample()`.

        In a plain tuple without `return_dict`. ValueError where channels or sides do not fit; it names the sides that do.
        """
        posterior = self.posterior(x)
        return EncoderOutput(posterior) if return_dict else (posterior,)

    @overload
    def forward(
        self,
        x: Tensor,
        sample: bool = True,
        generator: torch.Generator | None = None,
        return_dict: Literal[True] = True,
        *,
        sample_posterior: bool | None = None,
    ) -> ReconstructionOutput: ...
    @overload
    def forward(
        self,
        x: Tensor,
        sample: bool = True,
        generator: torch.Generator | None = None,
        *,
        return_dict: Literal[False],
        sample_posterior: bool | None = None,
    ) -> tuple[Tensor]: ...
    def forward(
        self,
        x: Tensor,
        sample: bool = True,
        generator: torch.Generator | None = None,
        return_dict: bool = True,
        *,
        sample_posterior: bool | None = None,
    ) -> ReconstructionOutput | tuple[Tensor]:
        """Reconstructions and posterior.

        From the mean where `sample`, diffusers' `sample_posterior`, is False. ValueError where images do not fit.
        """
        self._expect_both(x)
        posterior = self.posterior(x)
        draws = sample if sample_posterior is None else sample_posterior
        z = posterior.sample(generator) if draws else posterior.mode()
        image = self.decode(z).sample
        return ReconstructionOutput(image, posterior) if return_dict else (image,)


class DeterministicBase(ImageAutoencoder):
    """Its encoder gives the latent, as those of diffusers' AutoencoderTiny and AutoencoderDC do: `_moments` [N, nz, h, w]."""

    posterior_type = PointPosterior

    @overload
    def encode(self, x: Tensor, return_dict: Literal[True] = True) -> LatentOutput: ...
    @overload
    def encode(self, x: Tensor, return_dict: Literal[False]) -> tuple[Tensor]: ...
    def encode(self, x: Tensor, return_dict: bool = True) -> LatentOutput | tuple[Tensor]:
        """The latents of images: `encode(x).latent`.

        In a plain tuple without `return_dict`. ValueError where channels or sides do not fit; it names the sides that do.
        """
        latent = self.posterior(x).mode()
        return LatentOutput(latent) if return_dict else (latent,)

    @overload
    def forward(self, x: Tensor, return_dict: Literal[True] = True) -> DecoderOutput: ...
    @overload
    def forward(self, x: Tensor, return_dict: Literal[False]) -> tuple[Tensor]: ...
    def forward(self, x: Tensor, return_dict: bool = True) -> DecoderOutput | tuple[Tensor]:
        """Reconstructions. ValueError where images do not fit."""
        self._expect_both(x)
        image = self.decode(self.encode(x).latent).sample
        return DecoderOutput(image) if return_dict else (image,)
