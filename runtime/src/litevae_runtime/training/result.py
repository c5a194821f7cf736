"""What a finished run leaves beside its checkpoints: RUN/model.safetensors and config.json."""

from pathlib import Path

from accelerate import Accelerator

from ..common.errors import InputError
from ..common.text import first_line
from ..nn.image_autoencoder import ImageAutoencoder
from ..nn.pretrained import write_pretrained
from ..nn.statistics import LatentStatistics
from ..nn.stored import WEIGHTS
from ..recipe.fields import Recipe
from .latents import latent_statistics
from .loading import Loading
from .networks import Networks, discriminator_state
from .validation import evaluating


def write_result(
    accelerator: Accelerator, networks: Networks, loading: Loading, recipe: Recipe, run: Path
) -> LatentStatistics:
    """Writes what from_pretrained and `litevae compile --weights` read; returns how the latents are spread.

    Raises:
        InputError: it cannot be written.
    """
    model, discriminator = networks.evaluated, networks.discriminator
    statistics = _latents(accelerator, model, loading, recipe)
    # The model's own discriminator travels with it.
    own = discriminator is not None and recipe.discriminator == "model"
    beside = discriminator_state(model, discriminator) if discriminator is not None and own else {}
    try:
        write_pretrained(model, run, WEIGHTS, beside, **statistics.config())
        if model.diffusers_config:
            model.save_pretrained(run / "diffusers", **statistics.config())
    except Exception as error:
        raise InputError(
            f"{run / WEIGHTS} could not be written",
            found=first_line(error),
            remedy="make room and run again with --resume auto: the last checkpoint has everything",
        ) from error
    return statistics


def _latents(
    accelerator: Accelerator, model: ImageAutoencoder, loading: Loading, recipe: Recipe
) -> LatentStatistics:
    """Measured on the run's images; of an encoder that stayed as it was, what its weights came with."""
    if model.stored.latents is not None:
        return model.stored.latents
    phase, count = recipe.phases[-1], recipe.latent.images
    with evaluating(accelerator, model):
        images = loading.images(phase.resolution, phase.batch, count)
        return latent_statistics(model, images, count, recipe.seed)
