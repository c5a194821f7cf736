"""Every image of a set once, by its centre: what is measured or encoded, and not trained on."""

from collections import Counter
from collections.abc import Sequence

import torch
from torch import Tensor

from ..common.errors import CorruptImageError, UnreadableImageError
from .corrupt import corrupt_image, require_size
from .decode import DecodedImage
from .images import Images
from .sets import Batch, Indices, Item, ValidationSet, collate


class CentredItem(Item):
    """`format` is that of the file, None of a corrupt one; `enlarged` is whether the image had fewer pixels than the side."""

    format: str | None
    enlarged: bool


class CentredBatch(Batch):
    """A Batch with how many of its images that are not corrupt have each format, and how many were enlarged."""

    formats: Counter[str]
    enlarged: int


def collate_centred(items: Sequence[CentredItem]) -> CentredBatch:
    """Joins items to a batch."""
    return {
        **collate(items),
        "formats": Counter(item["format"] for item in items if item["format"] is not None),
        "enlarged": sum(item["enlarged"] for item in items),
    }


class CentredSet(ValidationSet):
    """ValidationSet, without others in place of corrupt images: those are NaN, and `corrupt` has them.

    `largest` is the largest side that is asked for: an image too small for that is left out at every side.
    """

    def __init__(self, images: Images, indices: Indices, side: int, largest: int) -> None:
        super().__init__(images, indices, side)
        self._largest = largest

    def __getitem__(self, position: int) -> CentredItem:
        index = int(self._indices[position])
        try:
            image = self._opened(index)
            require_size(image, self._largest)
            return {
                "image": self._image(image, position),
                "position": position,
                "corrupt": [],
                "format": image.format,
                "enlarged": min(image.width, image.height) < self._resolution,
            }
        except CorruptImageError as error:
            nothing = torch.full((self._images.channels, self._resolution, self._resolution), torch.nan)
            corrupt = corrupt_image(position, self._images.name(index), error)
            return {
                "image": nothing,
                "position": position,
                "corrupt": [corrupt],
                "format": None,
                "enlarged": False,
            }

    def _opened(self, index: int) -> DecodedImage:
        """The image, as if its storage had never been away."""
        try:
            return self._images.open(index)
        except UnreadableImageError:
            if not self._images.storage.came_back():
                raise
            return self._images.open(index)


def whole(batch: Batch) -> tuple[Tensor, Tensor]:
    """Images and positions of a batch, without the corrupt ones."""
    if not batch["corrupt"]:
        # As it was loaded, in memory that a GPU copies from at once.
        return batch["image"], batch["position"]
    corrupt = {each.position for each in batch["corrupt"]}
    kept = [i for i, position in enumerate(batch["position"].tolist()) if position not in corrupt]
    return batch["image"][kept], batch["position"][kept]
