"""Which modules of an autoencoder encoding and decoding use, found out by running it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from ..common.errors import InputError
from .fitting import Sides, least_fitting, scaled
from .image_autoencoder import ImageAutoencoder


@contextmanager
def modes_kept(module: nn.Module) -> Iterator[None]:
    """Afterwards every module inside is in training or not as it was before."""
    before = [(each, each.training) for each in module.modules()]
    try:
        yield
    finally:
        for each, training in before:
            each.training = training


def _called(autoencoder: ImageAutoencoder, call: Callable[[], object]) -> list[nn.Module]:
    """The layers, and what else has parameters of its own, that a call uses, in the order of their first use."""
    called: dict[nn.Module, None] = {}

    def remember(module: nn.Module, *_: object) -> None:
        called.setdefault(module)

    hooks = [
        module.register_forward_pre_hook(remember)
        for module in autoencoder.modules()
        if next(module.parameters(recurse=False), None) is not None or next(module.children(), None) is None
    ]
    # As at inference: what is looked at only must not move running statistics or codebooks.
    with torch.no_grad(), modes_kept(autoencoder):
        autoencoder.eval()
        call()
    for hook in hooks:
        hook.remove()
    return list(called)


# Least positions of the latent in the examples that find out which modules are used.
_SIDE = 8


def _example(autoencoder: ImageAutoencoder, *fitting: Sides) -> Tensor:
    """An image of zeros, of the least sides that fit and give so many positions."""
    device = next(autoencoder.parameters()).device
    sides = least_fitting(_SIDE * autoencoder.stride, fitting)
    return torch.zeros(1, autoencoder.image_channels, *sides, device=device)


def used_in_encoding(autoencoder: ImageAutoencoder) -> list[nn.Module]:
    image = _example(autoencoder, autoencoder.image_sides)
    return _called(autoencoder, lambda: autoencoder.posterior(image))


@torch.no_grad()
def skip_shapes(model: type[ImageAutoencoder], images: Sequence[int]) -> dict[str, torch.Size]:
    """What decoding takes besides latents of `images` [N, C, H, W], by name; found out without memory or time."""
    if not model.decoder_takes:
        return {}
    with torch.device("meta"):
        _, skips = model().eval().encoding(torch.zeros(*images))
    return {name: value.shape for name, value in skips.items()}


def decoding_example(autoencoder: ImageAutoencoder) -> tuple[Tensor, dict[str, Tensor]]:
    """Zeros in the place of a small latent, and of what decoding takes besides."""
    fitting = scaled(autoencoder.latent_sides, autoencoder.stride)
    image = _example(autoencoder, fitting, *([autoencoder.image_sides] if autoencoder.decoder_takes else []))
    sides = (side // autoencoder.stride for side in image.shape[2:])
    shapes = skip_shapes(type(autoencoder), image.shape)
    skips = {name: image.new_zeros(shape) for name, shape in shapes.items()}
    return image.new_zeros(len(image), autoencoder.latent_channels, *sides), skips


def keys_of_encoding(autoencoder: ImageAutoencoder) -> set[str]:
    """The keys of all weights and buffers that encoding uses."""
    used = {id(module) for module in used_in_encoding(autoencoder)}
    return {
        f"{path}.{key}" if path else key
        for path, module in autoencoder.named_modules()
        if id(module) in used
        for key, _ in [*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)]
    }


def used_in_decoding(autoencoder: ImageAutoencoder) -> list[nn.Module]:
    latent, skips = decoding_example(autoencoder)
    return _called(autoencoder, lambda: autoencoder.decoded(latent, skips))


def last_weight(used: Sequence[nn.Module], part: str) -> nn.Parameter:
    """The weight of the last convolution that a part uses, where gradients of the losses are compared (eq. 2)."""
    weights = [getattr(module, "weight", None) for module in used]
    found = [weight for weight in weights if isinstance(weight, nn.Parameter) and weight.dim() == 4]
    if not found:
        raise InputError(
            f"the {part} has no convolution at whose weight the losses could be compared",
            remedy=f"end the {part} in a conv2d",
        )
    return found[-1]
