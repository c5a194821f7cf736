"""Images side by side as RGB bytes, for people to look at."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from ..common.files import written_whole

_GAP = 4


def join_columns(columns: Sequence[Tensor]) -> np.ndarray:
    """RGB bytes [H, W, 3] of columns of as many images [N, 3, h, w] in [-1, 1], a row for each image."""
    rows = torch.cat([F.pad(column, (0, _GAP, 0, _GAP), value=1.0) for column in columns], dim=3)
    grid = torch.cat(list(rows), dim=1)[:, :-_GAP, :-_GAP]
    return ((grid + 1) * 127.5).round().byte().permute(1, 2, 0).cpu().numpy()


def rgb(images: Tensor) -> Tensor:
    """The first three channels of images or latents; of one or two the first, three times."""
    images = images.float()
    return images[:, :3] if images.shape[1] >= 3 else images[:, :1].expand(-1, 3, -1, -1)


def save_grid(grid: np.ndarray, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path) as partial:
        Image.fromarray(grid).save(partial, format="png")
