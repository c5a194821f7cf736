"""Signals that ask a run to stop: it finishes its step, writes a checkpoint and leaves."""

import signal
from types import FrameType, TracebackType
from typing import Self

_ASKING = (signal.SIGTERM, signal.SIGINT)


class StopSignals:
    """Remembers the first SIGTERM or SIGINT; a second one ends the process at once, as without this."""

    def __init__(self) -> None:
        self.received: str | None = None
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> Self:
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


def ignore_interrupts(worker: int) -> None:
    """For loading processes: Ctrl-C reaches them too, and the run still needs them for the step it finishes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
