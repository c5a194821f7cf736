"""What processes decide together, so that none is left waiting for another."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from accelerate.utils import broadcast_object_list, gather_object

from ..common.errors import InputError
from .processes import Processes

T = TypeVar("T")


@contextmanager
def together(processes: Processes) -> Iterator[None]:
    """An InputError that one process raises inside is raised in all of them at the end, its own where it has one."""
    own: InputError | None = None
    try:
        yield
    except InputError as error:
        own = error
    raised = [error for error in gather_object([own]) if error is not None]
    if raised:
        raise own or raised[0]


def decided(processes: Processes, decide: Callable[[], T]) -> T:
    """What the main process finds, for all; an InputError of it is raised in all."""
    found: list[T | None] = [None]
    with together(processes):
        if processes.is_main_process:
            found = [decide()]
    [answer] = broadcast_object_list(found)
    return answer
