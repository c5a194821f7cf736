"""Which parts of the autoencoder a phase trains."""

from typing import Literal

from .fields import Phase, Recipe

Parts = Literal["both", "encoder", "decoder"]


def parts_of(phase: Phase, recipe: Recipe) -> Parts:
    """What the phase says, or train.parts."""
    return phase.parts or recipe.train.parts


def trains_encoder(recipe: Recipe) -> bool:
    """Whether any phase changes the encoder."""
    return any(parts_of(phase, recipe) != "decoder" for phase in recipe.phases)
