"""Distances of images that need no network. Images are [N, C, H, W] in [-1, 1]."""

import torch
from torch import Tensor


def psnr(x_hat: Tensor, x: Tensor) -> Tensor:
    """Peak signal-to-noise ratio in dB of each image [N], both clamped to [0, 1]; infinite for equal ones."""
    found, wanted = ((image.float().clamp(-1, 1) + 1) / 2 for image in (x_hat, x))
    error = (found - wanted).square().mean(dim=(1, 2, 3))
    return -10 * torch.log10(error)
