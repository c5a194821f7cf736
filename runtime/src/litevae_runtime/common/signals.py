"""Signals that ask a run to stop, or announce its end: it finishes its step, writes a checkpoint and leaves."""

import ctypes
import multiprocessing
import os
import signal
from functools import cache, partial
from multiprocessing.sharedctypes import RawValue
from time import monotonic
from types import FrameType, TracebackType
from typing import Self

# Those of people and init, those that schedulers send before a time limit, a terminal that is closed, a limit of CPU time.
_NAMES = ("SIGTERM", "SIGINT", "SIGUSR1", "SIGUSR2", "SIGHUP", "SIGXCPU")
_ASKING = tuple(getattr(signal, name) for name in _NAMES if hasattr(signal, name))

# Seconds in which the same signal again is the same request: a scheduler signals every process, and torchrun passes on its own.
RELAYED = 3.0

# Whether a run of this process was asked to stop: in memory that its loading processes share, which ignore signals.
STOPPING = RawValue(ctypes.c_bool, False)


class StopSignals:
    """Remembers the first of them; the same one again, `RELAYED` later, ends the process at once, as without this.

    Another one does not: a scheduler announces the end with one and sends SIGTERM then. What was ignored before, as SIGHUP is
    under nohup, stays so. `interrupts` leaves Ctrl-C what it is: KeyboardInterrupt, at once.
    """

    def __init__(self, interrupts: bool = False) -> None:
        self.received: str | None = None
        self._asking = [each for each in _ASKING if not (interrupts and each == signal.SIGINT)]
        self._before: dict[signal.Signals, object] = {}
        self._first: dict[int, float] = {}

    def __enter__(self) -> Self:
        _keep_from_children()
        STOPPING.value = False
        for number in self._asking:
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._remember)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number in self._before:
            self._restore(number)
        STOPPING.value = False

    def _remember(self, number: int, frame: FrameType | None) -> None:
        self.received = self.received or signal.Signals(number).name
        STOPPING.value = True
        now = monotonic()
        if now - self._first.setdefault(number, now) > RELAYED:
            self._restore(number)
            signal.raise_signal(number)

    def _restore(self, number: int) -> None:
        signal.signal(number, self._before[signal.Signals(number)])  # type: ignore[arg-type]


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
