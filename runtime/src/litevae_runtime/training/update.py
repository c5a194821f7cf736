"""The step of an optimizer, on all processes alike."""

from dataclasses import dataclass
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Updated:
    """Whether it was done, by which norm of the gradient, and whether a GradScaler was only looking for its scale."""

    done: bool
    norm: Tensor
    scaling: bool = False


def update(
    accelerator: Accelerator, optimizer: Any, module: nn.Module, loss: Tensor | float, clip: float
) -> Updated:
    """Clips and steps, or leaves everything as it is where a process has a loss or gradient that is not finite."""
    # Of this optimizer alone: the scaler forgets the others' scale when it is updated.
    accelerator.unscale_gradients(optimizer)
    parameters = [p for p in module.parameters() if p.grad is not None]
    norm = nn.utils.clip_grad_norm_(parameters, clip if clip > 0 else float("inf"))
    finite = torch.as_tensor(loss, device=accelerator.device).isfinite()
    # Whether the loss is finite, and with it the gradient, on every process: all must decide alike.
    flags = torch.stack([finite, finite & norm.isfinite()]).float()
    if accelerator.num_processes > 1:
        flags = accelerator.reduce(flags, reduction="sum") / accelerator.num_processes
    sound, done = (flag >= 1 for flag in flags.tolist())
    scaler = accelerator.scaler
    if done:
        optimizer.step()
    elif scaler is not None:
        # Which chooses its next scale by what it met.
        scaler.update()
    optimizer.zero_grad()
    scaling = not done and scaler is not None and sound and scaler.get_scale() >= 1
    return Updated(done, norm.detach(), scaling)


def set_learning_rate(optimizer: Any, rate: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = rate
