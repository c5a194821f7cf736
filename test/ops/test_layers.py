"""What the runtime's layers do beyond computing the right numbers, which test/ops/ops.test.ts checks."""

from collections.abc import Callable

import pytest
import torch
from support.runtime import layers
from torch import Tensor, nn

Layer = Callable[[Tensor], Tensor]

BUILDERS: dict[str, Callable[[], Layer]] = {
    "SMCConv2d": lambda: layers.SMCConv2d(8, 6, 3, stride=2, padding=1),
    "SpectralConv2d": lambda: layers.SpectralConv2d(8, 6, 3, padding=1),
    "SpectralLinear": lambda: layers.SpectralLinear(8, 6),
    "ChannelLinear": lambda: layers.ChannelLinear(8, 6),
    "haar_dwt": lambda: layers.haar_dwt,
    "haar_idwt": lambda: layers.haar_idwt,
    "attention": lambda: lambda x: layers.attention(x, x, x, heads=2),
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
