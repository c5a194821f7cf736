"""How far work is, on stderr."""

import sys
from typing import Any

from tqdm import tqdm

from .processes import Processes


class _Lines:
    """stderr where nobody watches, as in a log: each refresh of a bar is a line, where a terminal writes over the last."""

    def __init__(self) -> None:
        self._done = ""

    def write(self, text: str) -> None:
        line = text.strip("\r\n ")
        done = line.partition(" [")[0]
        # A bar that ends is written once more.
        if done not in ("", self._done):
            sys.stderr.write(f"{line}\n")
            self._done = done

    def flush(self) -> None:
        sys.stderr.flush()


def bar_of(
    processes: Processes, total: int, unit: str, *, done: int = 0, heading: str | None = None
) -> "tqdm[Any]":
    """A bar of so many units for all processes, which the main one shows."""
    watched = sys.stderr.isatty()
    # Without the bar itself, which a log has no use for.
    line = "{percentage:.0f} %, {n_fmt} of {total_fmt} {unit}s [{elapsed}<{remaining}, {rate_fmt}{postfix}]"
    label = "" if heading is None else f"{heading}: "
    bar: tqdm[Any] = tqdm(
        total=total,
        initial=done,
        desc=heading,
        unit=unit,
        file=sys.stderr if watched else _Lines(),
        disable=not processes.is_main_process,
        dynamic_ncols=watched,
        mininterval=0.5 if watched else 30,
        bar_format=None if watched else label + line,
    )
    return bar
