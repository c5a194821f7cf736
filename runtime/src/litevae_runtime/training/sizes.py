"""Whether a recipe's resolutions pass through its networks: tried on torch's meta device, without memory or time."""

import torch

from ..common.errors import InputError
from ..nn.builders import Builders
from ..nn.fitting import choice
from ..nn.image_autoencoder import ImageAutoencoder
from ..nn.sizes import fits, nearest
from ..recipe.fields import Recipe
from .networks import build_discriminator


def check_sizes(recipe: Recipe, model: type[ImageAutoencoder], networks: Builders) -> None:
    """InputError names the first phase whose images do not fit, and the nearest sizes that do."""
    adversarial = any(phase.discriminator for phase in recipe.phases)
    with torch.device("meta"):
        autoencoder = model().eval()
    # Built first and moved then: spectral norm's first power iterations would load half of torch's compiler on meta.
    discriminator = (
        build_discriminator(networks, recipe.discriminator).eval().to("meta") if adversarial else None
    )
    for i, phase in enumerate(recipe.phases):
        seen_by = discriminator if phase.discriminator else None
        side = phase.resolution
        if fits(side, autoencoder, seen_by):
            continue
        fitting = nearest(side, autoencoder, seen_by)
        raise InputError(
            f"images of {side}×{side} do not fit the "
            + ("autoencoder and the discriminator" if seen_by else "autoencoder"),
            expected=f"phases.{i}.resolution: {choice(fitting)}",
            found=f"phases.{i}.resolution: {side}",
            remedy="choose a resolution that fits" + (", or another discriminator" if seen_by else ""),
        )
