"""Writing the checkpoints of a run while it goes on, in all its processes."""

from collections.abc import Callable

import torch
from accelerate import Accelerator
from safetensors import SafetensorError

from ..common.run_folder import Best
from ..common.text import first_line
from ..running.together import together
from .checkpoint import Checkpoints
from .monitor import Monitor
from .networks import Networks, Optimizers
from .snapshot import State, write_random_state, write_snapshot, write_state


class Saving:
    """Where a checkpoint cannot be written the run goes on, and the one before stays usable."""

    def __init__(
        self, accelerator: Accelerator, checkpoints: Checkpoints, networks: Networks, optimizers: Optimizers
    ) -> None:
        self._accelerator = accelerator
        self._checkpoints = checkpoints
        self._networks = networks
        self._optimizers = optimizers
        # Raises InputError in the main process where the folder is another command's by now.
        self.require_held: Callable[[], None] = lambda: None

    def save(self, monitor: Monitor, state: State, best: Best | None = None) -> bool:
        """Whether the checkpoint is there, on the disk and whole."""
        step, accelerator = state.step, self._accelerator
        partial = self._checkpoints.partial_path_of(step)
        with together(accelerator):
            if accelerator.is_main_process:
                self.require_held()

        def write() -> None:
            self._checkpoints.begin(step)
            write_snapshot(partial, accelerator, self._networks, self._optimizers)

        def finish() -> None:
            write_state(partial, state)
            self._checkpoints.finish(step)

        def alone(work: Callable[[], None]) -> Callable[[], None] | None:
            return work if accelerator.is_main_process else None

        # The others wait for the folder; each answer is exchanged, so that no process is left waiting.
        written = all(
            self._tried(work, monitor, step)
            for work in (
                alone(write),
                lambda: write_random_state(partial, accelerator.process_index),
                alone(finish),
            )
        )
        if accelerator.is_main_process:
            if not written:
                self._checkpoints.discard(step)
            elif best is not None:
                self._remember(best, monitor)
        accelerator.wait_for_everyone()
        return written

    def _remember(self, best: Best, monitor: Monitor) -> None:
        """The checkpoint is there, whether or not it is known to be the best."""
        try:
            self._checkpoints.remember(best)
        except OSError as error:
            monitor.say(
                f"warning: that step {best.step} is the best so far could not be written ({first_line(error)})"
            )

    def _tried(self, work: Callable[[], None] | None, monitor: Monitor, step: int) -> bool:
        """Whether every process could do its work."""
        failed = ""
        try:
            if work is not None:
                work()
        except (OSError, RuntimeError, SafetensorError) as error:
            failed = first_line(error)
        if anywhere(self._accelerator, failed != "") == [False]:
            return True
        monitor.say(
            f"warning: the checkpoint of step {step} could not be written ({failed or 'on another process'}); "
            "the one before stays as it is: make room on the disk"
        )
        return False


def anywhere(accelerator: Accelerator, *flags: bool) -> list[bool]:
    """Whether each flag is set on any process: what follows is the same on all."""
    if accelerator.num_processes == 1:
        return list(flags)
    raised = torch.tensor(flags, dtype=torch.float32, device=accelerator.device)
    return [count > 0 for count in accelerator.reduce(raised, reduction="sum").tolist()]
