"""Signals that ask a run to stop: it finishes its step, writes a checkpoint and leaves."""

import multiprocessing
import os
import signal
from functools import cache, partial
from types import FrameType, TracebackType
from typing import Self

_ASKING = (signal.SIGTERM, signal.SIGINT)


class StopSignals:
    """Remembers the first SIGTERM or SIGINT; a second one ends the process at once, as without this."""

    def __init__(self) -> None:
        self.received: str | None = None
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> Self:
        _keep_from_children()
        for number in _ASKING:
            self._before[number] = signal.signal(number, self._remember)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._restore()

    def _remember(self, number: int, frame: FrameType | None) -> None:
        self.received = signal.Signals(number).name
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]


@cache
def _keep_from_children() -> None:
    """Forked processes begin with these signals blocked: one could come before `ignore_signals` is called there."""
    if hasattr(os, "register_at_fork"):
        block, unblock = (
            partial(signal.pthread_sigmask, how, _ASKING) for how in (signal.SIG_BLOCK, signal.SIG_UNBLOCK)
        )
        os.register_at_fork(before=block, after_in_parent=unblock)


def ignore_signals(worker: int) -> None:
    """For loading processes: Ctrl-C, torchrun and schedulers signal them too, and the run still needs them for its step.

    They leave when their loader is closed or their run is gone; `end_workers` makes sure.
    """
    for number in _ASKING:
        signal.signal(number, signal.SIG_IGN)


def end_workers() -> None:
    """Ends loading processes that an error left behind: leaving Python would wait for them."""
    for child in multiprocessing.active_children():
        child.kill()
