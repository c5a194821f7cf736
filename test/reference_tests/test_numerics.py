"""The pieces of the reference against other implementations, direct loops and the rules on keys."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import pywt
import torch
from reference import NAMES, build, randomize
from reference.build import NETWORKS, Part
from reference.haar import haar, haar_inverse, haar_levels
from reference.litevae import group_norm
from reference.smc import SMConv2d
from reference.spectral import SpectralConv2d
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import parametrizations

# Small, but with at least two channels in every norm group: one alone would hide the bias before it.
TINY_UNETS: dict[str, Any] = {"extractor": (8, (1, 2)), "aggregator": (16, (1, 2))}
SMALL: list[tuple[str, Part, dict[str, Any], tuple[int, int, int, int]]] = [
    ("s", "encoder", TINY_UNETS, (2, 3, 64, 32)),
    (
        "s",
        "encoder",
        TINY_UNETS | {"image_channels": 1, "latent_channels": 2, "quant_conv": True},
        (2, 1, 32, 64),
    ),
    (
        "sd-vae",
        "encoder",
        {"base": 64, "multipliers": (1, 2), "blocks": 1, "quant_conv": True},
        (2, 3, 8, 16),
    ),
    ("b", "decoder", {"base": 64, "multipliers": (1, 2), "post_quant_conv": True}, (2, 12, 8, 4)),
    ("nano", "decoder", {}, (1, 12, 4, 4)),
    (
        "s-smc",
        "decoder",
        {"base": 64, "multipliers": (1, 2), "attention": True, "image_channels": 4},
        (1, 12, 8, 8),
    ),
    ("unet", "discriminator", {"base": 16}, (2, 3, 128, 64)),
    ("unet", "discriminator", {"base": 8, "levels": 5, "reduction": "mean"}, (2, 3, 64, 64)),
    ("patchgan", "discriminator", {"base": 16}, (2, 3, 64, 32)),
]


def outputs(module: nn.Module, x: Tensor) -> list[Tensor]:
    with torch.no_grad():
        y = module(x)
    if isinstance(y, dict):
        return list(y.values())
    return list(y) if isinstance(y, tuple) else [y]


def image(shape: tuple[int, ...], seed: int) -> Tensor:
    """Uniform noise in [-1, 1] over coarse blocks: white noise alone does not survive six poolings."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand((*shape[:2], 2, 2), generator=generator)
    fine = torch.rand(shape, generator=generator)
    return F.interpolate(coarse, shape[2:]) + fine - 1


@pytest.mark.parametrize("channels", [1, 3])
def test_haar_is_that_of_pywavelets(channels: int) -> None:
    image = torch.rand(2, channels, 32, 48, dtype=torch.float64)
    low = image.numpy()
    for bands in haar_levels(image, 3):
        low, details = pywt.dwt2(low, "haar")
        np.testing.assert_allclose(bands.numpy(), np.concatenate([low, *details], axis=1), atol=1e-14)


def test_haar_inverse_reconstructs() -> None:
    image = torch.rand(2, 3, 32, 48)
    torch.testing.assert_close(haar_inverse(haar(image)), image, rtol=0, atol=1e-6)


def test_smc_is_equation_3() -> None:
    conv = SMConv2d(3, 4).double()
    randomize(conv, 0)
    weight, scale = conv.weight.detach().numpy(), conv.scale.detach().numpy()
    expected = np.zeros_like(weight)
    for j in range(4):
        energy = 1e-8
        for i in range(3):
            for k in range(9):
                energy += (scale[i] * weight[j, i, k // 3, k % 3]) ** 2
        for i in range(3):
            for k in range(9):
                value = conv.gain.item() * scale[i] * weight[j, i, k // 3, k % 3] / energy**0.5
                expected[j, i, k // 3, k % 3] = value
    np.testing.assert_allclose(conv.modulated_weight().detach().numpy(), expected, rtol=1e-12)
    x = torch.randn(2, 3, 5, 6, dtype=torch.float64)
    torch.testing.assert_close(conv(x), F.conv2d(x, torch.from_numpy(expected), conv.bias, padding=1))


def test_spectral_norm_is_that_of_torch() -> None:
    ours = SpectralConv2d(3, 5).double()
    randomize(ours, 0)
    theirs = parametrizations.spectral_norm(nn.Conv2d(3, 5, 3, padding=1).double(), eps=1e-12)
    state = ours.state_dict()
    norm = "parametrizations.weight"
    theirs.load_state_dict(
        {
            "bias": state["bias"],
            f"{norm}.original": state["weight"],
            f"{norm}.0._u": state["u"],
            f"{norm}.0._v": state["v"],
        }
    )
    x = torch.randn(2, 3, 6, 6, dtype=torch.float64)
    torch.testing.assert_close(ours.eval()(x), theirs.eval()(x))
    before = ours.get_buffer("u").clone()
    ours(x)
    torch.testing.assert_close(ours.get_buffer("u"), before, rtol=0, atol=0)


def test_a_training_forward_is_one_power_iteration_and_two_backpropagate() -> None:
    conv = SpectralConv2d(3, 5).double()
    randomize(conv, 0)
    matrix, u = conv.weight.detach().flatten(1).numpy(), conv.get_buffer("u").numpy().copy()
    x = torch.randn(1, 3, 6, 6, dtype=torch.float64)
    first = conv(x)
    v = matrix.T @ u / np.linalg.norm(matrix.T @ u)
    u = matrix @ v / np.linalg.norm(matrix @ v)
    np.testing.assert_allclose(conv.get_buffer("u").numpy(), u)
    np.testing.assert_allclose(conv.get_buffer("v").numpy(), v)
    (first + conv(x)).sum().backward()
    assert conv.weight.grad is not None and conv.weight.grad.isfinite().all()


@pytest.mark.parametrize(("channels", "groups"), [(16, 4), (32, 8), (48, 12), (96, 24), (160, 32), (64, 16)])
def test_group_counts(channels: int, groups: int) -> None:
    assert group_norm(channels).num_groups == groups


def test_logvar_is_clamped() -> None:
    part = build("vae-small", "encoder", base=32, multipliers=(1, 1))
    conv = part.get_submodule("encoder.conv_out")
    assert isinstance(conv, nn.Conv2d) and conv.bias is not None
    with torch.no_grad():
        conv.bias.copy_(torch.tensor([99.0] * 4 + [99.0, -99.0] * 2))
        mean, logvar = part(torch.zeros(1, 3, 16, 16))
    assert mean.min() > 90
    assert logvar.amax() == 20 and logvar.amin() == -30


@pytest.mark.parametrize(("name", "part", "options", "shape"), SMALL)
def test_randomized_outputs_are_tame_and_agree_in_float64(
    name: str, part: Part, options: dict[str, Any], shape: tuple[int, int, int, int]
) -> None:
    module = build(name, part, **options).eval()
    randomize(module, 1)
    x, other = image(shape, 0), image(shape, 1)
    single, changed = outputs(module, x), outputs(module, other)
    double = outputs(module.double(), x.double())
    for y, y64, y_other in zip(single, double, changed, strict=True):
        assert 0.01 < y64.abs().max() < 50
        assert y64.dtype == torch.float64 and (y - y64).abs().max() < 5e-5
        assert (y - y_other).abs().max() > 1e-3, "the image shows in the output"


@pytest.mark.parametrize(("name", "part", "options", "shape"), SMALL)
def test_randomize_lets_every_tensor_show(
    name: str, part: Part, options: dict[str, Any], shape: tuple[int, int, int, int]
) -> None:
    module = build(name, part, **options).eval()
    fresh = {key: value.clone() for key, value in module.state_dict().items()}
    randomize(module, 1)
    x = image(shape, 0)
    reference = outputs(module, x)
    for key, tensor in module.state_dict().items():
        assert (tensor != fresh[key]).float().mean() > 0.9 or tensor.abs().item() == 1, key
        if key.endswith(("to_k.bias", "num_batches_tracked")):
            continue
        kept = tensor.clone()
        tensor.copy_(kept.flatten().roll(1).view_as(kept) if kept.numel() > 1 else kept * 1.2)
        moved = max((a - b).abs().max().item() for a, b in zip(reference, outputs(module, x), strict=True))
        tensor.copy_(kept)
        assert moved > 1e-4, key


def test_randomize_repeats_and_is_the_same_in_both_precisions() -> None:
    for name, part in (("nano", "decoder"), ("unet", "discriminator")):
        states = []
        change: Callable[[nn.Module], nn.Module]
        for change in (nn.Module.float, nn.Module.double):
            module = change(build(name, part, base=16))  # type: ignore[arg-type]
            randomize(module, 5)
            states.append(module.state_dict())
        assert all(torch.equal(states[0][key].double(), states[1][key]) for key in states[0])


def own(part: nn.Module, path: str) -> set[str]:
    return {key.removeprefix(f"{path}.") for key in part.state_dict() if key.startswith(f"{path}.")}


def test_keys() -> None:
    norms, convs = [
        {f"{kind}{i}.{leaf}" for i in (1, 2) for leaf in ("weight", "bias")} for kind in ("norm", "conv")
    ]
    with torch.device("meta"):
        encoder = build("s", "encoder", quant_conv=True)
        assert own(encoder, "quant_conv") == {"weight", "bias"}
        assert own(encoder, "encoder.extractors.2.down.0") == norms | convs
        assert own(encoder, "encoder.aggregator.up.5") == norms | convs | {"shortcut.weight", "shortcut.bias"}
        children = {key.split(".")[0] for key in own(encoder, "encoder.aggregator")}
        assert children == {"conv_in", "down", "mid", "up", "conv_out"}

        encoder = build("sd-vae", "encoder")
        assert own(encoder, "encoder.down_blocks.2.downsamplers.0") == {"conv.weight", "conv.bias"}
        assert not own(encoder, "encoder.down_blocks.3.downsamplers")
        assert own(encoder, "encoder.mid_block.resnets.1") == norms | convs
        attention = {"group_norm", "to_q", "to_k", "to_v", "to_out.0"}
        leaves = {f"{layer}.{leaf}" for layer in attention for leaf in ("weight", "bias")}
        assert own(encoder, "encoder.mid_block.attentions.0") == leaves
        assert encoder.get_parameter("encoder.mid_block.attentions.0.to_out.0.weight").shape == (512, 512)

        decoder = build("b", "decoder")
        shortcut = {"conv_shortcut.weight", "conv_shortcut.bias"}
        assert own(decoder, "decoder.up_blocks.2.resnets.0") == norms | convs | shortcut
        assert own(decoder, "decoder.up_blocks.2.upsamplers.0") == {"conv.weight", "conv.bias"}
        assert own(decoder, "decoder.conv_norm_out") == {"weight", "bias"}

        decoder = build("b-smc", "decoder")
        smc = convs | {f"conv{i}.{leaf}" for i in (1, 2) for leaf in ("scale", "gain")}
        assert own(decoder, "decoder.up_blocks.2.resnets.0") == smc | shortcut
        assert decoder.get_parameter("decoder.up_blocks.2.resnets.0.conv1.scale").shape == (512,)
        assert decoder.get_parameter("decoder.up_blocks.2.resnets.0.conv1.gain").shape == (1,)
        assert not [key for key in decoder.state_dict() if "norm" in key or "attention" in key]
        assert own(build("b-smc", "decoder", attention=True), "decoder.mid_block.attentions.0") == leaves

    unet = build("unet", "discriminator", base=8)
    spectral = {"weight", "bias", "u", "v"}
    block = {f"{layer}.{leaf}" for layer in ("conv1", "conv2", "shortcut") for leaf in spectral}
    assert own(unet, "discriminator.down.0") == own(unet, "discriminator.up.5") == block
    assert own(unet, "discriminator.to_global") == spectral
    assert own(unet, "discriminator.to_pixel") == {"weight", "bias"}
    conv = unet.get_submodule("discriminator.down.1.conv1")
    assert conv.get_buffer("u").shape == (16,) and conv.get_buffer("v").shape == (72,)

    patchgan = build("patchgan", "discriminator")
    statistics = {"running_mean", "running_var", "num_batches_tracked"}
    norm = {f"norm.{leaf}" for leaf in {"weight", "bias"} | statistics}
    assert own(patchgan, "discriminator.blocks.1") == {"conv.weight"} | norm
    assert (
        own(patchgan, "discriminator.conv_in")
        == own(patchgan, "discriminator.conv_out")
        == {"weight", "bias"}
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_name_builds_and_has_the_right_shapes(name: str) -> None:
    image = torch.empty(2, 3, 128, 64, device="meta")
    discriminators = {"unet": (128, 64), "patchgan": (14, 6), "stylegan": (13, 5)}
    with torch.device("meta"):
        if name in discriminators:
            options: dict[str, int] = {"resolution": 32} if name == "stylegan" else {}
            logits = build(name, "discriminator", **options)(image)
            assert logits["pixel_logits"].shape == (2, 1, *discriminators[name])
            assert list(logits) == ["pixel_logits", "global_logit"][: 2 if name == "unet" else 1]
            return
        if name in NETWORKS:
            detected = build(name, "network")(image)
            assert {output: y.shape for output, y in detected.items() if output.endswith("p5")} == {
                "distances_p5": (2, 4, 4, 2),
                "scores_p5": (2, 80, 4, 2),
                **(
                    {}
                    if name.endswith("inference")
                    else dict.fromkeys(("one2one_p5", "one2many_p5"), (2, 144, 4, 2))
                ),
            }
            return
        mean, logvar = build(name, "encoder")(image)
        latent_channels = 4 if name in ("sd-vae", "vae-small") else 12
        assert mean.shape == logvar.shape == (2, latent_channels, 16, 8)
        assert build(name, "decoder")(mean).shape == image.shape


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match="no encoder is named 'unet': one of s, b, m, l, s-smc"):
        build("unet", "encoder")
