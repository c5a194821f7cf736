"""Loaders: the training stream from a position to the end of its phase, and held-back images."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from ..common.errors import InputError
from ..common.signals import ignore_signals
from ..data.corrupt import has_unread
from ..data.sets import Batch, PositionBatches, Split, TrainingStream, ValidationSet, collate
from ..recipe.fields import Recipe
from .schedule import At, Schedule


class Loading:
    """Images of a run as batches on this process's device."""

    def __init__(self, accelerator: Accelerator, recipe: Recipe, split: Split) -> None:
        self.accelerator = accelerator
        self.recipe = recipe
        self.split = split
        # Accelerate remembers every loader that it prepares.
        self._validation: dict[tuple[int, int], DataLoader[Any]] = {}

    def micro_batch(self, batch: int) -> int:
        """Images of one pass on one process, of `batch` in a step."""
        processes, passes = self.accelerator.num_processes, self.recipe.accumulation
        shares = processes * passes
        if batch % shares != 0:
            raise InputError(
                f"a batch of {batch} does not divide evenly",
                expected=f"a multiple of {processes} processes × {passes} accumulated passes = {shares}",
                found=str(batch),
                remedy=f"set phases.N.batch={max(1, round(batch / shares)) * shares}, or change accumulation",
            )
        return batch // shares

    def steps(self, at: At, schedule: Schedule) -> Iterator[list[Batch]]:
        """The passes of every step from `at` to the end of its phase, as `collate` gives them."""
        phase = at.phase
        stop = at.position + (schedule.end_of(at.phase_index) - at.step) * phase.batch
        stream = TrainingStream(
            self.split.images, self.split.training, self.recipe.data, phase.resolution, self.recipe.seed
        )
        batches = PositionBatches(at.position, stop, self.micro_batch(phase.batch))
        passes = iter(self.accelerator.prepare(self._loader(stream, batch_sampler=batches)))
        while group := list(islice(passes, self.recipe.accumulation)):
            for loaded in group:
                loaded["image"] = self.formatted(loaded["image"])
            yield group

    def held_out(self, resolution: int) -> ValidationSet:
        """What is validated and drawn."""
        return ValidationSet(*self.split.held_out, resolution)

    def validation(self, resolution: int, batch: int) -> DataLoader[Any]:
        """The validation images, each process its share, in batches that together are as large as a step's."""
        if (resolution, batch) not in self._validation:
            micro = max(1, batch // self.accelerator.num_processes)
            loader = self.accelerator.prepare(self._loader(self.held_out(resolution), batch_size=micro))
            self._validation[resolution, batch] = loader
        return self._validation[resolution, batch]

    def images(self, resolution: int, batch: int, count: int) -> Iterator[Tensor]:
        """The first `count` training images, centre crops, on this process alone. InputError where they have gone."""
        dataset = ValidationSet(self.split.images, self.split.training[:count], resolution)
        for loaded in self._loader(dataset, batch_size=self.micro_batch(batch)):
            if has_unread(loaded["corrupt"]):
                raise InputError(
                    f"the images of {self.split.images.place} can no longer be used",
                    found=f"{loaded['corrupt'][-1].name}: {loaded['corrupt'][-1].reason}",
                    remedy="check that the storage is still there, and run again with --resume auto",
                )
            yield self.formatted(loaded["image"])

    def formatted(self, image: Tensor) -> Tensor:
        """On the device, in the memory format of the weights."""
        image = image.to(self.accelerator.device)
        if self.recipe.train.channels_last:
            return image.contiguous(memory_format=torch.channels_last)
        return image

    def _loader(self, dataset: Dataset[Any], **batching: Any) -> DataLoader[Any]:
        workers = self.recipe.data.workers
        return DataLoader(
            dataset,
            collate_fn=collate,
            num_workers=workers,
            pin_memory=self.accelerator.device.type == "cuda",
            worker_init_fn=ignore_signals if workers > 0 else None,
            prefetch_factor=4 if workers > 0 else None,
            # Its own generator: the global one must not depend on how often a loader was made.
            generator=torch.Generator(),
            **batching,
        )
