"""A run of training from its recipe to its exit code."""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from ..common.commands import EXIT_DONE, EXIT_STOPPED
from ..common.errors import InputError
from ..common.run_folder import DAMAGED, DIVERGED, RunFolder, shards_of, step_of
from ..nn.builders import Builders
from ..nn.image_autoencoder import ImageAutoencoder
from ..recipe.fields import Recipe
from ..recipe.load import recipe_dict
from ..running.lock import alone
from ..running.together import decided
from .checkpoint import choose_checkpoint
from .dry_run import dry_run as try_out
from .memory import memory_errors
from .networks import missing_weights
from .snapshot import DamagedCheckpointError, keys_in, read_state
from .start import describe, make_accelerator, open_split
from .trainer import Outcome, Trainer

# 74 is EX_IOERR of sysexits.h.
EXIT_DIVERGED, EXIT_UNSAVED = 3, 74

_EXIT_CODES = {
    Outcome.FINISHED: EXIT_DONE,
    Outcome.STOPPED: EXIT_STOPPED,
    Outcome.UNSAVED: EXIT_UNSAVED,
    Outcome.DIVERGED: EXIT_DIVERGED,
}


@memory_errors()
def train(
    model: type[ImageAutoencoder],
    networks: Builders,
    recipe: Recipe,
    *,
    data: str,
    output: Path,
    resume: str | None = None,
    notes: Sequence[str] = (),
    dry_run: bool = False,
    compiled: bool = False,
    cpu: bool = False,
) -> int:
    """Trains a new `model` on the images in `data`, or goes on as `resume` says; returns the exit code.

    `networks` are those that the recipe may choose beside the model. `resume` is a checkpoint's folder, or "auto" for the
    newest of `output` where there is one; `notes` are said at its start. `dry_run` takes a step of every phase and writes
    nothing. InputError says what is wrong with the input.
    """
    accelerator = make_accelerator(recipe, cpu)
    cache = None if dry_run else shards_of(output)
    split = open_split(accelerator, data, recipe, model.image_channels, cache)
    before = choose_checkpoint(output, resume, dry_run)
    # With `auto` an older checkpoint may take the place of a damaged one.
    keys = None if before is None else keys_in([before, *reversed(RunFolder(output).paths())])
    lacking = missing_weights(recipe) if dry_run else None
    # The same work, and nothing is kept of it.
    stand_in = replace(recipe, perceptual=replace(recipe.perceptual, weights="random"))
    chosen = recipe if lacking is None else stand_in
    trainer = Trainer(accelerator, chosen, split, output, model, networks, compiled, keys)

    trainer.notes += notes

    def say(text: str) -> None:
        if accelerator.is_main_process:
            print(text, file=sys.stderr, flush=True)

    if accelerator.is_main_process:
        print(json.dumps(recipe_dict(recipe), indent=2))
    say(describe(accelerator, recipe, trainer.networks, split))
    if dry_run:
        report = try_out(trainer)
        if accelerator.is_main_process:
            print(report)
        if lacking is not None:
            say(f"warning: the run itself would not begin: {lacking}")
        return EXIT_DONE
    with alone(accelerator, output, resume is not None, say) as trainer.saving.require_held:
        # Chosen now that nobody else writes there: the run before may have ended a moment ago.
        checkpoint = decided(
            accelerator, lambda: usable_checkpoint(trainer, choose_checkpoint(output, resume), resume, say)
        )
        if checkpoint is not None:
            trainer.resume(checkpoint)
        elif before is not None:
            raise InputError(
                f"the checkpoints of {output} are gone",
                found=f"{output / 'checkpoints'} had some a moment ago",
                remedy="run the same command again",
            )
        outcome = trainer.train()
    if outcome is Outcome.DIVERGED:
        say(_divergence(trainer))
    return _EXIT_CODES[outcome]


def usable_checkpoint(
    trainer: Trainer, chosen: Path | None, resume: str | None, say: Callable[[str], None]
) -> Path | None:
    """The chosen checkpoint; with `--resume auto` the newest whose files are whole, the damaged ones put aside."""
    name, steps, teacher = trainer.networks.autoencoder.name, trainer.schedule.steps, trainer.state.teacher
    while chosen is not None:
        try:
            read_state(chosen, name, steps, teacher)
            return chosen
        except DamagedCheckpointError as error:
            older = [path for path in trainer.checkpoints.paths() if step_of(path) < step_of(chosen)]
            if resume != "auto" or not older:
                raise
            say(f"warning: {error.what}; put aside as {DAMAGED}-{chosen.name}, {older[-1].name} is taken")
            trainer.checkpoints.put_aside(chosen, DAMAGED)
            chosen = older[-1]
    return None


def _divergence(trainer: Trainer) -> str:
    """What happened, and the checkpoint to go back to."""
    skipped, finite = trainer.state.skipped_in_a_row, trainer.state.last_good + 1
    remedy = "a smaller --set phases.N.learning_rate, or precision=fp32"
    good = trainer.checkpoints.paths()
    if good:
        way = f"go back with --resume {good[-1]}, the newest from before it, and {remedy}"
    else:
        way = f"no checkpoint is from before it: begin again with another --output and {remedy}"
    return (
        f"error: {skipped} steps in a row had a loss or gradient that is not finite\n"
        f"  found:    {f'the last finite step is {finite}' if finite else 'no step was finite'}; what was saved after it lies in "
        f"{trainer.checkpoints.folder} as {DIVERGED}-…\n"
        f"  help:     {way}"
    )
