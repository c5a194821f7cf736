"""Photographs as tensors."""

import numpy as np
import pytest
import torch
from PIL import Image
from sets import PHOTOS
from torch import Tensor


@pytest.fixture(scope="module")
def photographs() -> tuple[Tensor, Tensor]:
    """Three photographs [3, 3, 64, 64] in [-1, 1], and the same with noise and less contrast."""
    files = ("astronaut.png", "chelsea.png", "coffee.png")
    opened = [Image.open(PHOTOS / file).convert("RGB").resize((64, 64)) for file in files]
    x = torch.from_numpy(np.stack([np.array(image) for image in opened])).permute(0, 3, 1, 2) / 127.5 - 1
    noise = torch.randn(x.shape, generator=torch.Generator().manual_seed(0))
    return x, (0.9 * x + 0.1 * noise).clamp(-1, 1)
