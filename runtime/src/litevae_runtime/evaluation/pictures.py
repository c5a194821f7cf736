"""The pictures of an evaluation: which, by which protocol, and each process's share of them."""

import os
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Sampler

from ..common.errors import BrokenPictureError, InputError
from ..common.files import text_hash
from ..common.signals import ignore_signals
from ..common.text import counted
from ..data.broken import Broken, require_size
from ..data.pictures import Pictures, open_pictures
from ..data.sets import Batch, Indices, Item, ValidationSet, collate, drawn

# Which pictures `--limit` draws.
_SEED = 0


class EvaluationSet(ValidationSet):
    """ValidationSet, without others in place of broken pictures: those are NaN, and `broken` has them.

    `largest` is the largest side of the evaluation: a picture too small for that is left out at every side.
    """

    def __init__(self, pictures: Pictures, indices: Indices, side: int, largest: int) -> None:
        super().__init__(pictures, indices, side)
        self._largest = largest

    def __getitem__(self, position: int) -> Item:
        index = int(self._indices[position])
        try:
            picture = self._pictures.open(index)
            require_size(picture, self._largest)
            return {"image": self._image(picture, position), "position": position, "broken": []}
        except BrokenPictureError as error:
            nothing = torch.full((self._pictures.channels, self._resolution, self._resolution), torch.nan)
            broken = Broken(position, self._pictures.name(index), str(error))
            return {"image": nothing, "position": position, "broken": [broken]}


class _Share(Sampler[int]):
    """Every P-th position: each picture on one process, none twice."""

    def __init__(self, count: int, process: int, processes: int) -> None:
        self._positions = range(process, count, processes)

    def __len__(self) -> int:
        return len(self._positions)

    def __iter__(self) -> Iterator[int]:
        return iter(self._positions)


class Data:
    """The chosen pictures of a set, at any side."""

    def __init__(self, path: str, channels: int, limit: int | None, largest: int) -> None:
        self.path = path
        self.pictures = open_pictures(path, channels)
        self.limited = limit is not None and limit < len(self.pictures)
        everything = np.arange(len(self.pictures))
        self.indices = everything if limit is None else drawn(self.pictures, limit, _SEED)
        self.largest = largest

    def __len__(self) -> int:
        return len(self.indices)

    def batches(self, side: int, batch: int, workers: int, process: int, processes: int) -> "DataLoader[Any]":
        """Batches of this process's share."""
        dataset = EvaluationSet(self.pictures, self.indices, side, self.largest)
        return DataLoader(
            dataset,
            batch_size=batch,
            sampler=_Share(len(dataset), process, processes),
            collate_fn=collate,
            num_workers=workers,
            worker_init_fn=ignore_signals if workers > 0 else None,
            generator=torch.Generator(),
        )

    def protocol(self) -> dict[str, Any]:
        """What makes another evaluation one of the same pictures."""
        files = sorted(
            f"{self.pictures.name(index)}\t{self.pictures.size(index)}" for index in map(int, self.indices)
        )
        chosen = f"{len(self):,} of {len(self.pictures):,}, drawn by name" if self.limited else "all"
        return {"path": os.fspath(self.path), "chosen": chosen, "files_sha256": text_hash(files)}

    def __str__(self) -> str:
        return f"{counted(len(self), 'picture')} of {self.pictures}" if self.limited else str(self.pictures)


def whole(batch: Batch) -> tuple[Tensor, Tensor]:
    """Images and positions of a batch, without the broken ones."""
    broken = {each.position for each in batch["broken"]}
    kept = [i for i, position in enumerate(batch["position"].tolist()) if position not in broken]
    return batch["image"][kept], batch["position"][kept]


def spread(count: int, among: int) -> frozenset[int]:
    """At most `count` positions of so many, evenly over them: names are often sorted by class."""
    return frozenset(i * among // count for i in range(count)) if among > count else frozenset(range(among))


def require_some(used: int, broken: Sequence[Broken], data: Data) -> None:
    """InputError where no picture at all could be used."""
    if used > 0:
        return
    raise InputError(
        f"none of the {counted(len(data), 'picture')} of {data.path} can be used",
        found="; ".join(f"{each.name}: {each.reason}" for each in broken[:3]),
        remedy="check the path, that the files are whole, and that they are not too small for --sizes",
    )
