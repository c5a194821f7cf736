"""Means and covariances of latents, by channel, in float64: summed a shard at a time and joined in the shards' order."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor

from ..nn.statistics import LatentStatistics

# Images that are computed with at once.
_ROWS = 64


@dataclass(frozen=True)
class Sums:
    """Of `count` values of each of C channels: their `mean` [C], their `scatter` [C, C], the sum of products of what they differ
    by from it, and `variance` [C], the sum of their posteriors' variances.
    """

    count: int
    mean: Tensor
    scatter: Tensor
    variance: Tensor

    @classmethod
    def nothing(cls, channels: int) -> Self:
        zeros = torch.zeros(channels, dtype=torch.float64)
        return cls(0, zeros, torch.zeros(channels, channels, dtype=torch.float64), zeros)

    @classmethod
    def of(cls, moments: Sequence[Tensor]) -> Self:
        """Of moments [N, C, h, w]: means and log-variances, or latents alone."""
        threads = torch.get_num_threads()
        # Sums of several threads depend on how many there are, in their last bits.
        torch.set_num_threads(1)
        try:
            found = cls.nothing(moments[0].shape[1])
            for rows in zip(*(each.split(_ROWS) for each in moments), strict=True):
                found = found.joined(cls._of_rows(*rows))
            return found
        finally:
            torch.set_num_threads(threads)

    @classmethod
    def _of_rows(cls, mean: Tensor, logvar: Tensor | None = None) -> Self:
        values = _by_channel(mean)
        centre = values.mean(dim=1)
        centred = values - centre[:, None]
        variance = torch.zeros_like(centre) if logvar is None else _by_channel(logvar).exp().sum(dim=1)
        return cls(values.shape[1], centre, centred @ centred.T, variance)

    def joined(self, other: Self) -> Self:
        """Of the values of both (Chan, Golub and LeVeque, "Algorithms for computing the sample variance", 1983)."""
        count = self.count + other.count
        if count == 0:
            return self
        apart = other.mean - self.mean
        return type(self)(
            count,
            self.mean + apart * (other.count / count),
            self.scatter + other.scatter + torch.outer(apart, apart) * (self.count * other.count / count),
            self.variance + other.variance,
        )

    @classmethod
    def all_of(cls, parts: Iterable[Self], channels: int) -> Self:
        """Joined in this order, which decides the last bits."""
        found = cls.nothing(channels)
        for part in parts:
            found = found.joined(part)
        return found

    def entry(self) -> dict[str, Any]:
        """As JSON has it, which keeps every bit."""
        return {
            "count": self.count,
            "mean": self.mean.tolist(),
            "scatter": self.scatter.tolist(),
            "variance": self.variance.tolist(),
        }

    @classmethod
    def from_entry(cls, entry: Mapping[str, Any]) -> Self:
        tensors = (torch.tensor(entry[name], dtype=torch.float64) for name in ("mean", "scatter", "variance"))
        return cls(entry["count"], *tensors)

    def covariance(self) -> Tensor:
        """Of draws, [C, C]: that of the means, and on the diagonal the mean variance of the posteriors besides.

        That is what draws have on the average over all noise (the law of total variance), computed without drawing.
        """
        return (self.scatter + self.variance.diag()) / self.count

    def statistics(self, images: int) -> LatentStatistics:
        """The numbers that normalise draws, of each channel and one for all, as training measures them."""
        variance = self.covariance().diagonal()
        shift = self.mean.mean()
        spread = (variance + self.mean.square()).mean() - shift.square()
        return LatentStatistics(
            scaling_factor=1 / spread.clamp_min(1e-24).sqrt().item(),
            shift_factor=shift.item(),
            latents_mean=tuple(self.mean.tolist()),
            latents_std=tuple(variance.clamp_min(0).sqrt().tolist()),
            latent_images=images,
        )


def _by_channel(x: Tensor) -> Tensor:
    """[N, C, h, w] as [C, N·h·w] in float64."""
    return x.double().transpose(0, 1).flatten(1)
