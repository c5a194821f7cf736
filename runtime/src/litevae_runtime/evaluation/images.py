"""The images of an evaluation: which, by which protocol, and each process's share of them."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Sampler

from ..common.errors import InputError
from ..common.files import text_hash
from ..common.signals import ignore_signals
from ..common.text import counted
from ..data.centred import CentredSet, collate_centred
from ..data.corrupt import CHECK, CorruptImage, remedy_of
from ..data.images import open_images
from ..data.pixels import PixelRule
from ..data.sets import drawn

# Which images `--limit` draws.
_SEED = 0


class _Share(Sampler[int]):
    """Every P-th position: each image on one process, none twice."""

    def __init__(self, count: int, process: int, processes: int) -> None:
        self._positions = range(process, count, processes)

    def __len__(self) -> int:
        return len(self._positions)

    def __iter__(self) -> Iterator[int]:
        return iter(self._positions)


class Data:
    """The chosen images of a set, at any side."""

    def __init__(self, path: str, channels: int, rule: PixelRule, limit: int | None, largest: int) -> None:
        self.path = path
        self.images = open_images(path, channels, rule=rule)
        self.rule = rule
        self.limited = limit is not None and limit < len(self.images)
        everything = np.arange(len(self.images))
        self.indices = everything if limit is None else drawn(self.images, limit, _SEED)
        self.largest = largest

    def __len__(self) -> int:
        return len(self.indices)

    def batches(self, side: int, batch: int, workers: int, process: int, processes: int) -> "DataLoader[Any]":
        """Batches of this process's share."""
        dataset = CentredSet(self.images, self.indices, side, self.largest)
        return DataLoader(
            dataset,
            batch_size=batch,
            sampler=_Share(len(dataset), process, processes),
            collate_fn=collate_centred,
            num_workers=workers,
            worker_init_fn=ignore_signals if workers > 0 else None,
            generator=torch.Generator(),
        )

    def protocol(self) -> dict[str, Any]:
        """What makes another evaluation one of the same images."""
        files = sorted(
            f"{self.images.name(index)}\t{self.images.size(index)}" for index in map(int, self.indices)
        )
        chosen = f"{len(self):,} of {len(self.images):,}, drawn by name" if self.limited else "all"
        return {
            "path": os.fspath(self.path),
            "chosen": chosen,
            "files_sha256": text_hash(files),
            "pixels": asdict(self.rule),
        }

    def __str__(self) -> str:
        return f"{counted(len(self), 'image')} of {self.images}" if self.limited else str(self.images)


def spread(count: int, among: int) -> frozenset[int]:
    """At most `count` positions of so many, evenly over them: names are often sorted by class."""
    return frozenset(i * among // count for i in range(count)) if among > count else frozenset(range(among))


def require_some(used: int, corrupt: Sequence[CorruptImage], data: Data) -> None:
    """InputError where no image at all could be used."""
    if used > 0:
        return
    raise InputError(
        f"none of the {counted(len(data), 'image')} of {data.path} can be used",
        found="; ".join(f"{each.name}: {each.reason}" for each in corrupt[:3]),
        remedy=remedy_of(corrupt, CHECK, options=True),
    )
