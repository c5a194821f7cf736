"""YOLOv10-N (arXiv:2405.14458) in plain PyTorch, by the paper and what is public of its widths and depths.

The keys are those of the published file.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

BINS = 16


class Conv(nn.Module):
    """Convolution, batch normalisation and SiLU: [N, C, H, W] -> [N, out, H/stride, W/stride]."""

    def __init__(
        self, channels: int, out: int, kernel: int = 1, stride: int = 1, groups: int = 1, act: bool = True
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, out, kernel, stride, kernel // 2, groups=groups, bias=False)
        self.bn = nn.BatchNorm2d(out, eps=1e-3)
        self.act = act

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn(self.conv(x))
        return F.silu(y) if self.act else y


def depthwise(channels: int, kernel: int, stride: int = 1, act: bool = True) -> Conv:
    return Conv(channels, channels, kernel, stride, channels, act)


class Bottleneck(nn.Module):
    def __init__(self, channels: int, shortcut: bool) -> None:
        super().__init__()
        self.cv1 = Conv(channels, channels, 3)
        self.cv2 = Conv(channels, channels, 3)
        self.shortcut = shortcut

    def forward(self, x: Tensor) -> Tensor:
        y = self.cv2(self.cv1(x))
        return x + y if self.shortcut else y


class LargeKernel(nn.Module):
    """A depthwise 7x7 and a 3x3 convolution side by side (§3.3)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = depthwise(channels, 7, act=False)
        self.conv1 = depthwise(channels, 3, act=False)

    def forward(self, x: Tensor) -> Tensor:
        return F.silu(self.conv(x) + self.conv1(x))


class CIB(nn.Module):
    """Compact inverted block (Figure 3b)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.cv1 = nn.Sequential(
            depthwise(channels, 3),
            Conv(channels, 2 * channels),
            LargeKernel(2 * channels),
            Conv(2 * channels, channels),
            depthwise(channels, 3),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.cv1(x)


class C2f(nn.Module):
    """Two halves, of which one goes through blocks, and all that they give is joined."""

    def __init__(
        self, channels: int, out: int, depth: int, shortcut: bool = True, compact: bool = False
    ) -> None:
        super().__init__()
        half = out // 2
        self.cv1 = Conv(channels, out)
        self.cv2 = Conv((2 + depth) * half, out)
        self.m = nn.ModuleList(CIB(half) if compact else Bottleneck(half, shortcut) for _ in range(depth))

    def forward(self, x: Tensor) -> Tensor:
        parts = list(self.cv1(x).chunk(2, dim=1))
        for step in self.m:
            parts.append(step(parts[-1]))
        return self.cv2(torch.cat(parts, dim=1))


class SCDown(nn.Module):
    """Spatial-channel decoupled downsampling (§3.3)."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.cv1 = Conv(channels, out)
        self.cv2 = depthwise(out, 3, stride=2, act=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.cv2(self.cv1(x))


class SPPF(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.cv1 = Conv(channels, channels // 2)
        self.cv2 = Conv(2 * channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        parts = [self.cv1(x)]
        for _ in range(3):
            parts.append(F.max_pool2d(parts[-1], 5, stride=1, padding=2))
        return self.cv2(torch.cat(parts, dim=1))


class Attention(nn.Module):
    """Heads of 64 channels, whose queries and keys have 32; a depthwise convolution of the values says where they are."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.heads = channels // 64
        self.qkv = Conv(channels, 2 * channels, act=False)
        self.proj = Conv(channels, channels, act=False)
        self.pe = depthwise(channels, 3, act=False)

    def forward(self, x: Tensor) -> Tensor:
        heads = self.qkv(x).flatten(2).unflatten(1, (self.heads, 128)).transpose(2, 3)
        query, key, value = heads.split([32, 32, 64], dim=-1)
        mixed = F.scaled_dot_product_attention(query, key, value)
        positions, attended = (each.transpose(2, 3).reshape(x.shape) for each in (value, mixed))
        return self.proj(attended + self.pe(positions))


class PSA(nn.Module):
    """Partial self-attention: half of the channels attend (Figure 3c)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        half = channels // 2
        self.cv1 = Conv(channels, channels)
        self.cv2 = Conv(channels, channels)
        self.attn = Attention(half)
        self.ffn = nn.Sequential(Conv(half, channels), Conv(channels, half, act=False))

    def forward(self, x: Tensor) -> Tensor:
        kept, attended = self.cv1(x).chunk(2, dim=1)
        attended = attended + self.attn(attended)
        attended = attended + self.ffn(attended)
        return self.cv2(torch.cat([kept, attended], dim=1))


def box_branch(channels: int, hidden: int) -> nn.Sequential:
    return nn.Sequential(Conv(channels, hidden, 3), Conv(hidden, hidden, 3), nn.Conv2d(hidden, 4 * BINS, 1))


def class_branch(channels: int, hidden: int, classes: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Sequential(depthwise(channels, 3), Conv(channels, hidden)),
        nn.Sequential(depthwise(hidden, 3), Conv(hidden, hidden)),
        nn.Conv2d(hidden, classes, 1),
    )


class DFL(nn.Module):
    """The expected distance, in cells, to each of the four sides: [N, 4*bins, H, W] -> [N, 4, H, W]."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(BINS, 1, 1, bias=False)
        self.conv.weight.data.copy_(torch.arange(BINS).view(1, BINS, 1, 1))

    def forward(self, boxes: Tensor) -> Tensor:
        probabilities = boxes.unflatten(1, (4, BINS)).softmax(dim=2)
        return (probabilities * self.conv.weight.unsqueeze(-1).transpose(1, 2)[:, 0, None]).sum(dim=2)


class Detect(nn.Module):
    """Both heads on three maps, and what the one-to-one head says in distances and scores."""

    def __init__(self, channels: tuple[int, ...], classes: int, training_too: bool) -> None:
        super().__init__()
        boxes = max(16, channels[0] // 4, 4 * BINS)
        scores = max(channels[0], min(classes, 100))

        def box_branches() -> nn.ModuleList:
            return nn.ModuleList(box_branch(c, boxes) for c in channels)

        def class_branches() -> nn.ModuleList:
            return nn.ModuleList(class_branch(c, scores, classes) for c in channels)

        self.cv2 = box_branches() if training_too else None
        self.cv3 = class_branches() if training_too else None
        self.one2one_cv2 = box_branches()
        self.one2one_cv3 = class_branches()
        self.dfl = DFL()

    def forward(self, maps: list[Tensor]) -> dict[str, Tensor]:
        outputs = {}
        for i, x in enumerate(maps):
            level = f"p{i + 3}"
            boxes, logits = self.one2one_cv2[i](x), self.one2one_cv3[i](x)
            outputs[f"distances_{level}"] = self.dfl(boxes)
            outputs[f"scores_{level}"] = logits.sigmoid()
            if self.cv2 is not None and self.cv3 is not None:
                outputs[f"one2one_{level}"] = torch.cat([boxes, logits], dim=1)
                outputs[f"one2many_{level}"] = torch.cat([self.cv2[i](x), self.cv3[i](x)], dim=1)
        return outputs


class YOLOv10N(nn.Module):
    """[N, 3, H, W] -> what `Detect` gives of maps at strides 8, 16 and 32."""

    def __init__(self, classes: int = 80, training_too: bool = True) -> None:
        super().__init__()
        steps: dict[int, nn.Module] = {
            0: Conv(3, 16, 3, 2),
            1: Conv(16, 32, 3, 2),
            2: C2f(32, 32, 1),
            3: Conv(32, 64, 3, 2),
            4: C2f(64, 64, 2),
            5: SCDown(64, 128),
            6: C2f(128, 128, 2),
            7: SCDown(128, 256),
            8: C2f(256, 256, 1),
            9: SPPF(256),
            10: PSA(256),
            13: C2f(384, 128, 1, shortcut=False),
            16: C2f(192, 64, 1, shortcut=False),
            17: Conv(64, 64, 3, 2),
            19: C2f(192, 128, 1, shortcut=False),
            20: SCDown(128, 128),
            22: C2f(384, 256, 1, compact=True),
            23: Detect((64, 128, 256), classes, training_too),
        }
        self.model = nn.ModuleDict({str(place): step for place, step in steps.items()})

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        def run(x: Tensor, *places: int) -> Tensor:
            for place in places:
                x = self.model[str(place)](x)
            return x

        def join(x: Tensor, *others: Tensor) -> Tensor:
            return torch.cat([x, *others], dim=1)

        p3 = run(image, 0, 1, 2, 3, 4)
        p4 = run(p3, 5, 6)
        p5 = run(p4, 7, 8, 9, 10)
        up4 = run(join(F.interpolate(p5, scale_factor=2.0), p4), 13)
        out3 = run(join(F.interpolate(up4, scale_factor=2.0), p3), 16)
        out4 = run(join(run(out3, 17), up4), 19)
        out5 = run(join(run(out4, 20), p5), 22)
        return self.model["23"]([out3, out4, out5])
