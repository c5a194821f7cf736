"""What a run leaves in its folder, as those that come later find it: checkpoints, the best of them, weights and recipe."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Self

from .sealed import opened

_CHECKPOINT = re.compile(r"step-(\d{8,})")


BEST = "best.json"

RECIPE, METRICS = "recipe.json", "metrics.jsonl"

# Checkpoints that nothing finds or removes any more: of a run that went on differently, of weights that gave numbers which are
# not finite, and with files that are not as they were written.
ABANDONED, DIVERGED, DAMAGED = "abandoned", "diverged", "damaged"
_ASIDE = re.compile(rf"(?:(?:{ABANDONED}|{DIVERGED}|{DAMAGED})-(?:\d+-)?)?{_CHECKPOINT.pattern}")

# The files of a checkpoint's EMA weights, where the recipe keeps them, and of those that are trained.
AVERAGE, RAW = "average.safetensors", "autoencoder.safetensors"
# What its optimizers remember, and where it is, which is written last.
OPTIMIZERS, STATE = "optimizers.pt", "state.json"

# The hashes of what a finished run leaves beside its checkpoints.
HASHES = "hashes.json"


@dataclass(frozen=True, slots=True)
class Best:
    """The checkpoint with the best validation of its phase."""

    step: int
    phase: int
    metric: str
    value: float

    def beats(self, other: Self | None, improves: Callable[[float, float], bool]) -> bool:
        """Whether it replaces the other; `improves` compares values of the metric, the new one first.

        Resolutions differ between phases, and so what can be reached: a later phase always replaces an earlier one.
        """
        if not isfinite(self.value):
            return False
        if other is None or (other.phase, other.metric) != (self.phase, self.metric):
            return True
        return improves(self.value, other.value)


class RunFolder:
    """The checkpoints of a run, as far as they are whole."""

    def __init__(self, run: Path) -> None:
        self.folder = run / "checkpoints"

    def paths(self) -> list[Path]:
        """Whole checkpoints, the oldest first."""
        if not self.folder.is_dir():
            return []
        found = [path for path in self.folder.iterdir() if _CHECKPOINT.fullmatch(path.name) and path.is_dir()]
        return sorted(found, key=step_of)

    def path_of(self, step: int) -> Path:
        return self.folder / f"step-{step:08d}"

    def best(self) -> Best | None:
        """What was the best so far, where its checkpoint is there still: another that is gone is no measure for what comes."""
        try:
            best = Best(**opened((self.folder / BEST).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None
        numbers = type(best.step) is int and type(best.phase) is int and isinstance(best.value, (int, float))
        return best if numbers and isfinite(best.value) and self.path_of(best.step).is_dir() else None


def step_of(checkpoint: Path) -> int:
    """The step of a whole checkpoint, by its name."""
    return int(checkpoint.name.removeprefix("step-"))


def recipe_of(checkpoint: Path) -> Path | None:
    """The recipe of the run that a checkpoint is of."""
    found = (place.parent.parent / RECIPE for place in _places(checkpoint))
    return next((path for path in found if path.is_file()), None)


def run_of(folder: Path) -> Path:
    """The run that a checkpoint's folder is of, where its results belong; any other folder itself."""
    for place in _places(folder):
        if _ASIDE.fullmatch(place.name) and place.parent.name == "checkpoints":
            return place.parents[1]
    return folder


def shards_of(run: Path) -> Path:
    """The folder beside a run that keeps the indices of its shards."""
    place = _absolute(run)
    return place.parent / f"{place.name}.shards"


def _places(folder: Path) -> tuple[Path, Path]:
    """Where a folder is said to lie, and where it does: it may be a link, and so may the folder that it lies in."""
    return _absolute(folder), folder.resolve()


def _absolute(folder: Path) -> Path:
    """A path with a name, which `.` and `..` are not; links stay what they are."""
    place = folder.absolute()
    return folder.resolve() if ".." in place.parts else place
