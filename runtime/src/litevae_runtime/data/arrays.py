"""Images that are arrays: .npy files."""

import io
import math
import warnings

import numpy as np
from PIL import Image

from ..common.errors import CorruptImageError
from ..common.text import counted
from .pixels import Array


def read_npy(data: bytes) -> Array:
    """The array in a .npy file's bytes; nothing is unpickled, and a size that the bytes do not bear out is refused."""
    file = io.BytesIO(data)
    version = np.lib.format.read_magic(file)
    read_header = (
        np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    )
    try:
        with warnings.catch_warnings():
            # Of arrays that Python 2 wrote.
            warnings.simplefilter("ignore")
            shape, fortran, dtype = read_header(file)
    except ValueError:
        raise CorruptImageError("a damaged NPY: its header") from None
    if dtype.hasobject:
        raise CorruptImageError("an array of Python objects")
    if dtype.kind not in "biuf" or dtype.itemsize > 8:
        raise CorruptImageError(f"an array of {dtype}", "store integers, floats or booleans")
    expected, found = math.prod(shape) * dtype.itemsize, len(data) - file.tell()
    if expected != found:
        raise CorruptImageError(f"{found:,} bytes of pixels where {list(shape)} of {dtype} has {expected:,}")
    return np.frombuffer(data, dtype, offset=file.tell()).reshape(shape, order="F" if fortran else "C")


def channels_first(array: Array, channels: int) -> Array:
    """[C, H, W] of an array [H, W, C], [C, H, W], or [H, W] where there is one channel.

    Where both ends have the right length the channels stand last.
    """
    shape = array.shape
    if len(shape) == 2 and channels == 1:
        array = array[None]
    elif len(shape) == 3 and shape[-1] == channels:
        array = np.moveaxis(array, -1, 0)
    elif len(shape) != 3 or shape[0] != channels:
        raise wrong_channels(
            f"an array {list(shape)}, not [H, W, {channels}] or [{channels}, H, W]", channels
        )
    if not array.size:
        raise CorruptImageError(f"an array {list(shape)} without pixels")
    return array


def require_channels(planes: Array, channels: int, kind: str) -> Array:
    """[C, H, W] where C is what the model takes; `kind` is what the file is, such as "a PNG"."""
    if len(planes) != channels:
        raise wrong_channels(f"{kind} of {counted(len(planes), 'channel')}, not {channels}", channels)
    return planes


def too_large() -> CorruptImageError:
    """An image that Pillow takes for an attack."""
    most = 2 * (Image.MAX_IMAGE_PIXELS or 0)
    return CorruptImageError(
        f"an image of more than {most:,} pixels", "cut it into pieces, or give it a smaller size"
    )


def wrong_channels(reason: str, channels: int) -> CorruptImageError:
    """An image of other channels than a model's, whichever file it is in."""
    return CorruptImageError(
        reason,
        f"give images of {counted(channels, 'channel')}, or compile a model whose imageChannels are those of the images",
    )
