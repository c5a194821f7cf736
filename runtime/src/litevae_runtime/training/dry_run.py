"""`--dry-run`: a step of every phase, without a file written."""

import time
from dataclasses import replace
from datetime import timedelta

from ..common.device import peak_memory_gb, reset_peak_memory, synchronize
from ..common.text import text_table
from .trainer import Trainer


def dry_run(trainer: Trainer) -> str:
    """Trains a step of every phase to warm up and another to measure; a table of memory, pace and time to the end."""
    rows = [("phase", "resolution", "batch", "memory, GB", "images/s", "time")]
    total = 0.0
    for i, phase in enumerate(trainer.recipe.phases):
        begin = trainer.schedule.at(trainer.schedule.begin_of(i))
        # As it will be when the discriminator counts, which is what costs most.
        at = replace(begin, discriminator_step=2**62)
        reset_peak_memory(trainer.accelerator.device)
        batches = next(trainer.loading.steps(begin, trainer.schedule))
        trainer.step(batches, at, logged=True)
        synchronize(trainer.accelerator.device)
        started = time.perf_counter()
        trainer.step(batches, at, logged=False)
        synchronize(trainer.accelerator.device)
        seconds = time.perf_counter() - started
        total += seconds * phase.steps
        rows.append(
            (
                phase.name,
                str(phase.resolution),
                str(phase.batch),
                f"{peak_memory_gb(trainer.accelerator.device):.2f}",
                f"{phase.batch / seconds:.1f}",
                str(timedelta(seconds=round(seconds * phase.steps))),
            )
        )
    whole = f"in all {timedelta(seconds=round(total))}, without loading, validation and checkpoints"
    return f"{text_table(rows)}\n{whole}"
