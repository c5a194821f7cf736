"""What is seen of a run: a progress bar, metrics.jsonl, trackers, image grids."""

import json
import math
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from accelerate import Accelerator

from ..common.files import write_text
from ..common.json_lines import append_line, append_lines, read_lines
from ..common.run_folder import ABANDONED, METRICS
from ..common.text import counted, first_line
from ..data.grids import save_grid
from ..recipe.fields import Recipe
from ..recipe.load import recipe_dict
from ..running.bar import bar_of
from .trackers import Start, Tracker, open_tracker


class Monitor:
    """Writes on the main process alone; the others' calls do nothing."""

    def __init__(self, accelerator: Accelerator, run: Path, steps: int, start: int) -> None:
        self.run = run
        self.main = accelerator.is_main_process
        self._bar = bar_of(accelerator, steps, "step", done=start)
        self._told: set[str] = set()
        self._trackers: dict[str, Tracker] = {}
        self._start = start

    def start_trackers(self, recipe: Recipe) -> None:
        if self.main:
            start = Start(self.run, recipe.name, flat(recipe_dict(recipe)), self._start)
            for name in recipe.log.trackers:
                self._trackers[name] = open_tracker(name, start)

    def advance(self) -> None:
        self._bar.update()

    def log(self, step: int, phase: str, metrics: Mapping[str, float]) -> None:
        """A line of metrics.jsonl; numbers that are not finite are null there, since JSON has none."""
        if not self.main:
            return
        finite = {name: value for name, value in metrics.items() if math.isfinite(value)}
        line = {"step": step, "phase": phase, **{name: finite.get(name) for name in metrics}}
        with self._forgiving(str(self.run), OSError):
            append_line(self.run / METRICS, line)
        self._track(lambda tracker: tracker.log(finite, step))
        shown = {"loss": "loss", "psnr": "psnr", "images_per_second": "img/s", "memory_gb": "GB"}
        self._bar.set_postfix(
            {"phase": phase}
            | {label: f"{metrics[name]:.4g}" for name, label in shown.items() if name in metrics},
            # With the bar's own pace, which is slow where nobody watches.
            refresh=False,
        )

    def grid(self, step: int, grid: np.ndarray) -> None:
        if not self.main:
            return
        with self._forgiving(str(self.run), OSError):
            save_grid(grid, self.run / "samples" / f"step-{step:08d}.png")
        self._track(lambda tracker: tracker.image(grid, step))

    def _track(self, tell: Callable[[Tracker], None]) -> None:
        for name, tracker in self._trackers.items():
            # Its own process may have ended, or its server; the errors are its own.
            with self._forgiving(f"{name} of log.trackers", Exception):
                tell(tracker)

    @contextmanager
    def _forgiving(self, place: str, errors: type[Exception]) -> Iterator[None]:
        """What cannot be logged, on a full disk for one, is no reason to lose a run; it is said once of each place."""
        try:
            yield
        except errors as error:
            if place not in self._told:
                self.say(
                    f"warning: {place} cannot be written to ({first_line(error)}): logs have holes from here on"
                )
            self._told.add(place)

    def say(self, text: str) -> None:
        """A message to a person, on stderr and not through the progress bar."""
        if self.main:
            self._bar.clear()
            print(text, file=sys.stderr, flush=True)
            self._bar.refresh()

    def close(self) -> None:
        self._bar.close()
        self._track(lambda tracker: tracker.close())


def cut_metrics(run: Path, step: int) -> list[str]:
    """Removes what was logged after `step` steps were done, and lines that are damaged; returns what a person should know."""
    path = run / METRICS
    if not path.is_file():
        return []
    lines = read_lines(path)
    steps = [_step_of(entry) for entry in lines.entries]
    damaged = lines.damaged + steps.count(None)
    kept = [entry for entry, of in zip(lines.entries, steps, strict=True) if of is not None and of <= step]
    notes = [f"{path}: {counted(damaged, 'damaged line')} left out"] if damaged else []
    if lines.entries and not kept:
        # The run begins anew: what an earlier one logged is not lost.
        aside = path.with_name(f"{ABANDONED}-{METRICS}")
        append_lines(aside, lines.entries)
        path.unlink()
        return [*notes, f"the run begins anew; what was logged before is {aside}"]
    write_text(path, "".join(f"{json.dumps(entry)}\n" for entry in kept))
    return notes


def _step_of(entry: Mapping[str, Any]) -> int | None:
    step = entry.get("step")
    return step if type(step) is int else None


def flat(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """`{"losses.kl": …}`, with plain values alone, as trackers take them."""
    found: dict[str, Any] = {}
    for key, value in config.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{key}.")
        elif isinstance(value, (list, tuple)):
            found |= flat({str(i): item for i, item in enumerate(value)}, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = "null" if value is None else value
    return found
