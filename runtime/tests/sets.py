"""Small sets of images, and the recipe's group about them."""

import io
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from litevae_runtime.recipe.fields import Data

PHOTOS = Path(__file__).resolve().parents[2] / "examples" / "photos"

DATA = Data(
    profile="srgb",
    range=None,
    nodata=None,
    fill=None,
    min_scale=0.5,
    max_aspect=4 / 3,
    flip=0.5,
    workers=0,
    corrupt_share=0.01,
    validation_share=0.25,
    validation_folder=None,
    validation_images=256,
)


def data(**changes: object) -> Data:
    """The recipe's group, with changes."""
    return replace(DATA, **changes)  # type: ignore[arg-type]


def colour(number: int, size: tuple[int, int] = (24, 16)) -> Image.Image:
    """An image of (width, height) that differs from those of other numbers everywhere."""
    noise = np.random.default_rng(number).integers(0, 256, (size[1], size[0], 3), np.uint8)
    return Image.fromarray(noise)


def write_images(folder: Path, count: int) -> Path:
    """`count` PNG files, some of them in subfolders."""
    for number in range(count):
        file = folder / f"class-{number % 3}" / f"{number:03d}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        colour(number).save(file)
    return folder


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    """The bytes of an image's file."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def write_tar(path: Path, members: dict[str, bytes]) -> Path:
    """A plain tar of these files."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as tar:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return path
