"""What validation measures, and which direction is better: for the choice of the best checkpoint."""

from typing import Any, get_args, get_type_hints

import pytest
import torch
from accelerate import Accelerator
from small import Autoencoder
from torch import Tensor, nn
from torch.utils.data import DataLoader

from litevae_runtime.data.sets import Item, collate
from litevae_runtime.metrics.latents import LatentErrors, latent_errors
from litevae_runtime.metrics.registry import VALIDATION
from litevae_runtime.recipe.fields import Checkpoints
from litevae_runtime.training.validation import validate


class Distance(nn.Module):
    """Mean squared error of each image [N]."""

    def forward(self, x_hat: Tensor, x: Tensor) -> Tensor:
        return (x_hat - x).square().mean(dim=(1, 2, 3))


def test_a_recipe_may_choose_any_of_them() -> None:
    assert get_args(get_type_hints(Checkpoints)["best_by"]) == tuple(VALIDATION)


def test_validation_gives_each_of_them() -> None:
    images: list[Item] = [{"image": torch.zeros(3, 8, 8), "position": i, "corrupt": []} for i in range(2)]
    loader: DataLoader[Any] = DataLoader(images, batch_size=2, collate_fn=collate)  # type: ignore[arg-type]
    model = Autoencoder()

    @torch.no_grad()
    def reconstructs(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        latent = model.posterior(x).mode()
        return model.decoded(latent), latent

    measured = validate(Accelerator(cpu=True), reconstructs, Distance(), loader, [])
    assert tuple(measured) == tuple(VALIDATION)


def test_a_latent_error_is_over_the_deviation_of_all_images() -> None:
    """As numpy computes it of the whole set, in batches of other sizes."""
    generator = torch.Generator().manual_seed(0)
    # Means of images that lie far apart, and far from 0.
    taught = (
        torch.randn(5, 3, 4, 6, generator=generator) + 20 * torch.randn(5, 3, 1, 1, generator=generator) + 7
    )
    own = taught + torch.tensor([0.1, 1.0, 3.0]).view(3, 1, 1) * torch.randn(
        taught.shape, generator=generator
    )
    errors = LatentErrors()
    for rows in (slice(0, 1), slice(1, 5)):
        errors.add(latent_errors(own[rows], taught[rows]))
    difference, wanted = (own - taught).double().numpy(), taught.double().numpy()
    square, variance = (difference**2).mean((0, 2, 3)), wanted.var((0, 2, 3))
    assert errors.relative() == pytest.approx((square.sum() / variance.sum()) ** 0.5, rel=1e-5)
    entry = errors.entry()
    assert entry["channels"] == pytest.approx((square / variance) ** 0.5, rel=1e-5)
    assert entry["teacher_std"] == pytest.approx(variance**0.5, rel=1e-5)


def test_latents_of_a_constant_teacher_have_no_error() -> None:
    errors = LatentErrors()
    errors.add(latent_errors(torch.ones(2, 1, 2, 2), torch.zeros(2, 1, 2, 2)))
    assert errors.relative() is None


def test_what_is_better_is_what_comes_closer_to_the_images() -> None:
    near, far = {"psnr": 40.0, "l1": 0.1, "perceptual": 0.1}, {"psnr": 20.0, "l1": 0.5, "perceptual": 0.5}
    assert all(figure.improves(near[key], far[key]) for key, figure in VALIDATION.items())
    assert not any(figure.improves(far[key], near[key]) for key, figure in VALIDATION.items())
