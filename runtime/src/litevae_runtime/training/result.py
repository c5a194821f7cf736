"""What a finished run leaves beside its checkpoints: RUN/model.safetensors and config.json, with their hashes."""

import math
from pathlib import Path

from accelerate import Accelerator

from ..common.errors import InputError
from ..common.manifest import write_hashes
from ..common.run_folder import RunFolder, step_of
from ..common.text import first_line
from ..nn.image_autoencoder import ImageAutoencoder
from ..nn.pretrained import write_pretrained
from ..nn.statistics import LatentStatistics
from ..nn.stored import CONFIG, DIFFUSERS_WEIGHTS, WEIGHTS
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
        write_hashes(run, (WEIGHTS, CONFIG))
        if model.diffusers_config:
            model.save_pretrained(run / "diffusers", **statistics.config())
            write_hashes(run / "diffusers", (DIFFUSERS_WEIGHTS, CONFIG))
    except Exception as error:
        raise InputError(
            f"{run / WEIGHTS} could not be written",
            found=first_line(error),
            remedy=f"make room and run again with --resume auto: {_kept(run, recipe)}",
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
        found = latent_statistics(model, images, count, recipe.seed)
    if not math.isfinite(found.scaling_factor):
        raise InputError(
            "the trained weights give latents that are not finite",
            found=f"scaling_factor {found.scaling_factor}",
            remedy="go back with --resume to a checkpoint whose validation in metrics.jsonl is finite",
        )
    return found


def _kept(run: Path, recipe: Recipe) -> str:
    """What of the run a checkpoint has."""
    steps, there = sum(phase.steps for phase in recipe.phases), RunFolder(run).paths()
    if not there:
        return f"no checkpoint could be written either, so all {steps} steps are done again"
    newest = step_of(there[-1])
    return (
        "the last checkpoint has everything"
        if newest == steps
        else f"the last checkpoint is of step {newest} of {steps}"
    )
