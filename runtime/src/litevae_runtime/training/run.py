"""A run of training from its recipe to its exit code."""

import json
import sys
from pathlib import Path

from ..common.commands import EXIT_DONE
from ..nn.autoencoder import AutoencoderBase
from ..nn.builders import Builders
from ..recipe.fields import Recipe
from ..recipe.load import recipe_dict
from .dry_run import dry_run as try_out
from .start import describe, make_accelerator, open_split
from .trainer import Outcome, Trainer

EXIT_DIVERGED, EXIT_STOPPED = 3, 75

_EXIT_CODES = {
    Outcome.FINISHED: EXIT_DONE,
    Outcome.STOPPED: EXIT_STOPPED,
    Outcome.DIVERGED: EXIT_DIVERGED,
}


def train(
    model: type[AutoencoderBase],
    networks: Builders,
    recipe: Recipe,
    *,
    data: str,
    output: Path,
    checkpoint: Path | None = None,
    dry_run: bool = False,
    compiled: bool = False,
    cpu: bool = False,
) -> int:
    """Trains a new `model` on the images in `data`, or goes on from `checkpoint`; returns the exit code.

    `networks` are those that the recipe may choose beside the model. `dry_run` takes a step of every phase and writes
    nothing. InputError says what is wrong with the input.
    """
    accelerator = make_accelerator(recipe, output, cpu)
    split = open_split(data, recipe, model.image_channels)
    trainer = Trainer(accelerator, recipe, split, output, model, networks, compiled)
    if accelerator.is_main_process:
        print(json.dumps(recipe_dict(recipe), indent=2))
        print(describe(accelerator, recipe, trainer.networks, split), file=sys.stderr)
    if dry_run:
        report = try_out(trainer)
        if accelerator.is_main_process:
            print(report)
        return EXIT_DONE
    if checkpoint is not None:
        trainer.resume(checkpoint)
    outcome = trainer.train()
    if outcome is Outcome.DIVERGED and accelerator.is_main_process:
        print(
            f"error: {recipe.train.nonfinite_limit} steps in a row had a loss or gradient that is not finite\n"
            "  help:     the last good weights are in the newest checkpoint; go on with --resume auto and a smaller "
            "--set phases.N.learning_rate, or precision=fp32",
            file=sys.stderr,
        )
    return _EXIT_CODES[outcome]
