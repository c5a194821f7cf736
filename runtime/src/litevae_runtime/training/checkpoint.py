"""Checkpoints that are whole or not there, and how many stay: folders `checkpoints/step-00001000`, written beside and renamed."""

import os
import shutil
from dataclasses import asdict
from itertools import chain, count
from pathlib import Path

from ..common.errors import InputError
from ..common.files import write_text
from ..common.manifest import MANIFEST, is_compiled
from ..common.run_folder import ABANDONED, BEST, METRICS, OPTIMIZERS, STATE, Best, RunFolder, step_of
from ..common.sealed import sealed
from ..nn.stored import WEIGHTS


class Checkpoints(RunFolder):
    """The folder `checkpoints` of a run, and what is done there."""

    def __init__(self, run: Path, keep: int) -> None:
        super().__init__(run)
        self.keep = keep

    def partial_path_of(self, step: int) -> Path:
        return self.folder / f".partial-{step:08d}"

    def begin(self, step: int) -> None:
        """Makes an empty folder to write a checkpoint into; `finish` gives it its name."""
        partial = self.partial_path_of(step)
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)

    def finish(self, step: int) -> None:
        """Names what was written, once it is on the disk."""
        partial, final = self.partial_path_of(step), self.path_of(step)
        for file in partial.iterdir():
            _sync(file)
        _sync(partial)
        replaced = self.folder / f".partial-replaced-{step:08d}"
        if final.exists():
            final.rename(replaced)
        partial.rename(final)
        _sync(self.folder)
        shutil.rmtree(replaced, ignore_errors=True)

    def remember(self, best: Best) -> None:
        """Says which checkpoint is the best so far."""
        write_text(self.folder / BEST, sealed(asdict(best)))

    def discard(self, step: int) -> None:
        shutil.rmtree(self.partial_path_of(step), ignore_errors=True)

    def clean(self) -> None:
        """Removes what a process that was killed while it wrote left behind."""
        for path in self.folder.glob(".partial-*"):
            shutil.rmtree(path, ignore_errors=True)

    def put_aside_after(self, step: int, why: str = ABANDONED) -> list[str]:
        """Puts aside the checkpoints behind a step as `WHY-…`; returns their names."""
        later = [path for path in self.paths() if step_of(path) > step]
        for path in later:
            self.put_aside(path, why)
        return [path.name for path in later]

    def put_aside(self, path: Path, why: str) -> None:
        """Renames a checkpoint to `WHY-…`, which nothing finds; what was abandoned may be good, and is never replaced."""
        best = self.best()
        if best is not None and best.step == step_of(path):
            (self.folder / BEST).unlink()
        aside = path.with_name(f"{why}-{path.name}")
        if why == ABANDONED:
            numbered = (path.with_name(f"{why}-{number}-{path.name}") for number in count(2))
            aside = next(place for place in chain([aside], numbered) if not place.exists())
        shutil.rmtree(aside, ignore_errors=True)
        path.rename(aside)

    def prune(self) -> None:
        """Removes old checkpoints; the best one so far stays."""
        best = self.best()
        kept = {path.name for path in self.paths()[-self.keep :]}
        if best is not None:
            kept.add(self.path_of(best.step).name)
        for path in self.paths():
            if path.name not in kept:
                shutil.rmtree(path, ignore_errors=True)


def _work_in(run: Path) -> list[Path]:
    """What a new run would write over: whole checkpoints, else what was logged, drawn, trained or compiled."""
    left = (run / name for name in (METRICS, "samples", WEIGHTS))
    return RunFolder(run).paths() or [path for path in left if path.exists()]


def choose_checkpoint(run: Path, resume: str | None, dry_run: bool = False) -> Path | None:
    """The checkpoint to go on from. A folder that holds a run is not begun anew over it."""
    if is_compiled(run) and not dry_run:
        raise InputError(
            f"{run} is what litevae compile wrote",
            expected="a new folder, or a run's",
            found=str(run / MANIFEST),
            remedy=f"give another --output; --set train.start_from={run} begins from its weights",
        )
    there, work = RunFolder(run).paths(), _work_in(run)
    if resume is None:
        if work and not dry_run:
            raise InputError(
                f"{run} holds a run already" if there else f"{run} holds a run already, without checkpoints",
                expected="a new folder, or --resume",
                found=str(work[-1]),
                remedy="give another --output"
                if not there and (run / WEIGHTS).exists()
                else "add --resume auto to go on with it, or give another --output",
            )
        return None
    if resume == "auto":
        if not there and (run / WEIGHTS).exists() and not dry_run:
            raise InputError(
                f"{run} holds trained weights and no checkpoint to go on from",
                expected="a run with its checkpoints, or a new folder",
                found=str(run / WEIGHTS),
                remedy=f"give another --output; --set train.start_from={run} begins from these weights",
            )
        return there[-1] if there else None
    chosen = Path(resume)
    if not any((chosen / name).is_file() for name in (STATE, OPTIMIZERS)):
        raise InputError(
            f"{chosen} is not a checkpoint",
            expected=f"a folder RUN/checkpoints/step-… with a {STATE}",
            found=f"no {STATE}" if chosen.is_dir() else "no such folder",
            remedy="give such a folder, or --resume auto",
        )
    if work and chosen.resolve().parent != RunFolder(run).folder.resolve() and not dry_run:
        raise InputError(
            f"{run} holds another run than the checkpoint's",
            expected=f"a checkpoint of {run}, or a new folder",
            found=str(chosen),
            remedy="give another --output",
        )
    return chosen


def _sync(path: Path) -> None:
    if os.name == "nt":
        # Windows syncs neither folders nor what is open for reading.
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
