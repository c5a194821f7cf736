"""Which sizes of images pass through networks: tried on torch's meta device, without memory or time."""

from collections.abc import Mapping, Sequence

import torch
from torch import nn

from ..common.errors import InputError
from .fitting import choice, nearest_fitting
from .image_autoencoder import ImageAutoencoder

# How far from a resolution that does not fit others are looked for.
_REACH = 256


def check_sides(model: type[ImageAutoencoder], sides: Sequence[int], option: str) -> None:
    """InputError where square images of one of these sides do not fit the model; `option` is what gave them."""
    with torch.device("meta"):
        autoencoder = model().eval()
    wrong = [side for side in sides if not fits(side, autoencoder)]
    require_fitting({side: nearest(side, autoencoder) for side in wrong}, option, "autoencoder")


def require_fitting(wrong: Mapping[int, Sequence[int]], option: str, what: str) -> None:
    """InputError where there are sides that do not fit; each has the nearest ones that do."""
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
    """Whether square images of that side come back in their size. The networks are on the meta device, in eval mode."""
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
