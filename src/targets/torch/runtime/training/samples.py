"""Picture grids of a run: input, reconstruction, difference and latent side by side, a picture a row."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from ..autoencoder import AutoencoderBase

_GAP = 4


@torch.no_grad()
def sample_grid(model: AutoencoderBase, images: Tensor) -> np.ndarray:
    """RGB bytes [H, W, 3] of the rows of `images` [N, C, h, w]: reconstructed from the posterior's mean, without noise."""
    posterior = model.encode(images).latent_dist
    latent = posterior.mode()
    x_hat = model.decode(latent).sample.float()
    difference = (x_hat - images).abs().mean(dim=1, keepdim=True) - 1
    return join_columns(
        [
            rgb(images),
            rgb(x_hat.clamp(-1, 1)),
            rgb(difference.clamp(-1, 1)),
            rgb(latent_view(latent, images.shape[2])),
        ]
    )


def join_columns(columns: Sequence[Tensor]) -> np.ndarray:
    """RGB bytes [H, W, 3] of columns of as many pictures [N, 3, h, w] in [-1, 1], a row for each picture."""
    rows = torch.cat([F.pad(column, (0, _GAP, 0, _GAP), value=1.0) for column in columns], dim=3)
    grid = torch.cat(list(rows), dim=1)[:, :-_GAP, :-_GAP]
    return ((grid + 1) * 127.5).round().byte().permute(1, 2, 0).cpu().numpy()


def latent_view(latent: Tensor, height: int) -> Tensor:
    """The first three channels scaled to their range (arXiv:2405.14477 Fig. 2), enlarged to `height` rows."""
    shown = latent[:, :3].float()
    shown = shown.expand(-1, 3, -1, -1) if shown.shape[1] < 3 else shown
    low, high = shown.amin(dim=(2, 3), keepdim=True), shown.amax(dim=(2, 3), keepdim=True)
    scaled = (shown - low) / (high - low).clamp_min(1e-12) * 2 - 1
    return F.interpolate(scaled, scale_factor=height // latent.shape[2], mode="nearest")


def rgb(images: Tensor) -> Tensor:
    """Three channels of pictures that have one, two or many."""
    images = images.float()
    return images[:, :3] if images.shape[1] >= 3 else images[:, :1].expand(-1, 3, -1, -1)


def save_grid(grid: np.ndarray, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    Image.fromarray(grid).save(partial, format="png")
    partial.replace(path)
