"""The exact parameter and MAC counts of arXiv:2405.14477, as restated in the project's table of facts."""

from typing import Any

import pytest
import torch
from reference.build import Part, build
from reference.count import count, count_macs, count_params
from reference.litevae import UNet
from reference.yolov10 import LargeKernel
from torch import Tensor, nn


@pytest.mark.parametrize(
    ("name", "latent_channels", "params"),
    [
        # A 12-channel output, which Tables 2 and 3 count, is that of six latent channels.
        ("s", 6, 1_036_272),
        ("b", 6, 6_751_792),
        ("m", 6, 32_751_280),
        ("l", 6, 41_424_688),
        ("s", 4, 1_035_692),
        ("b", 4, 6_750_636),
        ("m", 4, 32_750_124),
        ("l", 4, 41_422_380),
        ("s", 12, 1_038_012),
        ("b", 12, 6_755_260),
        ("m", 12, 32_754_748),
        ("l", 12, 41_431_612),
        ("sd-vae", 4, 34_163_592),
        ("vae-small", 4, 6_743_624),
    ],
)
def test_encoder_params(name: str, latent_channels: int, params: int) -> None:
    assert count(name, "encoder", latent_channels)[0] == params


def test_unets_of_b_params() -> None:
    assert count_params(UNet(36, 12, 32, (1, 2, 3))) == 1_693_132  # Table 20: 1.69 M
    assert count_params(UNet(12, 12, 32, (1, 2, 3))) == 1_686_220


@pytest.mark.parametrize(
    ("name", "latent_channels", "attention", "params"),
    [
        ("b", 4, None, 49_490_179),
        ("b", 12, None, 49_527_043),
        ("sd-vae", 4, None, 49_490_179),
        ("b-smc", 4, None, 48_427_423),
        ("b-smc", 12, None, 48_464_287),
        ("b-smc", 4, True, 49_479_071),
        ("b-smc", 12, True, 49_515_935),
    ],
)
def test_decoder_params(name: str, latent_channels: int, attention: bool | None, params: int) -> None:
    with torch.device("meta"):
        part = build(name, "decoder", latent_channels=latent_channels, attention=attention)
    assert count_params(part) == params


def test_sd_vae_file_params() -> None:
    with torch.device("meta"):
        encoder = build("sd-vae", "encoder", quant_conv=True)
        decoder = build("sd-vae", "decoder", post_quant_conv=True)
    assert count_params(encoder) == 34_163_592 + 72
    assert count_params(decoder) == 49_490_179 + 20
    assert count_params(encoder) + count_params(decoder) == 83_653_863


def test_nano_params() -> None:
    assert count("nano", "encoder", 12)[0] + count("nano", "decoder", 12)[0] == 2_754_403


@pytest.mark.parametrize(
    ("levels", "base", "params"),
    [
        (6, 16, 2_757_058),
        (6, 32, 11_020_674),
        (6, 64, 44_067_586),
        (5, 16, 1_969_858),
        (5, 32, 7_873_410),
        (5, 64, 31_481_602),
    ],
)
def test_unet_discriminator_params(levels: int, base: int, params: int) -> None:
    assert count("unet", "discriminator", levels=levels, base=base)[0] == params


@pytest.mark.parametrize(
    ("resolution", "base", "most", "params"),
    [(256, None, 512, 28_864_129), (128, None, 512, 28_389_121), (256, 64, 512, 24_001_089)],
)
def test_stylegan_params(resolution: int, base: int | None, most: int, params: int) -> None:
    with torch.device("meta"):
        part = build("stylegan", "discriminator", resolution=resolution, base=base, most=most)
    assert count_params(part) == params


def test_patchgan_params() -> None:
    assert count("patchgan", "discriminator")[0] == 2_765_633


@pytest.mark.parametrize(
    ("name", "params", "fused", "gflops"),
    [
        # Both heads: 2,775,520 in a summary by its authors (THU-MIG/yolov10#226), 2,762,608 after fusing (#503).
        ("yolov10n", 2_775_520, 2_762_608, "8.627"),
        # The one-to-one head alone: 2.3 M and 6.7 GFLOPs in Table 1.
        ("yolov10n-inference", 2_310_624, 2_299_264, "6.758"),
    ],
)
def test_yolov10n(name: str, params: int, fused: int, gflops: str) -> None:
    with torch.device("meta"):
        network = build(name, "network")
    assert count_params(network) == params
    # A norm becomes the bias of the convolution before it, and a 3x3 kernel a part of the 7x7 one beside it.
    norms = sum(norm.num_features for norm in network.modules() if isinstance(norm, nn.BatchNorm2d))
    small = [block.conv1 for block in network.modules() if isinstance(block, LargeKernel)]
    assert params - norms - sum(conv.conv.weight.numel() + conv.bn.num_features for conv in small) == fused
    assert f"{2 * count_macs(network, (1, 3, 640, 640)) / 1e9:.3f}" == gflops


@pytest.mark.parametrize(
    ("name", "latent_channels", "gmacs"),
    [
        ("s", 12, "5.758"),
        ("b", 12, "37.837"),
        ("m", 12, "223.990"),
        ("l", 12, "232.865"),
        ("sd-vae", 4, "136.361"),
    ],
)
def test_encoder_gmacs(name: str, latent_channels: int, gmacs: str) -> None:
    assert f"{count(name, 'encoder', latent_channels)[1] / 1e9:.3f}" == gmacs


@pytest.mark.parametrize(
    ("name", "part", "options", "shape"),
    [
        ("b", "encoder", {}, (1, 3, 64, 64)),
        ("sd-vae", "encoder", {}, (1, 3, 64, 64)),
        ("b", "decoder", {}, (1, 12, 8, 8)),
        ("nano", "decoder", {}, (1, 12, 8, 8)),
        ("unet", "discriminator", {"base": 16}, (1, 3, 64, 64)),
        ("patchgan", "discriminator", {}, (1, 3, 64, 64)),
    ],
)
def test_counted_macs_are_those_of_convolutions_linear_layers_and_attention(
    name: str, part: Part, options: dict[str, Any], shape: tuple[int, int, int, int]
) -> None:
    with torch.device("meta"):
        module = build(name, part, **options).eval()
    counted = count_macs(module, shape)
    total = 0

    def add(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal total
        if isinstance(layer, nn.Conv2d | nn.Linear):
            total += output.numel() * layer.weight[0].numel()
        else:  # The attention: QKᵀ, then its product with V.
            _, channels, height, width = output.shape
            total += 2 * (height * width) ** 2 * channels

    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear) or type(layer).__name__ == "Attention":
            layer.register_forward_hook(add)
    module(torch.empty(shape, device="meta"))
    assert counted == total
