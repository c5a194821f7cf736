"""Image grids of a run: input, reconstruction, difference and latent side by side, an image a row."""

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..data.grids import join_columns, rgb

# Images [N, C, H, W] to their reconstructions, float32, and latents [N, nz, h, w].
Reconstructs = Callable[[Tensor], tuple[Tensor, Tensor]]


@torch.no_grad()
def sample_grid(reconstructs: Reconstructs, images: Tensor) -> np.ndarray:
    """RGB bytes [H, W, 3] of the rows of `images` [N, C, h, w]: reconstructed without noise."""
    x_hat, latent = reconstructs(images)
    difference = (x_hat - images).abs().mean(dim=1, keepdim=True) - 1
    return join_columns(
        [
            rgb(images),
            rgb(x_hat.clamp(-1, 1)),
            rgb(difference.clamp(-1, 1)),
            rgb(latent_view(latent, images.shape[2])),
        ]
    )


def latent_view(latent: Tensor, height: int) -> Tensor:
    """`rgb` of a latent, scaled to its range (arXiv:2405.14477 Fig. 2) and enlarged to `height` rows."""
    shown = rgb(latent)
    low, high = shown.amin(dim=(2, 3), keepdim=True), shown.amax(dim=(2, 3), keepdim=True)
    scaled = (shown - low) / (high - low).clamp_min(1e-12) * 2 - 1
    return F.interpolate(scaled, scale_factor=height // latent.shape[2], mode="nearest")
