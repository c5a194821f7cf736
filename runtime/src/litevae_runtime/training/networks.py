"""The networks of a run: what is built, what a step computes with them, and what saves their weights."""

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..common.errors import InputError, WeightsError
from ..losses.perceptual import Lpips, PerceptualLoss, VggLoss, build_lpips
from ..losses.reconstruction import OF_LAYERS
from ..nn.builders import Builders
from ..nn.image_autoencoder import ImageAutoencoder
from ..nn.layers import loss_terms
from ..nn.posterior import DiagonalGaussian
from ..nn.published import find_published
from ..recipe.fields import Recipe
from .parts import TrainedParts
from .teaching import Teaching


def build_discriminator(networks: Builders, kind: str) -> nn.Module:
    """The discriminator of the recipe's `discriminator` field: image [N, C, H, W] -> logits."""
    build = networks.get(kind.replace("-", "_"))
    if build is None:
        raise InputError(
            "the model brings no discriminator"
            if kind == "model"
            else f"the package has no discriminator {kind}",
            expected='discriminator: "model" with a model that has one',
            remedy="choose discriminator=unet, or set discriminator=false in every phase",
        )
    return build()


def discriminator_state(autoencoder: ImageAutoencoder, discriminator: nn.Module) -> dict[str, Tensor]:
    """The weights of the model's own discriminator under the keys that the file of compile has for them."""
    names = autoencoder.discriminator_modules
    # Built alone, a discriminator of one module has keys without that module's name.
    prefix = f"{names[0]}." if len(names) == 1 else ""
    return {f"{prefix}{key}": value for key, value in discriminator.state_dict().items()}


def build_perceptual(networks: Builders, recipe: Recipe, channels: int) -> PerceptualLoss | None:
    """The frozen network behind losses.perceptual with its weights, or None where that weight is 0.

    `channels` are those of the images.
    """
    if recipe.losses.perceptual == 0:
        return None
    _check_images(recipe, channels)
    features = recipe.perceptual.network == "vgg19-before-activation"
    loss = VggLoss(networks["vgg19"]()) if features else build_lpips(networks, "vgg16")
    try:
        return loss.load(recipe.perceptual.folder, recipe.perceptual.weights, recipe.seed)
    except (FileNotFoundError, WeightsError) as error:
        raise InputError(f"the perceptual loss has no weights: {error}") from error


def missing_weights(recipe: Recipe) -> str | None:
    """What the perceptual loss lacks here, with what fetches it; None where all is there."""
    if recipe.losses.perceptual == 0 or recipe.perceptual.weights == "random":
        return None
    features = recipe.perceptual.network == "vgg19-before-activation"
    try:
        find_published(list((VggLoss if features else Lpips).files.values()), recipe.perceptual.folder)
    except FileNotFoundError as error:
        return str(error)
    return None


def _check_images(recipe: Recipe, channels: int) -> None:
    """The networks have seen images of one or three channels, and halve them four times."""
    smallest, least = min(phase.resolution for phase in recipe.phases), PerceptualLoss.smallest_side
    if channels in (1, 3) and smallest >= least:
        return
    raise InputError(
        "the perceptual loss cannot see these images",
        expected=f"1 or 3 channels, and phases of at least {least}×{least}",
        found=f"{channels} channels, and a phase of {smallest}×{smallest}",
        remedy="set losses.perceptual=0",
    )


def check_terms(recipe: Recipe, model: type[ImageAutoencoder]) -> list[str]:
    """InputError where the recipe weighs a term that the model's latents do not have; a note where a codebook is not trained."""
    has = {*model.loss_terms, *(["kl"] if issubclass(model.posterior_type, DiagonalGaussian) else [])}
    weights = asdict(recipe.losses)
    for name in ("kl", *OF_LAYERS):
        if weights[name] > 0 and name not in has:
            raise InputError(
                f"the recipe weighs {_TERMS[name]}, and the latents of {model.name} have none",
                expected=f"losses.{name}: 0",
                found=f"losses.{name}: {weights[name]:g}",
                remedy=f"add --set losses.{name}=0",
            )
    if "codebook" in has and weights["codebook"] == 0:
        return ["warning: losses.codebook is 0: the entries of the codebook stay as they are"]
    return []


_TERMS = {
    "kl": "a KL divergence",
    "commitment": "the commitment to a codebook",
    "codebook": "the distance of a codebook's learned entries",
    "entropy": "the entropy of codes",
}


class Reconstruction(nn.Module):
    """What a step of the autoencoder computes, as one forward, which is what DistributedDataParallel wraps.

    (image [N, C, H, W], noise [N, nz, h, w]) -> reconstruction [N, C, H, W], moments of its latents, and the terms of the loss
    that its layers have. Of a teacher's `latent` [N, nz, h, w] the decoder alone is run, and there are no moments; with
    `decodes` false the encoder alone, and the latent takes the reconstruction's place.
    """

    def __init__(self, autoencoder: ImageAutoencoder) -> None:
        super().__init__()
        self.autoencoder = autoencoder

    def forward(
        self, image: Tensor, noise: Tensor, latent: Tensor | None = None, decodes: bool = True
    ) -> tuple[Tensor, Tensor | None, dict[str, Tensor]]:
        with loss_terms() as terms:
            if latent is not None:
                return self.autoencoder.decoded(latent), None, terms
            posterior, skips = self.autoencoder.encoding(image)
            drawn = posterior.draw(noise)
            output = self.autoencoder.decoded(drawn, skips) if decodes else drawn
        return output, torch.cat(posterior.tensors(), dim=1), terms


@dataclass(frozen=True, slots=True)
class Networks:
    """The networks of a run: as they are, and as Accelerate prepared them for forward passes that are trained."""

    autoencoder: ImageAutoencoder
    reconstruction: nn.Module
    # The EMA weights, where the recipe keeps them.
    average: ImageAutoencoder | None
    discriminator: nn.Module | None
    prepared_discriminator: nn.Module | None
    parts: TrainedParts
    teaching: Teaching

    @property
    def evaluated(self) -> ImageAutoencoder:
        """The weights that are validated and saved."""
        return self.average or self.autoencoder


@dataclass(frozen=True, slots=True)
class Optimizers:
    """Accelerate's; the second is there where a phase trains the discriminator."""

    autoencoder: Any
    discriminator: Any | None
