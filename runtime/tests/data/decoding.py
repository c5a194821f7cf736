"""Images in memory, and what decoding makes of them."""

import io

import numpy as np
import pytest
import torch
from sets import colour, encoded
from torch import Tensor

from litevae_runtime.common.errors import CorruptImageError
from litevae_runtime.data.decode import open_image

PIXELS = np.asarray(colour(0))
RGB = torch.from_numpy(PIXELS.copy()).permute(2, 0, 1) / 127.5 - 1


def decoded(data: bytes, channels: int) -> Tensor:
    image = open_image(data, channels)
    return image.resized((0, 0, image.width, image.height), (image.width, image.height))


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def reason(data: bytes, channels: int) -> str:
    with pytest.raises(CorruptImageError) as caught:
        decoded(data, channels)
    return str(caught.value)


PNG = encoded(colour(0, (64, 64)), "PNG")
