"""Which sizes of images pass through networks."""

from collections.abc import Sequence

import torch
from torch import nn

from ..common.errors import InputError
from .fitting import Sides, choice, least_fitting, nearest_fitting, scaled
from .image_autoencoder import ImageAutoencoder

# How far from a side that does not fit others are looked for: where it is asked of numbers, and where networks try each.
_FAR, _REACH = 4096, 256


def check_sides(model: type[ImageAutoencoder], sides: Sequence[int], option: str) -> None:
    """InputError where the model says that square images of one of these sides do not fit it; `option` is what gave them."""
    fitting = [model.image_sides, scaled(model.latent_sides, model.stride)]
    require_fitting(sides, fitting, option, "autoencoder")


def require_fitting(sides: Sequence[int], fitting: Sequence[Sides], option: str, what: str) -> None:
    """InputError where one of these is not among all `fitting`, with the nearest ones that are."""

    def fits(side: int) -> bool:
        return least_fitting(side, fitting) == (side, side)

    wrong = {side: nearest_fitting(side, fits, 1, _FAR) for side in sides if not fits(side)}
    if not wrong:
        return
    several = len(wrong) > 1
    choices = [choice(fitting) + (f" for {side}" if several else "") for side, fitting in wrong.items()]
    raise InputError(
        f"images of {' and '.join(f'{side}×{side}' for side in wrong)} do not fit the {what}",
        expected=f"{option} {', '.join(choices)}",
        found=f"{option} {','.join(map(str, wrong))}",
        remedy="choose sizes that fit" if several else "choose a size that fits",
    )


def nearest(side: int, autoencoder: ImageAutoencoder, discriminator: nn.Module | None = None) -> list[int]:
    """`nearest_fitting` for square images of these networks."""
    stride, reach = autoencoder.stride, max(_REACH, 2 * autoencoder.stride)
    return nearest_fitting(side, lambda each: fits(each, autoencoder, discriminator), stride, reach)


@torch.no_grad()
def fits(side: int, autoencoder: ImageAutoencoder, discriminator: nn.Module | None = None) -> bool:
    """Whether square images of that side come back in their size, tried without memory or time.

    The networks are on the meta device, in eval mode. Its first convolution imports much of torch, which takes seconds.
    """
    try:
        image = torch.zeros(1, autoencoder.image_channels, side, side, device="meta")
        posterior, skips = autoencoder.encoding(image)
        if autoencoder.decoded(posterior.mode(), skips).shape != image.shape:
            return False
        if discriminator is not None:
            discriminator(image)
    except (RuntimeError, ValueError):
        return False
    return True
