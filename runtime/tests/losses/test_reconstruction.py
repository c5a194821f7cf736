"""What a recipe's weights make of the losses: their terms and sum, what is refused, and its weights in others' conventions."""

from dataclasses import fields as fields_of
from types import SimpleNamespace
from typing import cast

import pytest
import torch
from losses.pairs import images
from torch import Tensor, nn

from litevae_runtime.common.errors import InputError
from litevae_runtime.losses.kl_conventions import kl_in_conventions
from litevae_runtime.losses.reconstruction import (
    ReconstructionLosses,
    gaussian,
    kl,
    l1,
    ldl,
    wavelet,
)
from litevae_runtime.nn.autoencoder import DiagonalGaussian
from litevae_runtime.recipe.fields import Gaussian, Losses, Recipe, Wavelet


def recipe(
    weights: dict[str, float],
    *,
    levels: int = 1,
    epsilon: float = 1e-3,
    taps: int = 5,
    sigma: float = 1.0,
    decay: float = 0.9,
) -> Recipe:
    """The fields that the losses read; weights that are not given are 0."""
    zeros = dict.fromkeys((field.name for field in fields_of(Losses)), 0.0)
    fields = SimpleNamespace(
        losses=Losses(**(zeros | weights)),
        wavelet=Wavelet(levels=levels, epsilon=epsilon),
        gaussian=Gaussian(taps=taps, sigma=sigma),  # type: ignore[arg-type]
        ema=SimpleNamespace(decay=decay),
        phases=(SimpleNamespace(resolution=24),),
    )
    return cast(Recipe, fields)


class Squares(nn.Module):
    """Stands for a perceptual network: mean squared difference of each sample."""

    def __init__(self) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.ones(1))

    def forward(self, x_hat: Tensor, x: Tensor) -> Tensor:
        assert not torch.is_autocast_enabled(x.device.type)
        return self.factor * (x_hat - x).square().mean(dim=(1, 2, 3))


# All terms together.


def posterior_of(count: int = 2) -> DiagonalGaussian:
    return DiagonalGaussian(torch.randn(count, 8, 2, 3, generator=torch.Generator().manual_seed(3)))


ALL = {"l1": 1.0, "perceptual": 2.0, "kl": 1e-3, "wavelet": 3.0, "gaussian": 0.5, "ldl": 4.0}


def test_gives_the_terms_that_have_a_weight_and_their_weighted_sum() -> None:
    x_hat, x = images()
    losses = ReconstructionLosses(recipe(ALL, levels=2, epsilon=0.1, taps=3, sigma=0.8), Squares())
    terms = losses(x_hat, x, posterior_of(), x)
    expected = {
        "l1": l1(x_hat, x),
        "perceptual": (x_hat - x).square().mean(),
        "kl": kl(posterior_of()),
        "wavelet": wavelet(x_hat, x, 2, 0.1),
        "gaussian": gaussian(x_hat, x, 3, 0.8),
        "ldl": ldl(x_hat, x, x),
    }
    assert list(terms) == list(expected)
    for name, value in expected.items():
        torch.testing.assert_close(terms[name], value)
    total = sum(ALL[name] * value.item() for name, value in expected.items())
    assert losses.total(terms).item() == pytest.approx(total)
    assert losses.needs_ema


@pytest.mark.parametrize("name", [name for name in ALL if name != "kl"])
def test_each_weight_alone_gives_its_term_alone(name: str) -> None:
    x_hat, x = images()
    x_hat.requires_grad_()
    losses = ReconstructionLosses(recipe({name: 0.5}), Squares())
    terms = losses(x_hat, x, posterior_of(), x)
    assert terms.keys() == {name}
    assert losses.total(terms).item() == pytest.approx(0.5 * terms[name].item())
    assert losses.needs_ema == (name == "ldl")
    [gradient] = torch.autograd.grad(losses.total(terms), x_hat)
    assert gradient.count_nonzero() > 0


def test_the_total_reaches_decoder_and_encoder() -> None:
    _, x = images(size=(24, 24))
    torch.manual_seed(0)
    encoder, decoder = nn.Conv2d(3, 8, 8, 8).double(), nn.ConvTranspose2d(4, 3, 8, 8).double()
    posterior = DiagonalGaussian(encoder(x))
    losses = ReconstructionLosses(recipe(ALL), Squares())
    terms = losses(decoder(posterior.mode()), x, posterior, torch.zeros_like(x))
    for name, term in terms.items():
        gradients = torch.autograd.grad(
            term, [encoder.weight, decoder.weight], retain_graph=True, allow_unused=True
        )
        seen = [gradient is not None and bool(gradient.count_nonzero()) for gradient in gradients]
        assert seen == [True, name != "kl"], name


def test_autocast_changes_neither_type_nor_value() -> None:
    torch.manual_seed(0)
    decoder = nn.Conv2d(3, 3, 3, padding=1)
    x = images(size=(24, 24))[1].float()
    losses = ReconstructionLosses(recipe(ALL), Squares())
    with torch.autocast("cpu", torch.bfloat16):
        x_hat, moments = decoder(x), decoder(x).repeat(1, 2, 1, 1)
        assert x_hat.dtype == moments.dtype == torch.bfloat16
        terms = losses(x_hat, x, DiagonalGaussian(moments), x)
    exact = losses(x_hat.double(), x.double(), DiagonalGaussian(moments.double()), x.double())
    for name, term in terms.items():
        assert term.dtype == torch.float32
        assert term.item() == pytest.approx(exact[name].item(), rel=1e-5), name
    losses.total(terms).backward()
    assert decoder.weight.grad is not None and decoder.weight.grad.count_nonzero() > 0


def test_small_differences_survive() -> None:
    x = torch.full((1, 3, 16, 16), 0.7)
    x_hat = x.clone()
    x_hat[..., ::2] += 1e-5
    d = (x_hat - x).max().item()
    # d²/2ε of sqrt(d² + ε²) − ε, in one band of three.
    assert wavelet(x_hat, x).item() == pytest.approx(d**2 / 2e-3 / 3, rel=1e-3)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_differences_of_half_precision_are_not_rounded(dtype: torch.dtype) -> None:
    x = torch.full((1, 1, 8, 8), 0.001, dtype=dtype)
    x_hat = torch.ones_like(x)
    assert l1(x_hat, x).item() == 1 - x[0, 0, 0, 0].double().item() != (x_hat - x).max().item()


def test_a_perceptual_network_without_weight_is_not_kept() -> None:
    losses = ReconstructionLosses(recipe({"l1": 1}), Squares())
    assert losses.perceptual is None and list(losses.parameters()) == []


def test_refuses_a_perceptual_weight_without_its_network() -> None:
    with pytest.raises(InputError) as error:
        ReconstructionLosses(recipe({"perceptual": 0.5}), None)
    assert str(error.value) == (
        "the perceptual loss has a weight and no network\n"
        "  found:    losses.perceptual = 0.5\n"
        "  help:     give the network of recipe.perceptual, or set losses.perceptual=0"
    )


def test_refuses_ldl_without_an_averaged_model() -> None:
    with pytest.raises(InputError) as error:
        ReconstructionLosses(recipe({"ldl": 1}, decay=0), None)
    assert str(error.value) == (
        "the LDL loss compares with the averaged model, and none is kept\n"
        "  found:    losses.ldl = 1 and ema.decay = 0\n"
        "  help:     set ema.decay=0.9999, or losses.ldl=0"
    )
    x_hat, x = images()
    with pytest.raises(InputError, match="needs the averaged model's reconstruction"):
        ReconstructionLosses(recipe({"ldl": 1}), None)(x_hat, x, posterior_of())


def test_refuses_a_resolution_that_the_wavelet_loss_cannot_halve() -> None:
    ReconstructionLosses(recipe({"wavelet": 1}, levels=3), None)
    with pytest.raises(InputError, match=r"multiples of 16\n  found:    phases\.0\.resolution = 24"):
        ReconstructionLosses(recipe({"wavelet": 1}, levels=4), None)


# The weight of the KL divergence, with the figures of arXiv:2405.14477 and latent diffusion.


def test_latent_diffusions_weight_in_three_conventions() -> None:
    found = kl_in_conventions(6.25e-8, nz=12, stride=8, resolution=256)
    assert found.per_element == 6.25e-8
    assert found.sum_beside_sum == pytest.approx(1e-6)
    assert found.sum_beside_mean == pytest.approx(6.25e-8 / (12 * 32 * 32))


@pytest.mark.parametrize(("resolution", "per_element"), [(128, 0.003), (256, 0.012)])
def test_a_summed_kl_beside_a_mean_l1_depends_on_the_resolution(resolution: int, per_element: float) -> None:
    exact = 1e-6 * 12 * (resolution // 8) ** 2
    assert round(exact, 3) == per_element
    assert kl_in_conventions(exact, 12, 8, resolution).sum_beside_mean == pytest.approx(1e-6)


def test_conventions_are_the_same_objective() -> None:
    x_hat, x = images(5, (16, 16))
    posterior = DiagonalGaussian(torch.randn(2, 6, 4, 4, generator=torch.Generator().manual_seed(0)).double())
    weights = kl_in_conventions(0.01, nz=3, stride=4, resolution=16, image_channels=5)
    ours = l1(x_hat, x) + weights.per_element * kl(posterior)
    sums = (x_hat - x).abs().sum(dim=(1, 2, 3)) + weights.sum_beside_sum * posterior.kl()
    mixed = l1(x_hat, x) + weights.sum_beside_mean * posterior.kl().mean()
    torch.testing.assert_close(sums.mean() / (5 * 16 * 16), ours)
    torch.testing.assert_close(mixed, ours)
    assert str(weights) == (
        "0.01 per latent element; 0.267 summed beside a summed ℓ1 (latent diffusion); 0.000208 summed beside a mean ℓ1"
    )
