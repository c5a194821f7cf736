"""What is measured and drawn of held-back images while a run goes on: without the posterior's noise."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.utils.data import DataLoader

from ..data.sets import ValidationSet
from ..metrics.psnr import psnr
from ..nn.image_autoencoder import ImageAutoencoder
from ..nn.used import modes_kept
from .samples import sample_grid


@contextmanager
def evaluating(accelerator: Accelerator, model: nn.Module) -> Iterator[None]:
    """Eval mode, no gradients, the run's precision."""
    with modes_kept(model), torch.no_grad(), accelerator.autocast():
        model.eval()
        yield


def validate(
    accelerator: Accelerator, model: ImageAutoencoder, perceptual: nn.Module | None, loader: DataLoader[Any]
) -> dict[str, float]:
    """Means over the images of `loader`, of which each process has its share."""
    gathered: dict[str, list[Tensor]] = {}
    with evaluating(accelerator, model):
        for loaded in loader:
            x = loaded["image"].to(accelerator.device)
            posterior, skips = model.encoding(x)
            x_hat = model.decoded(posterior.mode(), skips).float()
            found = {"psnr": psnr(x_hat, x), "l1": (x_hat - x).abs().mean(dim=(1, 2, 3))}
            if perceptual is not None:
                with torch.autocast(x.device.type, enabled=False):
                    found["perceptual"] = perceptual(x_hat, x)
            for name, values in found.items():
                gathered.setdefault(name, []).append(accelerator.gather_for_metrics(values))
    return {name: torch.cat(values).mean().item() for name, values in gathered.items()}


def draw(
    accelerator: Accelerator, model: ImageAutoencoder, held_out: ValidationSet, count: int
) -> np.ndarray:
    """The grid of the first `count` images."""
    shown = range(min(count, len(held_out)))
    images = torch.stack([held_out[i]["image"] for i in shown]).to(accelerator.device)
    with evaluating(accelerator, model):
        return sample_grid(model, images)
