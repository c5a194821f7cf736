"""How fast a run trains."""

import time
from collections.abc import Generator
from contextlib import contextmanager


class Pace:
    """Images per second of training since it was last taken."""

    def __init__(self) -> None:
        self._since, self._images = time.perf_counter(), 0

    def add(self, images: int) -> None:
        self._images += images

    @contextmanager
    def apart(self) -> Generator[None]:
        """What is done meanwhile is no training."""
        begin = time.perf_counter()
        yield
        self._since += time.perf_counter() - begin

    def take(self) -> float:
        now = time.perf_counter()
        pace = self._images / max(1e-9, now - self._since)
        self._since, self._images = now, 0
        return pace
