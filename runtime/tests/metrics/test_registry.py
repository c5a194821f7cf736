"""What validation measures, and which direction is better: for the choice of the best checkpoint."""

from typing import Any, get_args, get_type_hints

import torch
from accelerate import Accelerator
from small import Autoencoder
from torch import Tensor, nn
from torch.utils.data import DataLoader

from litevae_runtime.data.sets import Item, collate
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
    measured = validate(Accelerator(cpu=True), Autoencoder(), Distance(), loader, [])
    assert tuple(measured) == tuple(VALIDATION)


def test_what_is_better_is_what_comes_closer_to_the_images() -> None:
    near, far = {"psnr": 40.0, "l1": 0.1, "perceptual": 0.1}, {"psnr": 20.0, "l1": 0.5, "perceptual": 0.5}
    assert all(figure.improves(near[key], far[key]) for key, figure in VALIDATION.items())
    assert not any(figure.improves(far[key], near[key]) for key, figure in VALIDATION.items())
