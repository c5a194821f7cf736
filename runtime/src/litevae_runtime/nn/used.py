"""Which modules of an autoencoder encoding and decoding use, found out by running it."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ..common.errors import InputError
from .fitting import Sides, least_from
from .image_autoencoder import ImageAutoencoder


def _called(autoencoder: ImageAutoencoder, call: Callable[[Tensor], object], x: Tensor) -> list[nn.Module]:
    """The modules with parameters of their own that `call(x)` uses, in the order of their first use."""
    called: dict[nn.Module, None] = {}

    def remember(module: nn.Module, *_: object) -> None:
        called.setdefault(module)

    hooks = [
        module.register_forward_pre_hook(remember)
        for module in autoencoder.modules()
        if next(module.parameters(recurse=False), None) is not None
    ]
    with torch.no_grad():
        call(x)
    for hook in hooks:
        hook.remove()
    return list(called)


def _example(autoencoder: ImageAutoencoder, channels: int, side: int, fitting: Sides) -> Tensor:
    """Zeros of the least sides that fit and are no less than `side`."""
    device = next(autoencoder.parameters()).device
    return torch.zeros(1, channels, *least_from(side, fitting), device=device)


# Least positions of the latent in the examples that find out which modules are used.
_SIDE = 8


def used_in_encoding(autoencoder: ImageAutoencoder) -> list[nn.Module]:
    side = _SIDE * autoencoder.stride
    image = _example(autoencoder, autoencoder.image_channels, side, autoencoder.image_sides)
    return _called(autoencoder, autoencoder.posterior, image)


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
    latent = _example(autoencoder, autoencoder.latent_channels, _SIDE, autoencoder.latent_sides)
    return _called(autoencoder, autoencoder.decode, latent)


def freeze_encoder(autoencoder: ImageAutoencoder) -> None:
    """Stops gradients to every module that encoding uses: the decoder alone is tuned."""
    for module in used_in_encoding(autoencoder):
        for parameter in module.parameters(recurse=False):
            parameter.requires_grad_(False)


def last_layer(autoencoder: ImageAutoencoder) -> nn.Parameter:
    """The weight of the decoder's last convolution, where gradients of the losses are compared (eq. 2)."""
    weights = [getattr(module, "weight", None) for module in used_in_decoding(autoencoder)]
    found = [weight for weight in weights if isinstance(weight, nn.Parameter) and weight.dim() == 4]
    if not found:
        raise InputError(
            "the decoder has no convolution at whose weight the losses could be compared",
            remedy="end the decoder in a conv2d",
        )
    return found[-1]
