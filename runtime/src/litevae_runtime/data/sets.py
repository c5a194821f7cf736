"""How images become batches: the training stream, the validation images, and the split between them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from ..common.errors import CorruptImageError, UnreadableImageError
from ..recipe.fields import Data
from .corrupt import GIVE_UP, CorruptImage, corrupt_image, require_size
from .decode import DecodedImage
from .images import Images, open_images
from .order import keyed_int, keyed_random, random_crop, shuffled

Indices = npt.NDArray[np.int64]


class Item(TypedDict):
    """One image: `image` [C, R, R] float32 in [-1, 1], or NaN where GIVE_UP images in a row could not be used.

    `position` is that in the stream; `corrupt` tells of the images that should have stood there.
    """

    image: Tensor
    position: int
    corrupt: list[CorruptImage]


class Batch(TypedDict):
    """Items together: `image` [N, C, R, R], `position` [N] int64, `corrupt` of them all."""

    image: Tensor
    position: Tensor
    corrupt: list[CorruptImage]


def collate(items: Sequence[Item]) -> Batch:
    """Joins items to a batch."""
    return {
        "image": torch.stack([item["image"] for item in items]),
        "position": torch.tensor([item["position"] for item in items]),
        "corrupt": [corrupt for item in items for corrupt in item["corrupt"]],
    }


class _Replacing(Dataset[Item]):
    """Images by position, where another readable one stands in for a corrupt one."""

    def __init__(self, images: Images, indices: Indices, resolution: int) -> None:
        self._images = images
        self._indices = indices
        self._resolution = resolution

    def _place(self, position: int, attempt: int) -> int:
        """The place in `indices` whose image is tried at `position` after `attempt` corrupt ones."""
        raise NotImplementedError

    def _image(self, decoded: DecodedImage, position: int) -> Tensor:
        raise NotImplementedError

    def __getitem__(self, position: int) -> Item:
        corrupt: list[CorruptImage] = []
        while len(corrupt) < GIVE_UP:
            index = int(self._indices[self._place(position, len(corrupt))])
            try:
                decoded = self._images.open(index)
                require_size(decoded, self._resolution)
                return {"image": self._image(decoded, position), "position": position, "corrupt": corrupt}
            except CorruptImageError as error:
                if isinstance(error, UnreadableImageError) and self._images.storage.came_back():
                    # The image that belongs here, as if the storage had never been away.
                    corrupt = []
                    continue
                corrupt.append(corrupt_image(position, self._images.name(index), error))
        # An exception would reach the main process as a traceback; CorruptLog.add raises it there as a message.
        nothing = torch.full((self._images.channels, self._resolution, self._resolution), torch.nan)
        return {"image": nothing, "position": position, "corrupt": corrupt}


class TrainingStream(_Replacing):
    """The images of a run by position: 0, 1, 2, …, over every epoch.

    An item depends on the seed and its position alone: not on the positions read before, the worker, the number of
    processes or torch's generators. Epoch e is positions [e·n, (e+1)·n), a permutation of the n images keyed by
    (seed, e); crop and flip are keyed by (seed, position). The same position has the same crop, as shares of the image,
    at every resolution.
    """

    def __init__(self, images: Images, indices: Indices, data: Data, resolution: int, seed: int) -> None:
        super().__init__(images, indices, resolution)
        self._data = data
        self._seed = seed

    def _place(self, position: int, attempt: int) -> int:
        # Another permutation for each attempt: neighbours are often corrupt together, by one bad copy or one bad shard.
        epoch, place = divmod(position, len(self._indices))
        return shuffled(place, len(self._indices), self._seed, epoch, attempt)

    def _image(self, decoded: DecodedImage, position: int) -> Tensor:
        chance = keyed_random(b"crop", self._seed, position)
        box = random_crop(decoded.width, decoded.height, self._data.min_scale, self._data.max_aspect, chance)
        mirror = chance.random() < self._data.flip
        return decoded.resized(box, (self._resolution, self._resolution), draft=True, mirror=mirror)


class ValidationSet(_Replacing):
    """Whole images: bicubic antialiased resize of the shorter side to `resolution`, then the centre crop."""

    def __len__(self) -> int:
        return len(self._indices)

    def _place(self, position: int, attempt: int) -> int:
        if position >= len(self):
            raise IndexError(position)
        return (position + attempt) % len(self)

    def _image(self, decoded: DecodedImage, position: int) -> Tensor:
        width, height, side = decoded.width, decoded.height, self._resolution
        shorter = min(width, height)
        size = (round(width * side / shorter), round(height * side / shorter))
        left, top = (size[0] - side) // 2, (size[1] - side) // 2
        image = decoded.resized((0, 0, width, height), size)
        return image[:, top : top + side, left : left + side].contiguous()


class PositionBatches(Sampler[list[int]]):
    """The positions [start, stop) in batches of `micro_batch`, a batch sampler that accelerate's BatchSamplerShard can deal out.

    Batch k goes to process k mod P, so what P processes load at once is a run of positions.
    """

    def __init__(self, start: int, stop: int, micro_batch: int) -> None:
        if start < 0 or stop < start or (stop - start) % micro_batch:
            raise ValueError(f"positions {start} to {stop} are no whole number of batches of {micro_batch}")
        self.batch_size = micro_batch
        self.drop_last = False
        self._range = range(start, stop, micro_batch)

    def __len__(self) -> int:
        return len(self._range)

    def __iter__(self) -> Iterator[list[int]]:
        for first in self._range:
            yield list(range(first, first + self.batch_size))


@dataclass(frozen=True)
class Split:
    """Which images train and which are held back; `note` says where those that validate come from, `warning` what makes
    one doubt that the images are read as they are meant.
    """

    images: Images
    training: Indices
    validation: Images
    validation_indices: Indices
    note: str
    warning: str | None = None

    @property
    def held_out(self) -> tuple[Images, Indices]:
        """The images that validate, at most data.validation_images of them."""
        return self.validation, self.validation_indices


def split(images: Images, data: Data, seed: int, cache: Path | None = None) -> Split:
    """Validation images from data.validation_folder, else the share data.validation_share of the set.

    An image's side depends on the seed and its name, so that added files do not move the others. Both sides get at least
    one. Where nothing is held back (share 0, or a single image) training images serve, and the note says so. `cache` is as in
    `open_images`.
    """
    everything = np.arange(len(images))
    if data.validation_folder is not None:
        validation = open_images(data.validation_folder, images.channels, cache, images.rule)
        chosen = drawn(validation, data.validation_images, seed)
        return Split(images, everything, validation, chosen, f"validation on {len(chosen):,} of {validation}")
    draws = _draws(images, seed)
    if data.validation_share == 0 or len(images) == 1:
        chosen = _first(everything, draws, data.validation_images)
        why = "data.validation_share is 0" if data.validation_share == 0 else "there is a single image"
        note = f"validation on {len(chosen):,} of the training images: {why}"
        return Split(images, everything, images, chosen, note)
    held = draws < data.validation_share * 2.0**64
    held[draws.argmin()] = True
    held[draws.argmax()] = False
    chosen = _first(everything[held], draws[held], data.validation_images)
    note = f"validation on {len(chosen):,} of {held.sum():,} images held back, {(~held).sum():,} train"
    return Split(images, everything[~held], images, chosen, note)


def drawn(images: Images, count: int, seed: int) -> Indices:
    """At most `count` of the images, chosen by the seed and their names, in order of the set."""
    return _first(np.arange(len(images)), _draws(images, seed), count)


def _draws(images: Images, seed: int) -> npt.NDArray[np.uint64]:
    """A number per image from the seed and its name."""
    names = (images.name(index).encode(errors="surrogateescape") for index in range(len(images)))
    return np.fromiter((keyed_int(seed, name) for name in names), np.uint64, len(images))


def _first(indices: Indices, draws: npt.NDArray[np.uint64], count: int) -> Indices:
    """Those `count` with the smallest draws, which stay when others join, in order of the set."""
    return np.sort(indices[np.argsort(draws, kind="stable")[:count]])
