"""VGG in torchvision's layout and LPIPS (arXiv:1801.03924), from the papers: independent of the compiler.

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
HEAD_CHANNELS = (64, 128, 256, 512, 512)


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


def vgg_state(features: nn.Sequential) -> dict[str, Tensor]:
    """The published file's keys; the classifier, which nothing here uses, has tensors of one number."""
    state = {f"features.{key}": value for key, value in features.state_dict().items()}
    for layer in (0, 3, 6):
        state |= {f"classifier.{layer}.weight": torch.zeros(1, 1), f"classifier.{layer}.bias": torch.zeros(1)}
    return state


def head_state(generator: torch.Generator) -> dict[str, Tensor]:
    """Weights of the heads, none of them negative, as in the published ones."""
    return {
        f"lin{i}.model.1.weight": torch.rand(1, channels, 1, 1, generator=generator)
        for i, channels in enumerate(HEAD_CHANNELS)
    }


def lpips(features: nn.Sequential, heads: Mapping[str, Tensor], x: Tensor, y: Tensor) -> Tensor:
    """[N] for images [N, 3, H, W] in [-1, 1]."""
    shift = x.new_tensor([-0.030, -0.088, -0.188]).view(3, 1, 1)
    scale = x.new_tensor([0.458, 0.448, 0.450]).view(3, 1, 1)
    a, b = (x - shift) / scale, (y - shift) / scale
    total = x.new_zeros(len(x))
    stage = 0
    for i, step in enumerate(features):
        # The maps are those before a pooling, the last one's among them.
        if isinstance(step, nn.MaxPool2d):
            squared = (_unit(a) - _unit(b)) ** 2
            weighed = F.conv2d(squared, heads[f"lin{stage}.model.1.weight"].to(x.dtype))
            total = total + weighed.mean(dim=(1, 2, 3))
            stage += 1
            if i == len(features) - 1:
                break
        a, b = step(a), step(b)
    return total


def _unit(x: Tensor) -> Tensor:
    return x / ((x**2).sum(dim=1, keepdim=True).sqrt() + 1e-10)


def before_activation(features: nn.Sequential, index: int, x: Tensor) -> Tensor:
    """The output of convolution `index` for images in [-1, 1], normalised with ImageNet's mean and deviation."""
    mean = x.new_tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
    deviation = x.new_tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    y: Tensor = features[: index + 1](((x + 1) / 2 - mean) / deviation)
    return y
