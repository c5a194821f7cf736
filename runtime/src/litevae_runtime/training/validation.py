"""What is measured and drawn of held-back images while a run goes on: without the posterior's noise."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.utils.data import DataLoader

from ..common.run_folder import Best
from ..data.corrupt import CorruptImage, CorruptLog, has_unread
from ..data.sets import collate
from ..metrics.latents import LatentErrors, latent_errors
from ..metrics.psnr import psnr
from ..metrics.registry import VALIDATION
from ..nn.used import modes_kept
from ..recipe.fields import Phase, Recipe
from .checkpoint import Checkpoints
from .loading import Loading
from .monitor import Monitor
from .networks import Networks
from .samples import Reconstructs, sample_grid
from .saving import anywhere
from .schedule import At, Due


class Validation:
    """Draws and validates where that is due."""

    def __init__(
        self,
        accelerator: Accelerator,
        recipe: Recipe,
        loading: Loading,
        networks: Networks,
        perceptual: nn.Module | None,
        checkpoints: Checkpoints,
    ) -> None:
        self._accelerator = accelerator
        self._recipe = recipe
        self._loading = loading
        self._model = networks.evaluated
        self._teaching = networks.teaching
        self._perceptual = perceptual
        self._checkpoints = checkpoints
        # Whether the last validation gave finite numbers.
        self.finite = True

    def __call__(self, monitor: Monitor, log: CorruptLog, at: At, due: Due) -> Best | None:
        """What follows step `at`; the result is there when it is the best so far."""
        if due.samples and self._accelerator.is_main_process:
            self._draw(monitor, log, at)
        if not due.validation:
            return None
        phase, done = at.phase, at.step + 1
        loader = self._loading.validation(phase.resolution, phase.batch)
        corrupt: list[CorruptImage] = []
        with evaluating(self._accelerator, self._model):
            measured = validate(
                self._accelerator,
                self._reconstructs(phase),
                self._perceptual,
                loader,
                corrupt,
                self._teaching.latents(phase),
            )
        if not self._seen(monitor, log, corrupt, f"the validation of step {done}"):
            return None
        monitor.log(done, phase.name, {f"validation_{name}": value for name, value in measured.items()})
        self.finite = all(map(math.isfinite, measured.values()))
        if not self.finite:
            monitor.say(f"warning: step {done}: the validation gives numbers that are not finite")
        metric = self._recipe.checkpoints.best_by
        found = Best(step=done, phase=at.phase_index, metric=metric, value=measured[metric])
        return found if found.beats(self._checkpoints.best(), VALIDATION[metric].improves) else None

    def _draw(self, monitor: Monitor, log: CorruptLog, at: At) -> None:
        """The grid of the first images, on this process alone."""
        held_out = self._loading.held_out(at.phase.resolution)
        items = collate([held_out[i] for i in range(min(self._recipe.log.samples, len(held_out)))])
        done = at.step + 1
        if has_unread(items["corrupt"]):
            monitor.say(_left_out(f"the image grid of step {done}", items["corrupt"]))
            return
        log.note(items["corrupt"])
        with evaluating(self._accelerator, self._model):
            images = items["image"].to(self._accelerator.device)
            monitor.grid(done, sample_grid(self._reconstructs(at.phase), images))

    def _reconstructs(self, phase: Phase) -> Reconstructs:
        return lambda images: self._teaching.reconstructed(self._model, images, phase)

    def _seen(self, monitor: Monitor, log: CorruptLog, corrupt: list[CorruptImage], what: str) -> bool:
        """Whether there were images at all, in every process; the few that could not be used are logged."""
        unread = has_unread(corrupt)
        if anywhere(self._accelerator, unread) == [False]:
            log.note(corrupt)
            return True
        monitor.say(_left_out(what, corrupt if unread else []))
        return False


def _left_out(what: str, corrupt: list[CorruptImage]) -> str:
    reason = f"{corrupt[-1].name}: {corrupt[-1].reason}" if corrupt else "those of another process"
    return f"warning: {what} is left out, since its images cannot be used ({reason})"


@contextmanager
def evaluating(accelerator: Accelerator, model: nn.Module) -> Iterator[None]:
    """Eval mode, no gradients, the run's precision."""
    with modes_kept(model), torch.no_grad(), accelerator.autocast():
        model.eval()
        yield


def validate(
    accelerator: Accelerator,
    reconstructs: Reconstructs,
    perceptual: nn.Module | None,
    loader: DataLoader[Any],
    corrupt: list[CorruptImage],
    taught: Callable[[Tensor], Tensor] | None = None,
) -> dict[str, float]:
    """Means over the images of `loader`, of which each process has its share; adds those that it could not use to `corrupt`.

    `taught` gives the latents that a teacher would have in the place of the model's.
    """
    errors = LatentErrors()
    gathered: dict[str, list[Tensor]] = {}
    for loaded in loader:
        corrupt += loaded["corrupt"]
        x = loaded["image"].to(accelerator.device)
        x_hat, latent = reconstructs(x)
        found = {"psnr": psnr(x_hat, x), "l1": (x_hat - x).abs().mean(dim=(1, 2, 3))}
        if perceptual is not None:
            with torch.autocast(x.device.type, enabled=False):
                found["perceptual"] = perceptual(x_hat, x)
        for name, values in found.items():
            gathered.setdefault(name, []).append(accelerator.gather_for_metrics(values))
        if taught is not None:
            errors.add(accelerator.gather_for_metrics(latent_errors(latent, taught(x))))
    means = {name: torch.cat(values).mean().item() for name, values in gathered.items()}
    relative = errors.relative() if errors.images > 0 else None
    return means if relative is None else means | {"latent_error": relative}
