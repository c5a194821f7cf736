"""How balanced the feature maps of a decoder's last block are: normalisation leaves hot spots (arXiv:2405.14477 Fig. 3)."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..data.grids import join_columns, rgb
from ..nn.beside import NOTHING, Values
from ..nn.image_autoencoder import ImageAutoencoder

DEFINITION = (
    "root mean square over the channels at every position of the last decoder block's output: the largest over the median, "
    "then the mean over the images; value_channels: the same of root mean squares over the positions, one for every channel"
)

# Images that are drawn.
SHOWN = 4

# What torch calls the modules that it computes weights with, such as spectral norm.
_PARAMETRIZATIONS = "parametrizations"


def last_block(model: ImageAutoencoder, latent: Tensor, skips: Values = NOTHING) -> str | None:
    """The path of the decoder's last block, found by decoding a latent [1, nz, h, w] with its skips.

    That is the module with children and a convolution that ends last among those that end before the output
    convolution and do not hold it; where there is none, the layer with a convolution's weight before that one. Both give
    feature maps [N, C, h, w].
    """
    ended = _ended(model, latent, skips)
    layers = [name for name in ended if _is_layer(model.get_submodule(name))]
    if not layers:
        return None
    output = layers[-1]
    blocks = [
        name
        for name in ended[: ended.index(output)]
        if _convolves(model.get_submodule(name)) and _children(model.get_submodule(name))
    ]
    found = blocks or layers[:-1]
    return found[-1] if found else None


@torch.no_grad()
def _ended(model: ImageAutoencoder, latent: Tensor, skips: Values) -> list[str]:
    """The modules that decoding calls and that give feature maps, in the order in which they last end."""
    names: dict[str, None] = {}

    def remember(name: str, output: object) -> None:
        if isinstance(output, Tensor) and output.dim() == 4:
            names.pop(name, None)
            names[name] = None

    hooks = [
        module.register_forward_hook(lambda _module, _inputs, output, name=name: remember(name, output))
        for name, module in model.named_modules()
        # What gives a weight and not a feature map is left out.
        if name and _PARAMETRIZATIONS not in name.split(".")
    ]
    model.decoded(latent, skips)
    for hook in hooks:
        hook.remove()
    return list(names)


def _children(module: nn.Module) -> list[nn.Module]:
    return [child for name, child in module.named_children() if name != _PARAMETRIZATIONS]


def _is_layer(module: nn.Module) -> bool:
    return not _children(module) and _convolves(module)


def _convolves(module: nn.Module) -> bool:
    return any(parameter.dim() == 4 for parameter in module.parameters())


class FeatureMaps:
    """The latest output [N, C, h, w] of a module."""

    def __init__(self) -> None:
        self.latest: Tensor | None = None

    @contextmanager
    def of(self, module: nn.Module) -> Iterator[None]:
        """Watches the module for as long as this lasts."""

        def remember(_module: nn.Module, _inputs: object, output: Tensor) -> None:
            self.latest = output

        hook = module.register_forward_hook(remember)
        try:
            yield
        finally:
            hook.remove()
            self.latest = None


def position_strengths(maps: Tensor) -> Tensor:
    """Root mean squares over the channels [N, h, w], float32."""
    return maps.float().square().mean(dim=1).sqrt()


def imbalance(maps: Tensor) -> tuple[Tensor, Tensor]:
    """`DEFINITION` for each image of maps [N, C, h, w], by positions and by channels: [N] each, 1 where all are equal."""
    positions = position_strengths(maps).flatten(1)
    channels = maps.float().square().mean(dim=(2, 3)).sqrt()
    by_positions, by_channels = (
        strengths.amax(dim=1) / strengths.median(dim=1).values for strengths in (positions, channels)
    )
    return by_positions, by_channels


def imbalance_grid(x: Tensor, x_hat: Tensor, strengths: Tensor) -> np.ndarray:
    """RGB bytes of rows of input, reconstruction and strengths [N, h, w], the largest of each image white."""
    scaled = strengths / strengths.amax(dim=(1, 2), keepdim=True).clamp_min(1e-12)
    shown = F.interpolate(scaled[:, None] * 2 - 1, size=x.shape[2:], mode="nearest")
    return join_columns([rgb(x), rgb(x_hat.clamp(-1, 1)), rgb(shown)])
