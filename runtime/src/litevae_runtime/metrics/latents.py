"""How near a model's latents come to those of the teacher that it learned from."""

import math
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor


def latent_errors(z: Tensor, taught: Tensor) -> Tensor:
    """Of latents [N, nz, h, w] and the teacher's of the same images [N, 3, nz], float32: the mean squared difference of every
    channel, and the variance and the mean of the teacher's."""
    own, wanted = z.float(), taught.float()
    over = (2, 3)
    rows = [(own - wanted).square().mean(over), wanted.var(over, correction=0), wanted.mean(over)]
    return torch.stack(rows, dim=1)


@dataclass
class LatentErrors:
    """Sums over images of one side."""

    images: int = 0
    # [4, nz], float64: what `latent_errors` gives, and the squares of its means.
    sums: Tensor = field(default_factory=lambda: torch.zeros(4, 0, dtype=torch.float64))

    def add(self, errors: Tensor) -> None:
        """What `latent_errors` gave."""
        wide = errors.cpu().double()
        squares = wide[:, 2:].square()
        self.join(LatentErrors(len(errors), torch.cat([wide, squares], dim=1).sum(0)))

    def join(self, other: "LatentErrors") -> None:
        if other.images == 0:
            return
        self.sums = other.sums if self.images == 0 else self.sums + other.sums
        self.images += other.images

    def relative(self) -> float | None:
        """The root mean square error over the teacher's standard deviation, of all channels; None where that is 0."""
        error, variance = self._means()
        return _relative(error.sum().item(), variance.sum().item())

    def entry(self) -> dict[str, Any]:
        """The same of all channels and of each, with the standard deviations."""
        error, variance = self._means()
        return {
            "relative": self.relative(),
            "channels": [_relative(*pair) for pair in zip(error.tolist(), variance.tolist(), strict=True)],
            "teacher_std": variance.sqrt().tolist(),
        }

    def _means(self) -> tuple[Tensor, Tensor]:
        """The squared error, and the teacher's variance over all images and positions."""
        error, within, mean, square = self.sums / self.images
        return error, within + (square - mean.square()).clamp_min(0)


def _relative(square: float, variance: float) -> float | None:
    return math.sqrt(square / variance) if variance > 0 else None
