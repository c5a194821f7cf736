"""VGG and AlexNet in torchvision's layout and LPIPS (arXiv:1801.03924), from the papers: independent of the compiler.

State dicts have the keys of the published files: `features.N`, `classifier.N`, `linN.model.1`.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# Output channels of the convolutions, "M" for a pooling: configurations D and E of arXiv:1409.1556.
VGG16 = (64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512, 512, "M")
VGG19 = (
    *(64, 64, "M", 128, 128, "M", 256, 256, 256, 256, "M"),
    *(512, 512, 512, 512, "M", 512, 512, 512, 512, "M"),
)
# Where the maps that LPIPS compares stand in the row, all of them behind a ReLU, and their channels.
VGG16_MAPS = (3, 8, 15, 22, 29)
VGG16_CHANNELS = (64, 128, 256, 512, 512)
ALEXNET_MAPS = (1, 4, 7, 9, 11)
ALEXNET_CHANNELS = (64, 192, 384, 256, 256)


def vgg_features(configuration: Sequence[int | str]) -> nn.Sequential:
    """Convolutions, activations and poolings in a row, as torchvision numbers them."""
    row: list[nn.Module] = []
    channels = 3
    for step in configuration:
        if isinstance(step, str):
            row.append(nn.MaxPool2d(2, 2))
            continue
        row += [nn.Conv2d(channels, step, 3, padding=1), nn.ReLU()]
        channels = step
    return nn.Sequential(*row)


def alexnet_features() -> nn.Sequential:
    """The convolutional part of arXiv:1404.5997's one-column net, as torchvision numbers it."""
    return nn.Sequential(
        nn.Conv2d(3, 64, 11, stride=4, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(3, 2),
        nn.Conv2d(64, 192, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(3, 2),
        nn.Conv2d(192, 384, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(384, 256, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(256, 256, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(3, 2),
    )


def features_state(features: nn.Sequential) -> dict[str, Tensor]:
    """The published file's keys; the classifier, which nothing here uses, has tensors of one number."""
    state = {f"features.{key}": value for key, value in features.state_dict().items()}
    for layer in (0, 3, 6):
        state |= {f"classifier.{layer}.weight": torch.zeros(1, 1), f"classifier.{layer}.bias": torch.zeros(1)}
    return state


def head_state(head_channels: Sequence[int], generator: torch.Generator) -> dict[str, Tensor]:
    """Weights of the heads, none of them negative, as in the published ones."""
    return {
        f"lin{i}.model.1.weight": torch.rand(1, channels, 1, 1, generator=generator)
        for i, channels in enumerate(head_channels)
    }


def lpips(
    features: nn.Sequential, heads: Mapping[str, Tensor], maps: Sequence[int], x: Tensor, y: Tensor
) -> Tensor:
    """[N] for images [N, 3, H, W] in [-1, 1]; `maps` are the steps of `features` whose outputs are compared."""
    shift = x.new_tensor([-0.030, -0.088, -0.188]).view(3, 1, 1)
    scale = x.new_tensor([0.458, 0.448, 0.450]).view(3, 1, 1)
    a, b = (x - shift) / scale, (y - shift) / scale
    total = x.new_zeros(len(x))
    for i, step in enumerate(features):
        if i > maps[-1]:
            break
        a, b = step(a), step(b)
        if i in maps:
            squared = (_unit(a) - _unit(b)) ** 2
            weighed = F.conv2d(squared, heads[f"lin{maps.index(i)}.model.1.weight"].to(x.dtype))
            total = total + weighed.mean(dim=(1, 2, 3))
    return total


def _unit(x: Tensor) -> Tensor:
    return x / ((x**2).sum(dim=1, keepdim=True).sqrt() + 1e-10)


def before_activation(features: nn.Sequential, index: int, x: Tensor) -> Tensor:
    """The output of convolution `index` for images in [-1, 1], normalised with ImageNet's mean and deviation."""
    mean = x.new_tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
    deviation = x.new_tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    y: Tensor = features[: index + 1](((x + 1) / 2 - mean) / deviation)
    return y
