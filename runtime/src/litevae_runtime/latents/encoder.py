"""Encodes the shards of one process: images in, moments out, and how long the encoder waited for the images."""

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch
from accelerate import PartialState
from torch import Tensor
from torch.utils.data import DataLoader

from ..common.errors import InputError
from ..common.signals import ignore_signals
from ..data.centred import CentredBatch, CentredSet, collate_centred, whole
from ..data.corrupt import CorruptImage
from ..data.images import Images
from ..data.pixels import Spread
from ..nn.image_autoencoder import ImageAutoencoder
from ..running.bar import bar_of
from .classes import Classes
from .parts import Part, Rows
from .settings import DTYPES, Settings

# Corrupt images that a remedy is chosen by.
_KEPT = 64

_TYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass
class Timing:
    """Of one process: images that it encoded, seconds in all, and those in which it waited for images."""

    images: int = 0
    seconds: float = 0.0
    waited: float = 0.0
    spread: Spread = field(default_factory=Spread)
    # Some of those that could not be used.
    corrupt: list[CorruptImage] = field(default_factory=list)


@dataclass
class Encoder:
    """What stays the same from shard to shard."""

    autoencoder: ImageAutoencoder
    settings: Settings
    images: Images
    classes: Classes
    tensors: Sequence[str]
    device: torch.device
    batch: int
    workers: int

    @property
    def threads(self) -> int | None:
        """Those of a processor, of which the last bits depend; None on other devices."""
        return torch.get_num_threads() if self.device.type == "cpu" else None

    def shards(self) -> int:
        return -(-len(self.images) // self.settings.shard_images)

    def encode(
        self,
        numbers: Sequence[int],
        folder: Path,
        key: str,
        require_held: Callable[[], None],
        ends: Callable[[], bool],
    ) -> tuple[list[Part], Timing]:
        """Makes the shards of these numbers, up to the one after which `ends` is true; each has the same bytes whoever makes it.

        InputError where the model gives numbers that are not finite, the memory does not suffice, or the images have gone.
        """
        timing, made = Timing(), []
        begin = perf_counter()
        # The loading processes end with it, and so does the progress bar's line, also before a message of what went wrong.
        with closing(self._batches(numbers, timing)) as batches:
            for number in numbers:
                if ends():
                    break
                rows = Rows(self.tensors, DTYPES[self.settings.dtype], self.threads)
                for _ in range(len(self._positions(number))):
                    self._add(rows, next(batches), timing)
                require_held()
                labels = self.classes.labels[list(rows.positions)].tolist()
                names = [self.images.name(position) for position in rows.positions]
                made.append(rows.write(folder, number, key, labels, names, self.autoencoder.latent_channels))
        timing.seconds = perf_counter() - begin
        return made, timing

    def _positions(self, number: int) -> list[list[int]]:
        """The batches of a shard: they depend on its number, and never cross into another."""
        first = number * self.settings.shard_images
        last = min(first + self.settings.shard_images, len(self.images))
        return [list(range(at, min(at + self.batch, last))) for at in range(first, last, self.batch)]

    def _batches(self, numbers: Sequence[int], timing: Timing) -> Generator[CentredBatch]:
        process = PartialState()
        size = self.settings.size
        dataset = CentredSet(self.images, np.arange(len(self.images)), size, size)
        positions = [batch for number in numbers for batch in self._positions(number)]
        loader: DataLoader[Any] = DataLoader(
            dataset,
            batch_sampler=positions,
            collate_fn=collate_centred,
            num_workers=self.workers if positions else 0,
            pin_memory=self.device.type == "cuda",
            worker_init_fn=ignore_signals if self.workers > 0 else None,
            prefetch_factor=4 if self.workers > 0 and positions else None,
            generator=torch.Generator(),
        )
        total = sum(map(len, positions)) * process.num_processes
        with bar_of(process, total, "image") as bar:
            begin = perf_counter()
            for batch in loader:
                timing.waited += perf_counter() - begin
                yield batch
                # The others go as far in the meantime.
                bar.update(len(batch["image"]) * process.num_processes)
                begin = perf_counter()

    def _add(self, rows: Rows, batch: CentredBatch, timing: Timing) -> None:
        corrupt = batch["corrupt"]
        if corrupt and not self.images.storage.is_there():
            raise InputError(
                f"the images of {self.images.place} can no longer be read",
                found=f"{corrupt[-1].name}: {corrupt[-1].reason}",
                remedy="check that the storage is still there, and run the same command again: it continues",
            )
        rows.note(batch["enlarged"], corrupt)
        timing.corrupt += corrupt[: _KEPT - len(timing.corrupt)]
        images, positions = whole(batch)
        timing.images += len(images)
        if len(images) == 0:
            return
        timing.spread.add(images.min().item(), images.max().item())
        try:
            x = images.to(self.device, non_blocking=True)
            flipped = self._moments(x.flip(-1)) if self.settings.flip else ()
            rows.add(positions.tolist(), self._moments(x), flipped)
        except torch.OutOfMemoryError as error:
            raise InputError(
                f"the memory of {self.device} does not suffice at {self.settings.size}×{self.settings.size}",
                found=f"--batch {self.batch}",
                remedy=f"give --batch {max(1, self.batch // 2)}",
            ) from error

    @torch.inference_mode()
    def _moments(self, x: Tensor) -> tuple[Tensor, ...]:
        precision = _TYPES.get(self.settings.precision)
        with torch.autocast(x.device.type, dtype=precision, enabled=precision is not None):
            return self.autoencoder.posterior(x).tensors()
