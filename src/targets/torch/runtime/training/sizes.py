"""Whether a recipe's resolutions pass through its networks: tried on torch's meta device, without memory or time."""

from collections.abc import Mapping, Sequence

import torch
from torch import nn

from ..autoencoder import AutoencoderBase
from .errors import TrainingError
from .networks import build_autoencoder, build_discriminator
from .recipe_types import Recipe

# How far from a resolution that does not fit others are looked for.
_REACH = 256


def check_sizes(recipe: Recipe) -> None:
    """TrainingError names the first phase whose pictures do not fit, and the nearest sizes that do."""
    judges = any(phase.discriminator for phase in recipe.phases)
    with torch.device("meta"):
        autoencoder = build_autoencoder().eval()
    # Built first and moved then: spectral norm's first power iterations would load half of torch's compiler on meta.
    discriminator = build_discriminator(recipe.discriminator).eval().to("meta") if judges else None
    for i, phase in enumerate(recipe.phases):
        judge = discriminator if phase.discriminator else None
        side = phase.resolution
        if _fits(side, autoencoder, judge):
            continue
        fitting = _nearest(side, autoencoder, judge)
        raise TrainingError(
            f"pictures of {side}×{side} do not fit the "
            + ("autoencoder and the discriminator" if judge else "autoencoder"),
            expected=f"phases.{i}.resolution: {_choice(fitting)}",
            found=f"phases.{i}.resolution: {side}",
            remedy="choose a resolution that fits" + (", or another discriminator" if judge else ""),
        )


def check_sides(sides: Sequence[int], option: str) -> None:
    """TrainingError where square pictures of one of these sides do not fit the autoencoder; `option` is what gave them."""
    with torch.device("meta"):
        autoencoder = build_autoencoder().eval()
    wrong = [side for side in sides if not _fits(side, autoencoder, None)]
    require_fitting({side: _nearest(side, autoencoder, None) for side in wrong}, option, "autoencoder")


def require_fitting(wrong: Mapping[int, Sequence[int]], option: str, what: str) -> None:
    """TrainingError where there are sides that do not fit; each has the nearest ones that do."""
    if not wrong:
        return
    several = len(wrong) > 1
    choices = [_choice(fitting) + (f" for {side}" if several else "") for side, fitting in wrong.items()]
    raise TrainingError(
        f"pictures of {' and '.join(f'{side}×{side}' for side in wrong)} do not fit the {what}",
        expected=f"{option} {', '.join(choices)}",
        found=f"{option} {','.join(map(str, wrong))}",
        remedy="choose sizes that fit" if several else "choose a size that fits",
    )


def check_best(recipe: Recipe) -> None:
    """The best checkpoint is chosen by what is measured."""
    if recipe.checkpoints.best_by == "perceptual" and recipe.losses.perceptual == 0:
        raise TrainingError(
            "checkpoints are chosen by a perceptual distance that is not measured",
            expected="losses.perceptual above 0, or checkpoints.best_by: psnr or l1",
            found="checkpoints.best_by: perceptual, losses.perceptual: 0",
            remedy="add --set checkpoints.best_by=psnr",
        )


def _nearest(side: int, autoencoder: AutoencoderBase, discriminator: nn.Module | None) -> list[int]:
    """The two nearest sides that fit, the smaller first; fewer where none is near."""
    stride = autoencoder.stride
    first = max(stride, (side - _REACH) // stride * stride)
    near = sorted(range(first, side + _REACH, stride), key=lambda candidate: abs(candidate - side))
    return sorted([candidate for candidate in near if _fits(candidate, autoencoder, discriminator)][:2])


def _choice(fitting: Sequence[int]) -> str:
    return " or ".join(map(str, fitting)) or "another size"


@torch.no_grad()
def _fits(side: int, autoencoder: AutoencoderBase, discriminator: nn.Module | None) -> bool:
    try:
        image = torch.zeros(1, autoencoder.image_channels, side, side, device="meta")
        latent = autoencoder.encode(image).latent_dist.mode()
        if autoencoder.decode(latent).sample.shape != image.shape:
            return False
        if discriminator is not None:
            discriminator(image)
    except RuntimeError:
        return False
    return True
