"""The scale and shift that bring latents to mean 0 and deviation 1, which a diffusion model on them needs."""

from collections.abc import Iterable

import torch
from torch import Tensor

from ..data.noise import noise_for
from ..nn.image_autoencoder import ImageAutoencoder
from ..nn.statistics import LatentStatistics


@torch.no_grad()
def latent_statistics(
    model: ImageAutoencoder, batches: Iterable[Tensor], limit: int, seed: int
) -> LatentStatistics:
    """Over the first `limit` images of `batches` ([N, C, H, W] each), summed in float64."""
    count, images = 0, 0
    total = torch.zeros(model.latent_channels, dtype=torch.float64)
    squares = torch.zeros_like(total)
    for batch in batches:
        batch = batch[: limit - images]
        posterior = model.posterior(batch)
        positions = torch.arange(images, images + len(batch))
        noise = noise_for(positions, tuple(posterior.mode().shape[1:]), seed, batch.device)
        latent = posterior.draw(noise).cpu().double()
        total += latent.sum(dim=(0, 2, 3))
        squares += latent.square().sum(dim=(0, 2, 3))
        count += latent[:, 0].numel()
        images += len(batch)
        if images >= limit:
            break
    if count == 0:
        raise ValueError("no images to measure latents on")
    mean, square = total / count, squares / count
    shift = mean.mean()
    deviation = (square.mean() - shift.square()).clamp_min(0).sqrt().clamp_min(1e-12)
    return LatentStatistics(
        scaling_factor=1 / deviation.item(),
        shift_factor=shift.item(),
        latents_mean=tuple(mean.tolist()),
        latents_std=tuple((square - mean.square()).clamp_min(0).sqrt().tolist()),
        latent_images=images,
    )
