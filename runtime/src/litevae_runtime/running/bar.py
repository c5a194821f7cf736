"""How far work is, on stderr."""

import sys
from typing import Any

from tqdm import tqdm

from .processes import Processes


def bar_of(
    processes: Processes, total: int, unit: str, *, done: int = 0, heading: str | None = None
) -> "tqdm[Any]":
    """A bar of so many units for all processes, which the main one shows."""
    bar: tqdm[Any] = tqdm(
        total=total,
        initial=done,
        desc=heading,
        unit=unit,
        file=sys.stderr,
        disable=not processes.is_main_process,
        dynamic_ncols=True,
        # One line a refresh where nobody watches.
        mininterval=0.5 if sys.stderr.isatty() else 30,
    )
    return bar
