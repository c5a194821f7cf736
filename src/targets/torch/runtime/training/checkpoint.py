"""Checkpoints that are whole or not there, and how many stay: folders `checkpoints/step-00001000`, written beside and renamed."""

import json
import os
import re
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Self

from .errors import TrainingError

_NAME = re.compile(r"step-(\d{8,})")
_BEST = "best.json"

# The files of a checkpoint's averaged weights, where the recipe keeps them, and of those that are trained.
AVERAGE, RAW = "average.safetensors", "autoencoder.safetensors"


@dataclass(frozen=True, slots=True)
class Best:
    """The checkpoint with the best validation of its phase."""

    step: int
    phase: int
    metric: str
    value: float

    def beats(self, other: Self | None) -> bool:
        """Resolutions differ between phases, and so what can be reached: a later phase always replaces an earlier one."""
        if other is None or (other.phase, other.metric) != (self.phase, self.metric):
            return True
        return self.value > other.value if self.metric == "psnr" else self.value < other.value


class Checkpoints:
    """The folder `checkpoints` of a run."""

    def __init__(self, run: Path, keep: int) -> None:
        self.folder = run / "checkpoints"
        self.keep = keep

    def paths(self) -> list[Path]:
        """Whole checkpoints, the oldest first."""
        if not self.folder.is_dir():
            return []
        found = [path for path in self.folder.iterdir() if _NAME.fullmatch(path.name) and path.is_dir()]
        return sorted(found, key=lambda path: int(path.name.removeprefix("step-")))

    def path_of(self, step: int) -> Path:
        return self.folder / f"step-{step:08d}"

    def partial_path_of(self, step: int) -> Path:
        return self.folder / f".partial-{step:08d}"

    def begin(self, step: int) -> None:
        """Makes an empty folder to write a checkpoint into; `finish` gives it its name."""
        partial = self.partial_path_of(step)
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)

    def finish(self, step: int, best: Best | None) -> None:
        """Names what was written, once it is on the disk, and removes old checkpoints; the best one so far stays."""
        partial, final = self.partial_path_of(step), self.path_of(step)
        for file in partial.iterdir():
            _sync(file)
        _sync(partial)
        shutil.rmtree(final, ignore_errors=True)
        partial.rename(final)
        _sync(self.folder)
        if best is not None:
            write_text(self.folder / _BEST, json.dumps(asdict(best), indent=2) + "\n")
        self._prune()

    def discard(self, step: int) -> None:
        shutil.rmtree(self.partial_path_of(step), ignore_errors=True)

    def clean(self) -> None:
        """Removes what a process that was killed while it wrote left behind."""
        for path in self.folder.glob(".partial-*"):
            shutil.rmtree(path, ignore_errors=True)

    def forget_after(self, step: int) -> list[str]:
        """Puts aside the checkpoints of a run that went on differently: under `abandoned-…` nothing finds or removes them."""
        later = [
            path
            for path in self.paths()
            if path != self.path_of(step) and path.name > self.path_of(step).name
        ]
        for path in later:
            aside = path.with_name(f"abandoned-{path.name}")
            shutil.rmtree(aside, ignore_errors=True)
            path.rename(aside)
        best = self.best()
        if best is not None and best.step > step:
            (self.folder / _BEST).unlink()
        return [path.name for path in later]

    def best(self) -> Best | None:
        try:
            return Best(**json.loads((self.folder / _BEST).read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def _prune(self) -> None:
        best = self.best()
        kept = {path.name for path in self.paths()[-self.keep :]}
        if best is not None:
            kept.add(self.path_of(best.step).name)
        for path in self.paths():
            if path.name not in kept:
                shutil.rmtree(path, ignore_errors=True)


def choose_checkpoint(run: Path, resume: str | None, dry_run: bool) -> Path | None:
    """The checkpoint to go on from. A folder that holds a run is not begun anew over it."""
    there = Checkpoints(run, keep=1).paths()
    if resume is None:
        if there and not dry_run:
            raise TrainingError(
                f"{run} holds a run already",
                expected="a new folder, or --resume",
                found=str(there[-1]),
                remedy="add --resume auto to go on with it, or give another --output",
            )
        return None
    if resume == "auto":
        return there[-1] if there else None
    chosen = Path(resume)
    if there and chosen.resolve().parent != there[-1].resolve().parent and not dry_run:
        raise TrainingError(
            f"{run} holds another run than the checkpoint's",
            expected=f"a checkpoint of {run}, or a new folder",
            found=str(chosen),
            remedy="give another --output",
        )
    return chosen


def recipe_of(checkpoint: Path) -> Path | None:
    """The recipe of the run that a checkpoint is of."""
    path = checkpoint.parent.parent / "recipe.json"
    return path if path.is_file() else None


def run_of(folder: Path) -> Path:
    """The run that a checkpoint's folder is of, where its results belong; any other folder itself."""
    place = folder.resolve()
    name = place.name.removeprefix("abandoned-")
    return place.parents[1] if _NAME.fullmatch(name) and place.parent.name == "checkpoints" else folder


def _sync(path: Path) -> None:
    if os.name == "nt":
        # Windows syncs neither folders nor what is open for reading.
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def require_writable(file: Path) -> None:
    """TrainingError where a result could not be written, said before the work is done. Makes its folder."""
    place = file.resolve()
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.is_dir():
            raise IsADirectoryError("a folder of this name")
        if place.exists() and not place.is_file():
            # A pipe or device, which is written into.
            return
        # Rights alone do not tell: a system such as /proc gives them and takes no file.
        with TemporaryFile(dir=place.parent):
            pass
    except OSError as error:
        raise TrainingError(
            f"{file} cannot be written",
            found=error.strerror or str(error),
            remedy="give --output FILE in a folder of yours",
        ) from error


def write_text(path: Path, text: str) -> None:
    """Writes a file whole: beside, then renamed. A link stays a link; a pipe or device is written to, and never replaced."""
    place = path.resolve()
    if place.exists() and not place.is_file():
        place.write_text(text, encoding="utf-8")
        return
    partial = place.with_name(f"{place.name}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(place)
