"""Chance by key: every position of a run knows its image and its crop without the positions before it.

Numbers depend on their key alone, not on the process, the worker or torch's generators: a run that is resumed, or shared
among more processes, sees the same images.
"""

import math
from hashlib import blake2b
from random import Random

_ROUNDS = 6


def keyed_int(*key: int | bytes) -> int:
    """64 random bits that depend on the key."""
    parts = (part if isinstance(part, bytes) else b"%d" % part for part in key)
    return int.from_bytes(blake2b(b"/".join(parts), digest_size=8).digest(), "little")


def keyed_random(*key: int | bytes) -> Random:
    """A generator that starts from the key; of its methods only `random()` is the same in every version of Python."""
    return Random(keyed_int(*key))


def shuffled(place: int, length: int, *key: int) -> int:
    """The image at `place` of a random permutation of range(length), which depends on the key.

    A Feistel network on the smallest square of a power of two that holds `length`, walked until it comes out in range:
    no list is held, whatever the length (Black and Rogaway, "Ciphers with arbitrary finite domains", 2002, §§ 3 and 4).
    """
    half = max(1, math.ceil((length - 1).bit_length() / 2))
    mask = (1 << half) - 1
    while True:
        left, right = place >> half, place & mask
        for step in range(_ROUNDS):
            left, right = right, left ^ (keyed_int(*key, step, right) & mask)
        place = left << half | right
        if place < length:
            return place


def random_crop(
    width: int, height: int, min_scale: float, max_aspect: float, chance: Random
) -> tuple[int, int, int, int]:
    """A box (left, top, right, bottom) inside an image.

    Its aspect is drawn log-uniformly from [1 / max_aspect, max_aspect]. Its share of the area is drawn uniformly between
    `min_scale` and the largest share that this aspect allows in this image; where `min_scale` is more than that, as in
    a panorama, it is the largest.
    """
    aspect = max_aspect ** (2 * chance.random() - 1)
    largest = min(width / (height * aspect), height * aspect / width)
    share = largest - (largest - min(min_scale, largest)) * chance.random()
    area = share * width * height
    wide = min(width, max(1, round(math.sqrt(area * aspect))))
    high = min(height, max(1, round(math.sqrt(area / aspect))))
    left = int(chance.random() * (width - wide + 1))
    top = int(chance.random() * (height - high + 1))
    return left, top, left + wide, top + high
