"""Images that cannot be used: looked for before a run, counted and logged during it, refused above a share."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from ..common.errors import REPAIR, CorruptImageError, InputError
from ..common.json_lines import append_lines, read_lines
from ..common.text import counted
from .decode import DecodedImage
from .images import Images
from .pixels import Spread

# So many unusable images in a row are no accident: the storage has gone, or the set is another one.
GIVE_UP = 100

# How many images are decoded before a run, and how many more where the first hold corrupt ones.
PROBES = (64, 1024)

# The size at which their values are looked at.
_PROBED = (64, 64)


class CorruptImage(NamedTuple):
    """An image that could not be used, the position in the run that wanted it, and what can be done about such images."""

    position: int
    name: str
    reason: str
    remedy: str = REPAIR


def corrupt_image(position: int, name: str, error: CorruptImageError) -> CorruptImage:
    """What an error says of the image at a position."""
    return CorruptImage(position, name, str(error), error.remedy)


# Of images none of which can be used, where no more than the damage is known.
CHECK = "check the path, and that the files are whole"


def remedy_of(corrupt: Sequence[CorruptImage], unknown: str = REPAIR, *, options: bool = False) -> str:
    """What helps most of them; `unknown` where no more than the damage is known. `options` names what the recipe calls
    `range`, `nodata` and `fill` as command lines do.
    """
    remedy = Counter([image.remedy for image in corrupt] or [REPAIR]).most_common(1)[0][0]
    if options:
        remedy = re.sub(r"\((range|fill)\)", r"(--\1)", remedy)
    return unknown if remedy == REPAIR else remedy


def require_size(image: DecodedImage, resolution: int) -> None:
    """Refuses an image that would have to be enlarged more than four times."""
    least = -(-resolution // 4)
    if min(image.width, image.height) < least:
        raise CorruptImageError(
            f"{image.height}×{image.width} pixels; at resolution {resolution} the shorter side needs {least}",
            "give larger images, or a smaller resolution",
        )


def probe(images: Images, corrupt_share: float, resolution: int) -> Spread:
    """Decodes images that lie evenly over the set, and returns what they use of [-1, 1].

    InputError where more than `corrupt_share` of them are corrupt.

    64 are decoded. A share of those says little about a large set, so where they hold corrupt ones 1,024 decide.
    `resolution` is the largest of the run.
    """
    spread = Spread()
    for count in PROBES:
        checked = min(count, len(images))
        corrupt = _corrupt_among(images, checked, resolution, spread)
        if len(corrupt) <= corrupt_share * checked and len(corrupt) < checked:
            return spread
    named = [f"{one.name}: {one.reason}" for one in corrupt[:5]]
    more = [f"and {len(corrupt) - 5:,} more"] if len(corrupt) > 5 else []
    found = f"\n{' ' * 12}".join(named + more)
    tried = counted(checked, "image") + ("" if checked == len(images) else " tried")
    if len(corrupt) == checked:
        raise InputError(
            f"none of {tried} in {images.place} can be used",
            found=found,
            remedy=remedy_of(corrupt, CHECK),
        )
    raise InputError(
        f"{len(corrupt):,} of {tried} in {images.place} cannot be used",
        expected=f"at most {corrupt_share:.3g} of them (data.corrupt_share)",
        found=found,
        remedy=f"{remedy_of(corrupt)}, or raise data.corrupt_share",
    )


def _corrupt_among(images: Images, count: int, resolution: int, spread: Spread) -> list[CorruptImage]:
    corrupt = []
    for index in (number * len(images) // count for number in range(count)):
        try:
            image = images.open(index)
            require_size(image, resolution)
            small = image.resized((0, 0, image.width, image.height), _PROBED, draft=True)
            spread.add(small.min().item(), small.max().item())
        except CorruptImageError as error:
            corrupt.append(corrupt_image(index, images.name(index), error))
    return corrupt


class CorruptLog:
    """RUN/corrupt.jsonl: one object a line with `position`, `name` and `reason`, each image once over all starts of a run.

    Every process logs the images that it met, process i > 0 in corrupt.process-i.jsonl. `epoch` is how many images
    the set has.
    """

    def __init__(self, run: Path, share: float, process: int = 0, epoch: int | None = None) -> None:
        self._file = run / ("corrupt.jsonl" if process == 0 else f"corrupt.process-{process}.jsonl")
        self._share = share
        self._epoch = epoch
        self._names = _logged(self._file)
        self._tried = 0
        self._corrupt = 0

    @property
    def count(self) -> int:
        """Different corrupt images that this process has met since the run was first started."""
        return len(self._names)

    def add(self, corrupt: Iterable[CorruptImage], seen: int) -> None:
        """Takes the corrupt images met while `seen` images were loaded.

        InputError when their share is over the recipe's, or when `GIVE_UP` in a row could not be used.
        """
        found = list(corrupt)
        self._tried += seen + len(found)
        self._corrupt += len(found)
        self.note(found)
        if found:
            self._refuse(found)

    def note(self, found: Sequence[CorruptImage]) -> None:
        """Logs those that are not logged yet, and refuses none."""
        fresh = {one.name: one for one in found if one.name not in self._names}
        if fresh:
            self._names |= fresh.keys()
            # A disk that is full is no reason to lose the run: the images stay counted.
            with suppress(OSError):
                append_lines(
                    self._file,
                    [
                        {"position": one.position, "name": one.name, "reason": one.reason}
                        for one in fresh.values()
                    ],
                )

    def _refuse(self, found: list[CorruptImage]) -> None:
        latest = f"{found[-1].name}: {found[-1].reason}"
        if has_unread(found):
            raise InputError(
                f"{GIVE_UP} images in a row cannot be used",
                found=latest,
                remedy=f"check that the storage is still there; {self._file} lists the images",
            )
        if self._is_too_many():
            raise InputError(
                f"{self._corrupt:,} of {self._tried:,} images cannot be used",
                expected=f"at most {self._share:.3g} of them (data.corrupt_share)",
                found=latest,
                remedy=f"{remedy_of(found)}, or raise data.corrupt_share; {self._file} lists them",
            )

    def _is_too_many(self) -> bool:
        """After an epoch the share is known. Before, chance is allowed three standard deviations, from 100 images on."""
        allowed = self._share * self._tried
        if self._epoch is not None and self._tried >= self._epoch:
            return self._corrupt > allowed
        return self._tried >= 100 and self._corrupt > allowed + 3 * math.sqrt(allowed)


def has_unread(found: Iterable[CorruptImage]) -> bool:
    """Whether some position has no image at all: `GIVE_UP` were tried for it."""
    return max(Counter(one.position for one in found).values(), default=0) >= GIVE_UP


def _logged(file: Path) -> set[str]:
    """The names in a log that an earlier start left."""
    names = (line.get("name") for line in read_lines(file).entries)
    return {name for name in names if isinstance(name, str)}
