"""The networks and optimizers of a run, initialised, on their device and prepared by Accelerate."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import torch
from accelerate import Accelerator
from torch import nn

from ..common.errors import InputError
from ..common.text import first_line
from ..data.pixels import PIXELS, declared, departure, reading, settings_of
from ..nn.builders import Builders
from ..nn.image_autoencoder import ImageAutoencoder
from ..nn.init import initialize
from ..nn.stored import CONFIG
from ..nn.trained import start_from, weights_file
from ..recipe.fields import Recipe
from .ema import averaged_copy
from .networks import Networks, Optimizers, Reconstruction, build_discriminator
from .parts import TrainedParts
from .teaching import Teaching


def build(
    accelerator: Accelerator,
    recipe: Recipe,
    model: type[ImageAutoencoder],
    networks: Builders,
    teaching: Teaching,
    compiled: bool,
    resumed_keys: Collection[str] | None,
) -> tuple[Networks, Optimizers, list[str]]:
    """Seeded by the recipe; the strings are what a person should know about how the weights began.

    `resumed_keys` are those of the weights that a checkpoint will bring, in the place of the recipe's.
    """
    torch.manual_seed(recipe.seed)
    notes: list[str] = []
    autoencoder = model()
    initialize(autoencoder, recipe.train.init)
    if resumed_keys is not None:
        # Modules that the start had brought have to be there before anything is frozen, copied or optimized.
        autoencoder.adapt_to(resumed_keys)
    elif recipe.train.start_from is not None:
        notes.append(start_from(autoencoder, recipe.train.start_from, recipe.train.partial))
        file = weights_file(Path(recipe.train.start_from)).parent / CONFIG
        notes += _other_pixels(autoencoder.stored.own, recipe, file)
    if teaching.teacher is not None:
        notes += _other_pixels(teaching.teacher.settings, recipe, teaching.teacher.folder / CONFIG)
    declare(autoencoder, recipe, teaching)
    adversarial = any(phase.discriminator for phase in recipe.phases)
    discriminator = build_discriminator(networks, recipe.discriminator) if adversarial else None

    parts = TrainedParts(autoencoder, recipe)
    # What no phase trains has no place in the optimizer, nor among what processes exchange.
    parts.train(*parts.of_phases)
    autoencoder.enable_gradient_checkpointing(recipe.train.gradient_checkpointing)
    autoencoder.enable_channels_last(recipe.train.channels_last)
    autoencoder.to(accelerator.device)
    average = cast(ImageAutoencoder, averaged_copy(autoencoder)) if recipe.ema.decay > 0 else None
    reconstruction = Reconstruction(autoencoder)
    if discriminator is not None:
        discriminator.to(accelerator.device)
    if compiled:
        _compile(reconstruction, discriminator)

    def prepared(thing: Any) -> Any:
        return None if thing is None else accelerator.prepare(thing)

    optimizers = Optimizers(
        prepared(_adam(autoencoder, recipe, accelerator)),
        prepared(None if discriminator is None else _adam(discriminator, recipe, accelerator)),
    )
    built = Networks(
        autoencoder=autoencoder,
        reconstruction=prepared(reconstruction),
        average=average,
        discriminator=discriminator,
        prepared_discriminator=prepared(discriminator),
        parts=parts,
        teaching=teaching,
    )
    return built, optimizers, notes


def _other_pixels(settings: Mapping[str, Any], recipe: Recipe, file: Path) -> list[str]:
    """A note where weights were trained on images that were read otherwise; `settings` of them are what `file` says."""
    # Weights of older versions, and of others, say nothing of pixels.
    trained = settings.get(PIXELS)
    if trained is None:
        return []
    with reading(file, PIXELS):
        told = departure(recipe.data, declared({}, trained), file)
    return [] if told is None else [told]


def declare(autoencoder: ImageAutoencoder, recipe: Recipe, teaching: Teaching) -> None:
    """Makes what config.json beside the weights will say that of this run, whatever they were taken from said."""
    stored = autoencoder.stored
    autoencoder.stored = replace(
        stored,
        # Where training moves them, the end of the run measures.
        latents=teaching.statistics(stored.latents),
        own=stored.own | {PIXELS: settings_of(recipe.data)},
    )


def _compile(*modules: nn.Module | None) -> None:
    # Eq. 2 and the logged gradient norms go backward through a graph that is used again. torch has no public name for this.
    torch._functorch.config.donated_buffer = False
    for module in modules:
        if module is not None:
            module.compile()


@contextmanager
def compiler_errors() -> Iterator[None]:
    """Turns what torch.compile throws, hundreds of lines, into a message."""
    try:
        yield
    except RuntimeError as error:
        if not type(error).__module__.startswith(("torch._dynamo", "torch._inductor")):
            raise
        raise InputError(
            "torch.compile cannot compile the networks here",
            found=first_line(error),
            remedy="leave --compile out, or install what it names (a C++ compiler on a CPU, Triton on a GPU)",
        ) from error


def _adam(module: nn.Module, recipe: Recipe, accelerator: Accelerator) -> torch.optim.Optimizer:
    """Adam of arXiv:2405.14477 App. D; with a weight decay it is AdamW. The schedule sets the learning rate at every step."""
    settings = recipe.optimizer
    return torch.optim.AdamW(
        [parameter for parameter in module.parameters() if parameter.requires_grad],
        betas=settings.betas,
        eps=settings.eps,
        weight_decay=settings.weight_decay,
        fused=settings.fused and accelerator.device.type in ("cuda", "cpu"),
    )
