"""Structural similarity (torchmetrics)."""

import torch
from torch import Tensor

from .imports import import_torchmetrics

# The window's.
SMALLEST_SIDE = 11


def ssim(x_hat: Tensor, x: Tensor) -> Tensor:
    """Structural similarity [N] of images [N, C, H, W] in [-1, 1], as the registry says; sides of at least 11."""
    structural_similarity = import_torchmetrics("functional.image").structural_similarity_index_measure
    # Variances are differences of large numbers; Apple's GPUs have no float64.
    wide = torch.float32 if x.device.type == "mps" else torch.float64
    found, wanted = ((image.to(wide).clamp(-1, 1) + 1) / 2 for image in (x_hat, x))
    _, maps = structural_similarity(
        found, wanted, sigma=1.5, data_range=1.0, reduction="none", return_full_image=True
    )
    # torchmetrics pads; the definition (Wang et al. 2004) and scikit-image have no padded position.
    edge = SMALLEST_SIDE // 2
    return maps[:, :, edge:-edge, edge:-edge].mean(dim=(1, 2, 3))
