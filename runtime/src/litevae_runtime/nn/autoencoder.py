"""What generated autoencoders derive from: encode and forward, by what their encoders give."""

from typing import Literal, overload

from torch import Tensor

from .beside import NOTHING, Values
from .image_autoencoder import ImageAutoencoder
from .posterior import (
    LOGVAR_RANGE,
    DecoderOutput,
    DiagonalGaussian,
    EncoderOutput,
    Generators,
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
        return self._gaussian(x)[0]

    def _gaussian(
        self, x: Tensor, conditions: Values = NOTHING
    ) -> tuple[DiagonalGaussian, dict[str, Tensor]]:
        posterior, skips = self.encoding(x, conditions)
        assert isinstance(posterior, DiagonalGaussian)
        return posterior, skips

    @overload
    def encode(self, x: Tensor, return_dict: Literal[True] = True, **conditions: Tensor) -> EncoderOutput: ...
    @overload
    def encode(
        self, x: Tensor, return_dict: Literal[False], **conditions: Tensor
    ) -> tuple[DiagonalGaussian]: ...
    def encode(
        self, x: Tensor, return_dict: bool = True, **conditions: Tensor
    ) -> EncoderOutput | tuple[DiagonalGaussian]:
        """The posterior of images: `encode(x).latent_dist.sample()`.

        `conditions` are those of the model, by their names; what decoding takes besides the latent is `skips`. In a plain tuple
        without `return_dict`, and then without these. ValueError where channels or sides do not fit; it names the sides that do.
        """
        posterior, skips = self._gaussian(x, conditions)
        return EncoderOutput(posterior, skips) if return_dict else (posterior,)

    @overload
    def forward(
        self,
        x: Tensor,
        sample: bool = True,
        generator: Generators = None,
        return_dict: Literal[True] = True,
        *,
        sample_posterior: bool | None = None,
        **conditions: Tensor,
    ) -> ReconstructionOutput: ...
    @overload
    def forward(
        self,
        x: Tensor,
        sample: bool = True,
        generator: Generators = None,
        *,
        return_dict: Literal[False],
        sample_posterior: bool | None = None,
        **conditions: Tensor,
    ) -> tuple[Tensor]: ...
    def forward(
        self,
        x: Tensor,
        sample: bool = True,
        generator: Generators = None,
        return_dict: bool = True,
        *,
        sample_posterior: bool | None = None,
        **conditions: Tensor,
    ) -> ReconstructionOutput | tuple[Tensor]:
        """Reconstructions and posterior.

        From the mean where `sample`, diffusers' `sample_posterior`, is False. ValueError where images do not fit.
        """
        self._expect_both(x)
        posterior, skips = self._gaussian(x, conditions)
        draws = sample if sample_posterior is None else sample_posterior
        z = posterior.sample(generator) if draws else posterior.mode()
        image = self.decoded(z, skips)
        return ReconstructionOutput(image, posterior) if return_dict else (image,)


class DeterministicBase(ImageAutoencoder):
    """Its encoder gives the latent, as those of diffusers' AutoencoderTiny and AutoencoderDC do: `_moments` [N, nz, h, w]."""

    posterior_type = PointPosterior

    @overload
    def encode(self, x: Tensor, return_dict: Literal[True] = True, **conditions: Tensor) -> LatentOutput: ...
    @overload
    def encode(self, x: Tensor, return_dict: Literal[False], **conditions: Tensor) -> tuple[Tensor]: ...
    def encode(
        self, x: Tensor, return_dict: bool = True, **conditions: Tensor
    ) -> LatentOutput | tuple[Tensor]:
        """The latents of images: `encode(x).latent`.

        `conditions` are those of the model, by their names; what decoding takes besides the latent is `skips`. In a plain tuple
        without `return_dict`, and then without these. ValueError where channels or sides do not fit; it names the sides that do.
        """
        posterior, skips = self.encoding(x, conditions)
        latent = posterior.mode()
        return LatentOutput(latent, skips) if return_dict else (latent,)

    @overload
    def forward(
        self, x: Tensor, return_dict: Literal[True] = True, **conditions: Tensor
    ) -> DecoderOutput: ...
    @overload
    def forward(self, x: Tensor, return_dict: Literal[False], **conditions: Tensor) -> tuple[Tensor]: ...
    def forward(
        self, x: Tensor, return_dict: bool = True, **conditions: Tensor
    ) -> DecoderOutput | tuple[Tensor]:
        """Reconstructions. ValueError where images do not fit."""
        self._expect_both(x)
        posterior, skips = self.encoding(x, conditions)
        image = self.decoded(posterior.mode(), skips)
        return DecoderOutput(image) if return_dict else (image,)
