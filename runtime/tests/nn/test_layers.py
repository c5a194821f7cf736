"""What the runtime's layers do beyond computing the right numbers, which test/ops/ops.test.ts checks."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from diffusers.models.normalization import RMSNorm
from torch import Tensor, nn

from litevae_runtime.nn import layers

Layer = Callable[[Tensor], Tensor]

BUILDERS: dict[str, Callable[[], Layer]] = {
    "SMCConv2d": lambda: layers.SMCConv2d(8, 6, 3, stride=2, padding=1),
    "SpectralConv2d": lambda: layers.SpectralConv2d(8, 6, 3, padding=1),
    "SpectralLinear": lambda: layers.SpectralLinear(8, 6),
    "ChannelLinear": lambda: layers.ChannelLinear(8, 6),
    "ChannelLayerNorm": lambda: layers.ChannelLayerNorm(8),
    "ChannelRMSNorm": lambda: layers.ChannelRMSNorm(8, bias=True),
    "StochasticDepth": lambda: layers.StochasticDepth(0.5),
    "EqualizedConv2d": lambda: layers.EqualizedConv2d(8, 6, 3, padding=1),
    "EqualizedLinear": lambda: layers.EqualizedLinear(8, 6),
    "blur": lambda: partial(layers.blur, stride=2, padding=2),
    "minibatch_stddev": lambda: layers.minibatch_stddev,
    "haar_dwt": lambda: layers.haar_dwt,
    "haar_idwt": lambda: layers.haar_idwt,
    "attention": lambda: lambda x: layers.attention(x, x, x, heads=2),
    "window_attention": lambda: lambda x: layers.window_attention(x, x, x, heads=2, window_size=2, shift=1),
    "grouped_split": lambda: lambda x: layers.grouped_split(x, (1, 3), 2)[1],
}
builders = pytest.mark.parametrize("build", BUILDERS.values(), ids=BUILDERS)

Spectral = layers.SpectralConv2d | layers.SpectralLinear
spectral = pytest.mark.parametrize(
    "make",
    [lambda: layers.SpectralConv2d(8, 6, 3, padding=1), lambda: layers.SpectralLinear(8, 6)],
    ids=["SpectralConv2d", "SpectralLinear"],
)


@pytest.fixture
def x() -> Tensor:
    torch.manual_seed(0)
    return torch.randn(2, 8, 6, 4)


def evaluating(build: Callable[[], Layer]) -> Layer:
    layer = build()
    return layer.eval() if isinstance(layer, nn.Module) else layer


@builders
def test_compiles_as_one_graph(build: Callable[[], Layer], x: Tensor) -> None:
    layer = evaluating(build)
    compiled = torch.compile(layer, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(x), layer(x))


@builders
def test_takes_channels_last(build: Callable[[], Layer], x: Tensor) -> None:
    layer = evaluating(build)
    torch.testing.assert_close(layer(x.to(memory_format=torch.channels_last)), layer(x))


@builders
def test_runs_under_autocast(build: Callable[[], Layer], x: Tensor) -> None:
    layer = evaluating(build)
    with torch.autocast("cpu", torch.bfloat16):
        y = layer(x)
    torch.testing.assert_close(y.float(), layer(x), rtol=0.02, atol=0.05)


@builders
def test_gradients_are_right(build: Callable[[], Layer], x: Tensor) -> None:
    layer = evaluating(build)
    if isinstance(layer, nn.Module):
        layer.double()
    assert torch.autograd.gradcheck(layer, x.double()[:1, :, :2, :2].requires_grad_(), fast_mode=True)


def test_smc_filters_are_normalised_in_float32_under_autocast() -> None:
    layer = layers.SMCConv2d(8, 6, 3)
    with torch.autocast("cpu", torch.bfloat16):
        weight = layer.modulated_weight()
    assert torch.equal(weight, layer.modulated_weight())


@spectral
def test_a_training_forward_takes_one_power_iteration_and_an_eval_forward_none(
    make: Callable[[], Spectral], x: Tensor
) -> None:
    layer = make()
    assert list(layer.state_dict()) == ["weight", "bias", "u", "v"]
    with torch.no_grad():
        layer.weight.copy_(torch.randn_like(layer.weight))
    matrix, u, v = layer.weight.detach().flatten(1), layer.u.clone(), layer.v.clone()

    layer.eval()(x)
    assert torch.equal(layer.u, u) and torch.equal(layer.v, v)

    layer.train()(x)
    right = nn.functional.normalize(matrix.T @ u, dim=0)
    torch.testing.assert_close(layer.v, right)
    torch.testing.assert_close(layer.u, nn.functional.normalize(matrix @ right, dim=0))


@spectral
def test_two_training_forwards_precede_their_backward(make: Callable[[], Spectral], x: Tensor) -> None:
    layer = make()
    (layer(x).mean() - layer(-x).mean()).backward()
    assert layer.weight.grad is not None


@spectral
def test_fifteen_iterations_at_the_start(make: Callable[[], Spectral]) -> None:
    torch.manual_seed(1)
    layer = make()
    matrix = layer.weight.detach().flatten(1)
    ratio = (layer.u @ matrix @ layer.v) / torch.linalg.matrix_norm(matrix, 2)
    assert 0.9 < ratio <= 1 + 1e-6


@pytest.mark.parametrize(
    "make", [lambda: layers.EqualizedConv2d(64, 128, 3), lambda: layers.EqualizedLinear(256, 128)]
)
def test_equalised_layers_start_at_deviation_1_and_keep_it(
    make: Callable[[], nn.Conv2d | nn.Linear],
) -> None:
    torch.manual_seed(2)
    layer = make()
    assert abs(layer.weight.std().item() - 1) < 0.02
    assert layer.bias is not None and not layer.bias.any()
    size = (4, 64, 12, 12) if isinstance(layer, nn.Conv2d) else (64, 256)
    assert abs(layer(torch.randn(size)).std().item() - 1) < 0.05


@pytest.mark.parametrize(("stride", "padding"), [(1, 2), (2, 1), (1, 0)])
def test_blur_is_the_binomial_filter(stride: int, padding: int, x: Tensor) -> None:
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0])
    kernel = torch.outer(taps, taps).expand(8, 1, 4, 4) / 64
    wanted = F.conv2d(x, kernel, stride=stride, padding=padding, groups=8)
    torch.testing.assert_close(layers.blur(x, stride, padding), wanted)


def test_minibatch_stddev_is_the_mean_deviation_of_every_group() -> None:
    x = torch.randn(8, 3, 2, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    y = layers.minibatch_stddev(x, group=4)
    assert torch.equal(y[:, :3], x)
    for members in ([0, 1, 2, 3], [4, 5, 6, 7]):
        deviation = np.sqrt(np.var(x[members].numpy(), axis=0) + 1e-8).mean()
        torch.testing.assert_close(y[members, 3], torch.full((4, 2, 5), deviation, dtype=torch.float64))


@pytest.mark.parametrize(("images", "size"), [(1, 1), (2, 2), (3, 3), (5, 1), (6, 3), (12, 4)])
def test_groups_are_the_largest_that_divide_the_batch(images: int, size: int) -> None:
    x = torch.randn(images, 3, 4, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(4))
    assert torch.equal(layers.minibatch_stddev(x, group=4), layers.minibatch_stddev(x, group=size))
    if size == 1:
        torch.testing.assert_close(
            layers.minibatch_stddev(x)[:, 3], torch.full((images, 4, 4), 1e-4).double()
        )


@pytest.mark.parametrize("bias", [True, False])
def test_rms_norm_is_that_of_diffusers_with_its_keys(bias: bool, x: Tensor) -> None:
    reference = RMSNorm(8, eps=1e-5, bias=bias)
    for parameter in reference.parameters():
        nn.init.normal_(parameter)
    layer = layers.ChannelRMSNorm(8, bias=bias)
    layer.load_state_dict(reference.state_dict(), strict=True)
    torch.testing.assert_close(layer(x), reference(x.movedim(1, -1)).movedim(-1, 1))
    torch.testing.assert_close(layer(x[:, :, 0, 0]), reference(x[:, :, 0, 0]))


def test_rms_norm_of_large_values_in_half_precision(x: Tensor) -> None:
    y = layers.ChannelRMSNorm(8)((1000 * x).half())
    assert y.dtype == torch.float16
    torch.testing.assert_close(y.float(), layers.ChannelRMSNorm(8)(1000 * x), rtol=2e-3, atol=2e-3)


def test_a_parameter_counts_in_steps() -> None:
    counted = layers.parameter((2, 3, 1), 0.5, distribution="arange")
    torch.testing.assert_close(counted.detach().flatten(), torch.tensor([0.0, 0.5, 1.0, 1.5, 2.0, 2.5]))
    assert counted.requires_grad


def test_rounding_passes_gradients_through() -> None:
    x = torch.tensor([-2.5, -0.5, 0.3, 0.5, 1.5, 2.7], requires_grad=True)
    y = layers.round_ste(x)
    assert y.tolist() == [-2, 0, 0, 0, 2, 3]
    (y * torch.arange(6)).sum().backward()
    assert x.grad is not None and x.grad.tolist() == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("shape", [(4000, 2), (4000, 2, 1, 3)])
def test_stochastic_depth_drops_whole_images_and_keeps_the_mean(shape: tuple[int, ...]) -> None:
    torch.manual_seed(5)
    y = layers.StochasticDepth(0.25).train()(torch.ones(shape)).flatten(1)
    assert set(y.unique().tolist()) == {0, torch.tensor(4 / 3).item()}
    assert torch.equal(y.amin(1), y.amax(1))
    assert abs((y[:, 0] == 0).float().mean().item() - 0.25) < 0.03


def test_stochastic_depth_at_rate_1_leaves_nothing(x: Tensor) -> None:
    assert not layers.StochasticDepth(1).train()(x).any()


@pytest.mark.parametrize("levels", [[2], [3, 4], [8, 5, 5, 5]])
def test_fsq_gives_each_channel_its_levels(levels: list[int]) -> None:
    sweep = torch.linspace(-6, 6, 4001)
    x = sweep[:, None, None, None].expand(-1, len(levels), 1, 1).clone().requires_grad_()
    y = layers.fsq(x, levels)
    for channel, count in enumerate(levels):
        values = y[:, channel, 0, 0].detach()
        wanted = (torch.arange(count) - count // 2) / (count // 2)
        torch.testing.assert_close(values.unique(), wanted, rtol=0, atol=1e-6)
        assert (values.diff() >= -1e-6).all()
        # 0 lies in the middle of a level, which is 0.
        assert values[2000] == 0 and values[1990] == 0 and values[2010] == 0
    (gradient,) = torch.autograd.grad(y.sum(), x)
    # Where tanh is not 1 in float32.
    assert (gradient[sweep.abs() < 3] > 0).all()
    half = layers.fsq(x.detach().half(), levels)
    assert half.dtype == torch.float16
    torch.testing.assert_close(half.float(), layers.fsq(x.detach().half().float(), levels), rtol=0, atol=1e-3)
