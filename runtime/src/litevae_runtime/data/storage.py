"""Storage that is away for a while: waited for, where one image that has gone is not."""

import sys
from collections.abc import Callable
from multiprocessing.context import get_spawning_popen
from time import monotonic
from time import sleep as pause
from typing import Any

from ..common.signals import STOPPING

# Seconds between looks at storage that is away, three and a half minutes in all.
WAITS = (1, 2, 4, 8, 15, 30, 60, 90)

# So many images, evenly spread, are looked for to tell missing storage from missing files.
_LOOKS = 8


def sleep(seconds: float, ends: Callable[[], bool]) -> None:
    """Returns within a fifth of a second once `ends` is true."""
    until = monotonic() + seconds
    while not ends() and (left := until - monotonic()) > 0:
        pause(min(left, 0.2))


class Storage:
    """The storage of a set of images, by what reads one of `count`. It is waited for once: not again after it stayed away."""

    def __init__(self, place: str, count: int, read: Callable[[int], bytes]) -> None:
        self._place = place
        self._looks = [number * count // min(_LOOKS, count) for number in range(min(_LOOKS, count))]
        self._read = read
        self._given_up = False
        # Loading processes that are not forked get it with the images.
        self._stopping = STOPPING

    def __getstate__(self) -> dict[str, Any]:
        """Shared memory goes to processes that are being started alone; elsewhere the flag is that of the process."""
        sharing = get_spawning_popen() is not None
        return {name: value for name, value in self.__dict__.items() if sharing or name != "_stopping"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__ |= {"_stopping": STOPPING} | state

    def came_back(self) -> bool:
        """After an image could not be read: whether that was all of the storage, and it is there again.

        Not waited for once the run was asked to stop.
        """
        if self._given_up or self._stopping.value or self.is_there():
            return False
        for seconds in WAITS:
            print(
                f"warning: no image of {self._place} can be read: trying again in {seconds} s",
                file=sys.stderr,
                flush=True,
            )
            sleep(seconds, lambda: bool(self._stopping.value))
            if self._stopping.value:
                return False
            if self.is_there():
                return True
        self._given_up = True
        return False

    def is_there(self) -> bool:
        """Whether any of a few images, evenly spread, can be read."""
        return any(map(self._readable, self._looks))

    def _readable(self, index: int) -> bool:
        try:
            self._read(index)
        except OSError:
            return False
        return True
