"""Where losses and images are sent besides RUN: what log.trackers may name, each with one run over all starts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

import numpy as np

from ..common.errors import InputError
from ..common.files import write_text
from ..common.text import first_line


@dataclass(frozen=True, slots=True)
class Start:
    """What a tracker is told of a start: the run's folder, the recipe with its name, and how many steps are done."""

    run: Path
    name: str
    config: Mapping[str, Any]
    step: int


class Tracker(Protocol):
    """One of them, open. Images are RGB bytes [H, W, 3]."""

    def log(self, values: Mapping[str, float], step: int) -> None: ...
    def image(self, image: np.ndarray, step: int) -> None: ...
    def close(self) -> None: ...


class _TensorBoard:
    """Event files in RUN/litevae."""

    def __init__(self, start: Start) -> None:
        from torch.utils.tensorboard import SummaryWriter

        # A resumed run hides what was told of steps that are now done again.
        purge = start.step + 1 if start.step > 0 else None
        self._writer = SummaryWriter(start.run / "litevae", purge_step=purge)
        self._writer.add_hparams(dict(start.config), metric_dict={})

    def log(self, values: Mapping[str, float], step: int) -> None:
        for name, value in values.items():
            self._writer.add_scalar(name, value, global_step=step)
        self._writer.flush()

    def image(self, image: np.ndarray, step: int) -> None:
        self._writer.add_image("samples", image, step, dataformats="HWC")

    def close(self) -> None:
        self._writer.close()


class _WeightsAndBiases:
    """A run in the project of the recipe's name, files in RUN/wandb; a resumed run finds it again by RUN/wandb.id."""

    def __init__(self, start: Start) -> None:
        wandb = import_module("wandb")

        known = start.run / "wandb.id"
        identity = known.read_text(encoding="utf-8", errors="replace").strip() if known.is_file() else ""
        if not identity:
            identity = uuid4().hex[:16]
            write_text(known, f"{identity}\n")
        self._run = wandb.init(
            project=start.name,
            name=start.run.resolve().name,
            id=identity,
            resume="allow",
            dir=str(start.run),
            config=dict(start.config),
            allow_val_change=True,
        )
        self._image = wandb.Image
        # Its own counter only grows; a run that goes back to a checkpoint counts some steps again.
        self._run.define_metric("step")
        self._run.define_metric("*", step_metric="step")

    def log(self, values: Mapping[str, float], step: int) -> None:
        self._run.log({**values, "step": step})

    def image(self, image: np.ndarray, step: int) -> None:
        self._run.log({"samples": self._image(image), "step": step})

    def close(self) -> None:
        self._run.finish()


_TRACKERS: Mapping[str, Callable[[Start], Tracker]] = {
    "tensorboard": _TensorBoard,
    "wandb": _WeightsAndBiases,
}

# What helps where one of them does not start.
_REMEDIES = {
    "tensorboard": "make RUN/litevae a folder of yours",
    "wandb": "wandb login, WANDB_MODE=offline in the environment",
}


def open_tracker(name: str, start: Start) -> Tracker:
    """The tracker of that name in log.trackers; InputError where it cannot be started, whatever keeps it from that."""
    try:
        return _TRACKERS[name](start)
    except Exception as error:
        raise InputError(
            f"{name} of log.trackers cannot be started",
            found=first_line(error),
            remedy=f"{_REMEDIES[name]}, or --set log.trackers=[]",
        ) from error
