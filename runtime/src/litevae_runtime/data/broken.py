"""Pictures that cannot be used: looked for before a run, counted and logged during it, refused above a share."""

import json
import math
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from ..common.errors import BrokenPictureError, InputError
from ..common.text import counted
from .decode import Picture
from .pictures import Pictures

# So many unusable pictures in a row are no accident: the storage has gone, or the set is another one.
GIVE_UP = 100

# How many pictures are decoded before a run, and how many more where the first hold broken ones.
PROBES = (64, 1024)

_REMEDY = "repair or remove them, or raise data.broken_share"


class Broken(NamedTuple):
    """A picture that could not be used, and the position in the run that wanted it."""

    position: int
    name: str
    reason: str


def require_size(picture: Picture, resolution: int) -> None:
    """Refuses a picture that would have to be enlarged more than four times."""
    least = -(-resolution // 4)
    if min(picture.width, picture.height) < least:
        raise BrokenPictureError(
            f"{picture.width}×{picture.height} pixels; at resolution {resolution} the shorter side needs {least}"
        )


def probe(pictures: Pictures, broken_share: float, resolution: int) -> None:
    """Decodes pictures that lie evenly over the set; InputError where more than `broken_share` of them are broken.

    64 are decoded. A share of those says little about a large set, so where they hold broken ones 1,024 decide.
    `resolution` is the largest of the run.
    """
    for count in PROBES:
        checked = min(count, len(pictures))
        broken = _broken_among(pictures, checked, resolution)
        if len(broken) <= broken_share * checked and len(broken) < checked:
            return
    named = [f"{one.name}: {one.reason}" for one in broken[:5]]
    more = [f"and {len(broken) - 5:,} more"] if len(broken) > 5 else []
    found = f"\n{' ' * 12}".join(named + more)
    tried = counted(checked, "picture") + ("" if checked == len(pictures) else " tried")
    if len(broken) == checked:
        raise InputError(
            f"none of {tried} in {pictures.place} can be used",
            found=found,
            remedy="check the path, and that the files are whole",
        )
    raise InputError(
        f"{len(broken):,} of {tried} in {pictures.place} cannot be used",
        expected=f"at most {broken_share:.3g} of them (data.broken_share)",
        found=found,
        remedy=_REMEDY,
    )


def _broken_among(pictures: Pictures, count: int, resolution: int) -> list[Broken]:
    broken = []
    for index in (number * len(pictures) // count for number in range(count)):
        try:
            picture = pictures.open(index)
            require_size(picture, resolution)
            picture.resized((0, 0, picture.width, picture.height), (1, 1), draft=True)
        except BrokenPictureError as error:
            broken.append(Broken(index, pictures.name(index), str(error)))
    return broken


class BrokenLog:
    """RUN/broken.jsonl: one object a line with `position`, `name` and `reason`, each picture once over all starts of a run.

    Every process logs the pictures that it met, process i > 0 in broken.process-i.jsonl. `epoch` is how many pictures
    the set has.
    """

    def __init__(self, run: Path, share: float, process: int = 0, epoch: int | None = None) -> None:
        self._file = run / ("broken.jsonl" if process == 0 else f"broken.process-{process}.jsonl")
        self._share = share
        self._epoch = epoch
        self._names = _logged(self._file)
        self._tried = 0
        self._broken = 0

    @property
    def count(self) -> int:
        """Different broken pictures that this process has met since the run was first started."""
        return len(self._names)

    def add(self, broken: Iterable[Broken], seen: int) -> None:
        """Takes the broken pictures met while `seen` pictures were loaded.

        InputError when their share is over the recipe's, or when `GIVE_UP` in a row could not be used.
        """
        found = list(broken)
        self._tried += seen + len(found)
        self._broken += len(found)
        fresh = {one.name: one for one in found if one.name not in self._names}
        if fresh:
            self._names |= fresh.keys()
            # A disk that is full is no reason to lose the run: the pictures stay counted.
            with suppress(OSError), self._file.open("a", encoding="utf-8") as file:
                file.writelines(json.dumps(one._asdict()) + "\n" for one in fresh.values())
        if found:
            self._refuse(found)

    def _refuse(self, found: list[Broken]) -> None:
        latest = f"{found[-1].name}: {found[-1].reason}"
        if _longest_row(found) >= GIVE_UP:
            raise InputError(
                f"{GIVE_UP} pictures in a row cannot be used",
                found=latest,
                remedy=f"check that the storage is still there; {self._file} lists the pictures",
            )
        if self._is_too_many():
            raise InputError(
                f"{self._broken:,} of {self._tried:,} pictures cannot be used",
                expected=f"at most {self._share:.3g} of them (data.broken_share)",
                found=latest,
                remedy=f"{_REMEDY}; {self._file} lists them",
            )

    def _is_too_many(self) -> bool:
        """After an epoch the share is known. Before, chance is allowed three standard deviations, from 100 pictures on."""
        allowed = self._share * self._tried
        if self._epoch is not None and self._tried >= self._epoch:
            return self._broken > allowed
        return self._tried >= 100 and self._broken > allowed + 3 * math.sqrt(allowed)


def _longest_row(found: list[Broken]) -> int:
    return max(Counter(one.position for one in found).values())


def _logged(file: Path) -> set[str]:
    """The names in a log that an earlier start left; a last line that was cut off is ended, and not among them."""
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    if text and not text.endswith("\n"):
        with file.open("a", encoding="utf-8") as log:
            log.write("\n")
    return {json.loads(line)["name"] for line in text.splitlines() if line.endswith("}")}
