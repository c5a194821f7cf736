"""What work of several processes asks of Accelerate, whether it trains or not."""

from typing import Protocol


class Processes(Protocol):
    """An Accelerator, or a PartialState where nothing is trained."""

    @property
    def is_main_process(self) -> bool: ...
    @property
    def process_index(self) -> int: ...
    @property
    def num_processes(self) -> int: ...
