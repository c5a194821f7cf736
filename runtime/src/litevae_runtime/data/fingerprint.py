"""What tells a set of images from another, or from itself after files were changed."""

from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from typing import Any

from ..common.files import text_hash
from .images import Images

# Of large sets so many images, evenly spread, stand for all: by the size of their files, and by their bytes.
SIZES, CONTENTS = 4096, 64


def fingerprint(images: Images) -> dict[str, Any]:
    """The place, the number of images, and the SHA-256 of all names, of sizes and of contents."""
    return {
        "place": images.place,
        "images": len(images),
        "names_sha256": text_hash(images.name(index) for index in range(len(images))),
        "sizes_sha256": text_hash(str(images.size(index)) for index in _spread(images, SIZES)),
        "contents_sha256": text_hash(_content(images, index) for index in _spread(images, CONTENTS)),
    }


def differences(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """What has changed, in words; empty where the set is the same, wherever it lies."""
    if before.get("images") != now["images"]:
        return [f"{before.get('images')} images were there, now {now['images']} are"]
    if before.get("names_sha256") != now["names_sha256"]:
        return ["the images have other names"]
    changed = [
        what for what in ("sizes", "contents") if before.get(f"{what}_sha256") != now[f"{what}_sha256"]
    ]
    return [f"{' and '.join(changed)} of images with the same names have changed"] if changed else []


def _spread(images: Images, most: int) -> Iterator[int]:
    count = min(most, len(images))
    return (number * len(images) // count for number in range(count))


def _content(images: Images, index: int) -> str:
    with suppress(OSError):
        return sha256(images.read(index)).hexdigest()
    return "gone"
