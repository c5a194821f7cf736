"""Reconstructs images at one side after the other and measures them, each process its share."""

from collections import Counter
from collections.abc import Container, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field

import numpy as np
import torch
from accelerate import PartialState
from accelerate.utils import gather_object
from torch import Tensor

from ..common.errors import InputError
from ..data.centred import whole
from ..data.corrupt import CorruptImage
from ..data.pixels import Spread
from ..metrics.imbalance import SHOWN, FeatureMaps, imbalance, imbalance_grid, position_strengths
from ..metrics.latents import LatentErrors, latent_errors
from ..metrics.mmd import MOST_IMAGES
from ..nn.teacher import Teacher
from ..running.bar import bar_of
from .beside_teacher import crossed
from .images import Data, require_some, spread
from .instruments import Instruments
from .subject import Subject


@dataclass
class Side:
    """What was measured at one side: values by metric and position, in the order of the positions."""

    side: int
    images: int
    values: dict[str, dict[int, float]]
    corrupt: list[CorruptImage]
    # How many images have each format, and how many had fewer pixels than the side.
    formats: Counter[str]
    enlarged: int
    # What the images use of [-1, 1].
    spread: Spread
    rfid: float | None = None
    # Posterior means [n, nz, h, w], where they were asked for.
    latents: Tensor | None = None
    # RGB bytes, where feature maps were asked for.
    grid: np.ndarray | None = None
    # From the teacher's latents, where there is one.
    errors: LatentErrors = field(default_factory=LatentErrors)


@dataclass
class _Share:
    """One process's part of a Side."""

    images: int = 0
    formats: Counter[str] = field(default_factory=Counter)
    enlarged: int = 0
    values: dict[str, dict[int, float]] = field(default_factory=dict)
    corrupt: list[CorruptImage] = field(default_factory=list)
    latents: dict[int, Tensor] = field(default_factory=dict)
    shown: dict[int, tuple[Tensor, Tensor, Tensor]] = field(default_factory=dict)
    spread: Spread = field(default_factory=Spread)
    errors: LatentErrors = field(default_factory=LatentErrors)

    def add(self, metric: str, positions: Tensor, values: Tensor) -> None:
        found = zip(positions.tolist(), values.double().tolist(), strict=True)
        self.values.setdefault(metric, {}).update(found)


@dataclass
class Evaluation:
    """Everything that stays the same from side to side."""

    subject: Subject
    data: Data
    instruments: Instruments
    device: torch.device
    batch: int
    workers: int
    teacher: Teacher | None = None

    @torch.no_grad()
    def at(self, side: int, *, latents: bool, block: str | None) -> Side:
        """Measures at a side; with latents, or with the feature maps of a block, where those are asked for.

        What it returns is whole on the main process alone. InputError where the model gives numbers that are not
        finite, the memory does not suffice, or no image can be used.
        """
        try:
            share = self._share(side, latents, block)
        except torch.OutOfMemoryError as error:
            raise InputError(
                f"the memory of {self.device} does not suffice at {side}×{side}",
                found=f"--batch {self.batch}",
                remedy=f"give --batch {max(1, self.batch // 2)}, or leave the larger --sizes out",
            ) from error
        frechet = self.instruments.frechet
        rfid = None if frechet is None else frechet.result()
        joined = _joined(gather_object([share]))
        require_some(joined.images, joined.corrupt, self.data)
        kept = [joined.latents[position] for position in sorted(joined.latents)]
        return Side(
            side=side,
            images=joined.images,
            values={name: dict(sorted(found.items())) for name, found in joined.values.items()},
            corrupt=sorted(joined.corrupt),
            formats=joined.formats,
            enlarged=joined.enlarged,
            spread=joined.spread,
            rfid=rfid,
            latents=torch.stack(kept) if kept else None,
            grid=_grid(joined) if joined.shown else None,
            errors=joined.errors,
        )

    def _share(self, side: int, latents: bool, block: str | None) -> _Share:
        share = _Share()
        kept = spread(MOST_IMAGES, len(self.data))
        shown = spread(SHOWN, len(self.data))
        maps = FeatureMaps()
        model = self.subject.model
        watched = None if model is None or block is None else model.get_submodule(block)
        with nullcontext() if watched is None else maps.of(watched):
            for x, positions in self._batches(side, share):
                z, skips = self.subject.encode(x)
                x_hat = self._finite(self.subject.decode(z, skips), side)
                self._measure(share, side, x, x_hat, positions)
                if self.teacher is not None:
                    taught = self.teacher.encode(x).mode()
                    share.errors.add(latent_errors(z, taught))
                    pairs = crossed(self.subject, self.teacher, x, (z, taught), skips, x_hat)
                    for name, values in pairs.items():
                        share.add(name, positions, values)
                if maps.latest is not None:
                    _measure_maps(share, maps.latest, x, x_hat, positions, shown)
                if latents:
                    rows = zip(positions.tolist(), z.cpu(), strict=True)
                    share.latents.update((position, row) for position, row in rows if position in kept)
        return share

    def _batches(self, side: int, share: _Share) -> Iterator[tuple[Tensor, Tensor]]:
        """Images on the device with their positions; progress is on stderr."""
        process = PartialState()
        loader = self.data.batches(
            side, self.batch, self.workers, process.process_index, process.num_processes
        )
        with bar_of(process, len(self.data), "image", heading=f"{side}×{side}") as bar:
            for batch in loader:
                share.corrupt += batch["corrupt"]
                share.formats += batch["formats"]
                share.enlarged += batch["enlarged"]
                images, positions = whole(batch)
                if len(images) > 0:
                    share.images += len(images)
                    share.spread.add(images.min().item(), images.max().item())
                    yield images.to(self.device), positions
                # The others go as far in the meantime.
                bar.update(min(len(batch["image"]) * process.num_processes, len(self.data) - bar.n))

    def _measure(self, share: _Share, side: int, x: Tensor, x_hat: Tensor, positions: Tensor) -> None:
        for metric in self.instruments.each:
            if side >= metric.smallest_side:
                share.add(metric.name, positions, metric.measure(x_hat, x))
        if self.instruments.frechet is not None:
            self.instruments.frechet.update(x_hat, x)

    def _finite(self, x_hat: Tensor, side: int) -> Tensor:
        """The reconstructions, clamped as images are."""
        if not torch.isfinite(x_hat).all():
            raise InputError(
                f"the model gives images of {side}×{side} with numbers that are not finite",
                expected="finite numbers",
                found="NaN or infinity",
                remedy="check the weights; give --precision fp32, or compile the graphs with --calibrate or in fp32",
            )
        return x_hat.clamp(-1, 1)


def _measure_maps(
    share: _Share, maps: Tensor, x: Tensor, x_hat: Tensor, positions: Tensor, shown: Container[int]
) -> None:
    for name, values in zip(("imbalance", "imbalance_channels"), imbalance(maps), strict=True):
        share.add(name, positions, values)
    strengths = position_strengths(maps)
    for i, position in enumerate(positions.tolist()):
        if position in shown:
            share.shown[position] = (x[i].cpu(), x_hat[i].cpu(), strengths[i].cpu())


def _joined(shares: list[_Share]) -> _Share:
    joined = _Share()
    for share in shares:
        joined.images += share.images
        joined.formats += share.formats
        joined.enlarged += share.enlarged
        for name, values in share.values.items():
            joined.values.setdefault(name, {}).update(values)
        joined.corrupt += share.corrupt
        joined.latents |= share.latents
        joined.shown |= share.shown
        joined.spread.add(share.spread.least, share.spread.most)
        joined.errors.join(share.errors)
    return joined


def _grid(joined: _Share) -> np.ndarray:
    x, x_hat, strengths = (
        torch.stack(list(column))
        for column in zip(*(joined.shown[i] for i in sorted(joined.shown)), strict=True)
    )
    return imbalance_grid(x, x_hat, strengths)
