"""Perceptual losses on the networks of perceptual.py: LPIPS, and VGG features before their activation.

Images are [N, C, H, W] in [-1, 1] with one channel or three. The networks are frozen; the gradient goes
through them to the images. A loss is built of networks and then given weights:

    loss = Lpips(build_vgg16(), build_lpips_heads()).load(folder)
    loss(prediction, target).mean()
"""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Literal, Self

import torch
from torch import Tensor, nn

from ..nn.builders import Builders
from ..nn.layers import at_least_float32
from ..nn.published import (
    ALEXNET_FILE,
    LPIPS_ALEXNET_FILE,
    LPIPS_VGG_FILE,
    VGG16_FILE,
    VGG19_FILE,
    find_published,
    load_published,
)

Weights = Literal["published", "random"]


class PerceptualLoss(nn.Module):
    """A distance of images [N] through frozen networks; `files` names the published file of each network."""

    files: ClassVar[Mapping[str, str]]
    # Four poolings by 2 must leave a position.
    smallest_side: ClassVar[int] = 16

    shift: Tensor
    scale: Tensor

    def __init__(self, shift: Sequence[float], scale: Sequence[float], **networks: nn.Module) -> None:
        super().__init__()
        for name, network in networks.items():
            self.add_module(name, network)
        self.requires_grad_(False).eval()
        # Not among the keys: they belong to the method and not to the weights.
        self.register_buffer("shift", torch.tensor(shift).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("scale", torch.tensor(scale).view(1, 3, 1, 1), persistent=False)

    def load(self, folder: str | Path | None = None, weights: Weights = "published", seed: int = 0) -> Self:
        """Loads the published weights from `folder` (see `weights_folder`), or seeded random ones.

        Raises FileNotFoundError that says which file to fetch, WeightsError where a file is another.
        """
        if weights == "random":
            warnings.warn(
                f"{type(self).__name__} has random weights (seed {seed}), which are for smoke tests alone: "
                "a model that is to be used needs the published ones",
                stacklevel=2,
            )
            self._randomize(torch.Generator().manual_seed(seed))
        else:
            paths = find_published(list(self.files.values()), folder)
            for name, path in zip(self.files, paths, strict=True):
                load_published(self.get_submodule(name), [path])
        return self

    def train(self, mode: bool = True) -> Self:
        """Stays in eval mode, whatever the model around it is switched to."""
        return super().train(False)

    def _randomize(self, generator: torch.Generator) -> None:
        """He initialisation, so that features keep their scale through all layers; biases are 0."""
        with torch.no_grad():
            for parameter in self.parameters():
                if parameter.dim() == 1:
                    parameter.zero_()
                    continue
                deviation = (2.0 / parameter[0].numel()) ** 0.5
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * deviation)

    def _normalized(self, images: Tensor) -> Tensor:
        """Images as the networks know them: [N, 3, H, W], (x - shift) / scale. One channel is repeated."""
        if images.dim() != 4 or images.shape[1] not in (1, 3):
            raise ValueError(
                f"{type(self).__name__} sees images [N, 1 or 3, height, width], not {list(images.shape)}: "
                "set losses.perceptual to 0 for other channels"
            )
        if min(images.shape[2:]) < self.smallest_side:
            raise ValueError(
                f"{type(self).__name__} needs sides of at least {self.smallest_side} pixels, "
                f"not {list(images.shape[2:])}: choose a larger resolution"
            )
        return (images.expand(-1, 3, -1, -1) - self.shift) / self.scale


class Lpips(PerceptualLoss):
    """Learned perceptual image patch similarity with VGG16, v0.1 (Zhang et al. 2018, arXiv:1801.03924).

    Features of both images are scaled to unit length along the channels; their squared difference is weighed
    by the heads, averaged over space and summed over the layers: (prediction, target) -> [N].
    """

    files: ClassVar[Mapping[str, str]] = {"features": VGG16_FILE, "heads": LPIPS_VGG_FILE}

    features: nn.Module
    heads: nn.Module

    def __init__(self, features: nn.Module, heads: nn.Module) -> None:
        super().__init__((-0.030, -0.088, -0.188), (0.458, 0.448, 0.450), features=features, heads=heads)

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        found = self.features(self._normalized(prediction))
        wanted = self.features(self._normalized(target))
        differences = [(_unit(found[name]) - _unit(wanted[name])).square() for name in found]
        # A product of small squares and small weights: not in half precision.
        with torch.autocast(prediction.device.type, enabled=False):
            maps: dict[str, Tensor] = self.heads(*differences)
        return torch.stack([distance.mean(dim=(1, 2, 3)) for distance in maps.values()]).sum(dim=0)

    def _randomize(self, generator: torch.Generator) -> None:
        super()._randomize(generator)
        # The published heads have no negative weights; a distance with some could fall below 0.
        for parameter in self.heads.parameters():
            parameter.detach().abs_()


class LpipsAlexNet(Lpips):
    """LPIPS with AlexNet, v0.1: the variant that papers report beside VGG16's."""

    files: ClassVar[Mapping[str, str]] = {"features": ALEXNET_FILE, "heads": LPIPS_ALEXNET_FILE}
    # The first convolution has stride 4, and two poolings of 3 positions follow.
    smallest_side: ClassVar[int] = 31


def build_lpips(networks: Builders, network: Literal["vgg16", "alexnet"]) -> Lpips:
    """LPIPS on that network, without weights."""
    if network == "alexnet":
        return LpipsAlexNet(networks["alexnet"](), networks["lpips_alexnet_heads"]())
    return Lpips(networks["vgg16"](), networks["lpips_heads"]())


def _unit(features: Tensor) -> Tensor:
    """[N, C, H, W] scaled to length 1 along the channels. Where all are 0 the gradient is 0 and not NaN."""
    wide = at_least_float32(features)
    return wide / (torch.linalg.vector_norm(wide, dim=1, keepdim=True) + 1e-10)


class VggLoss(PerceptualLoss):
    """Mean ℓ1 between VGG19 features before their activation (ESRGAN, arXiv:1809.00219 §3.2).

    An option of arXiv:2405.14477 (Table 14). `layers` weighs features by name; ESRGAN has conv5_4 alone:
    (prediction, target) -> [N].
    """

    files: ClassVar[Mapping[str, str]] = {"features": VGG19_FILE}

    features: nn.Module

    def __init__(self, features: nn.Module, layers: Mapping[str, float] | None = None) -> None:
        # ImageNet's mean and deviation, moved from [0, 1] to [-1, 1].
        mean, deviation = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
        super().__init__([2 * v - 1 for v in mean], [2 * v for v in deviation], features=features)
        self.layers = dict(layers or {"conv5_4": 1.0})

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        found: dict[str, Tensor] = self.features(self._normalized(prediction))
        wanted: dict[str, Tensor] = self.features(self._normalized(target))
        unknown = [name for name in self.layers if name not in found]
        if unknown:
            raise ValueError(f"VGG19 gives no layer {', '.join(unknown)}: choose among {', '.join(found)}")
        distances = [
            weight * at_least_float32(found[name] - wanted[name]).abs().mean(dim=(1, 2, 3))
            for name, weight in self.layers.items()
        ]
        return torch.stack(distances).sum(dim=0)
