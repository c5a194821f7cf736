"""A case of the table of images: a file, what it should be, and what training's reader makes of it; and how files are encoded."""

import io
import struct
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from litevae_runtime.common.errors import CorruptImageError
from litevae_runtime.data.decode import open_image
from litevae_runtime.data.pixels import PixelRule
from PIL import Image, ImageCms

OUT = Path(sys.argv[1])
PHOTO = Image.open(sys.argv[2]).convert("RGB").crop((100, 60, 228, 155))
RGB = np.asarray(PHOTO)
HEIGHT, WIDTH = RGB.shape[:2]
GREY = np.asarray(PHOTO.convert("L"))
DISTANCE = np.hypot(*np.mgrid[:HEIGHT, :WIDTH] - np.array([HEIGHT, WIDTH]).reshape(2, 1, 1) / 2)
ALPHA = np.clip(255 - DISTANCE * 4, 0, 255).astype("u1")
# Values that no step of 257 has, so that the lower byte is seen.
DEEP = np.clip(
    RGB.astype("i8") * 257 + np.arange(HEIGHT * WIDTH).reshape(HEIGHT, WIDTH, 1) % 256 - 128, 0, 65535
).astype("u2")
FIVE = np.concatenate([RGB, 255 - RGB[..., :1], RGB[..., 1:2] // 2], -1)
CASES: list[dict[str, Any]] = []


def signed(array: np.ndarray, low: float = 0, high: float = 255) -> np.ndarray:
    """[C, H, W] in [-1, 1] of [H, W, C] or [H, W]."""
    planes = array[None] if array.ndim == 2 else np.moveaxis(array, -1, 0)
    return (planes.astype("f8") - low) / (high - low) * 2 - 1


def three(planes: np.ndarray) -> np.ndarray:
    return np.repeat(planes, 3, 0)


def on_white(array: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Planes in [-1, 1] under an alpha in [0, 1]."""
    return 1 - (1 - array) * alpha


def luma(planes: np.ndarray) -> np.ndarray:
    return (0.299 * planes[0] + 0.587 * planes[1] + 0.114 * planes[2])[None]


def case(
    name: str,
    data: bytes,
    truth: np.ndarray | None = None,
    channels: int = 3,
    refused: str | None = None,
    tolerance: float = 1,
    **rule: Any,
) -> None:
    """`tolerance` in levels of 1/255, between the readers and of each to the truth."""
    number = len(CASES)
    suffix = name.split()[0]
    path = OUT / f"{number:03d}.{suffix}"
    path.write_bytes(data)
    found: dict[str, Any] = {
        "name": f"{name}, {channels}",
        "file": path.name,
        "channels": channels,
        "rule": {"profile": "srgb", "range": None, "nodata": None, "fill": None, **rule},
        "refused": refused,
        "tolerance": tolerance,
    }
    try:
        image = open_image(data, channels, PixelRule(**rule))
        size = (image.width, image.height)
        found["read"] = saved(f"{number:03d}.read", image.resized((0, 0, *size), size).numpy())
        found["shape"] = [channels, image.height, image.width]
    except CorruptImageError as error:
        found["error"] = str(error)
    if truth is not None:
        assert len(truth) == channels, name
        found["truth"] = saved(f"{number:03d}.truth", truth)
    CASES.append(found)


def saved(name: str, planes: np.ndarray) -> str:
    (OUT / name).write_bytes(np.ascontiguousarray(planes, "<f4").tobytes())
    return name


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def tiff(array: np.ndarray, **options: Any) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, array, **options)
    return file.getvalue()


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(array: np.ndarray, kind: int, bits: int, *chunks: bytes) -> bytes:
    """By hand: Pillow writes no colours of 16 bits. `kind` is PNG's colour type."""
    height, width = array.shape[:2]
    if bits < 8:
        packed = np.packbits(
            np.unpackbits(array.astype("u1")[..., None], axis=-1)[..., 8 - bits :].reshape(height, -1),
            axis=-1,
        )
        rows = packed.tobytes()
        stride = packed.shape[1]
    else:
        rows = array.astype(">u2" if bits == 16 else "u1").tobytes()
        stride = len(rows) // height
    lines = b"".join(b"\0" + rows[y * stride : (y + 1) * stride] for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)
    parts = [chunk(b"IHDR", header), *chunks, chunk(b"IDAT", zlib.compress(lines)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def iccp(profile: bytes) -> bytes:
    return chunk(b"iCCP", b"icc\0\0" + zlib.compress(profile))


def by_lcms(image: Image.Image, profile: bytes) -> np.ndarray:
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    found = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    assert found is not None
    return signed(np.asarray(found))


def pillow(data: bytes) -> np.ndarray:
    """What a lossy file holds, which no one can know better than a decoder."""
    return signed(np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))
