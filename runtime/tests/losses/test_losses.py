"""The losses of the reconstruction and of the latent, against values computed another way."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
import pywt
import torch
from scipy.ndimage import correlate1d
from torch import Tensor, nn

from litevae_runtime.common.errors import InputError
from litevae_runtime.losses.reconstruction import (
    ReconstructionLosses,
    artefact_map,
    gaussian,
    kl,
    kl_in_conventions,
    l1,
    ldl,
    wavelet,
)
from litevae_runtime.nn.autoencoder import DiagonalGaussian
from litevae_runtime.recipe.fields import Gaussian, Losses, Recipe, Wavelet

Pair = tuple[Tensor, Tensor]


def images(channels: int = 3, size: tuple[int, int] = (16, 24), count: int = 2) -> Pair:
    """Two different batches in [-1, 1], in float64."""
    generator = torch.Generator().manual_seed(channels)
    shape = (count, channels, *size)
    x = torch.rand(shape, generator=generator, dtype=torch.float64) * 2 - 1
    return (x + 0.1 * torch.randn(shape, generator=generator, dtype=torch.float64)).clamp(-1, 1), x


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
    zeros = dict.fromkeys(("l1", "perceptual", "kl", "wavelet", "gaussian", "ldl"), 0.0)
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


# Values.


def test_l1_is_the_mean_absolute_error() -> None:
    x_hat = torch.tensor([1.0, -1.0, 0.5, 0.0]).view(1, 1, 2, 2)
    x = torch.tensor([0.0, -0.5, 0.5, 1.0]).view(1, 1, 2, 2)
    assert l1(x_hat, x).item() == (1.0 + 0.5 + 0.0 + 1.0) / 4


def test_kl_is_the_mean_of_torchs_own_divergence() -> None:
    moments = torch.randn(3, 8, 4, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    posterior = DiagonalGaussian(moments)
    standard = torch.distributions.Normal(torch.zeros_like(posterior.mean), torch.ones_like(posterior.mean))
    expected = torch.distributions.kl_divergence(
        torch.distributions.Normal(posterior.mean, posterior.std), standard
    ).mean()
    torch.testing.assert_close(kl(posterior), expected)
    # One element by hand: ½(2² + e¹ − 1 − 1).
    by_hand = kl(DiagonalGaussian(torch.tensor([2.0, 1.0]).view(1, 2, 1, 1))).item()
    assert by_hand == pytest.approx(0.5 * (4 + np.e - 2), rel=1e-6)


@pytest.mark.parametrize("levels", [1, 2, 3])
@pytest.mark.parametrize("channels", [1, 3, 5])
def test_wavelet_is_charbonnier_on_pywavelets_details(channels: int, levels: int) -> None:
    x_hat, x = images(channels)
    epsilon = 1e-2
    _, *details = pywt.wavedec2(x_hat.numpy(), "haar", level=levels, axes=(2, 3))
    _, *wanted = pywt.wavedec2(x.numpy(), "haar", level=levels, axes=(2, 3))
    means = [
        np.mean(np.sqrt((np.stack(found) - np.stack(other)) ** 2 + epsilon**2) - epsilon)
        for found, other in zip(details, wanted, strict=True)
    ]
    assert wavelet(x_hat, x, levels, epsilon).item() == pytest.approx(np.mean(means), rel=1e-10)


@pytest.mark.parametrize(("taps", "sigma"), [(5, 1.0), (3, 0.7), (11, 2.5)])
@pytest.mark.parametrize("channels", [1, 3, 5])
def test_gaussian_is_l1_of_what_scipys_filter_removes(channels: int, taps: int, sigma: float) -> None:
    x_hat, x = images(channels)
    reach = taps // 2
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel /= kernel.sum()

    def high_pass(image: Tensor) -> np.ndarray:
        low = correlate1d(image.numpy(), kernel, axis=2, mode="mirror")
        return image.numpy() - correlate1d(low, kernel, axis=3, mode="mirror")

    expected = np.abs(high_pass(x_hat) - high_pass(x)).mean()
    assert gaussian(x_hat, x, taps, sigma).item() == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("channels", [1, 3, 5])
def test_ldl_is_the_papers_formula_in_loops(channels: int) -> None:
    x_hat, x = images(channels, (8, 9))
    ema = x + 0.06 * torch.randn(x.shape, dtype=x.dtype, generator=torch.Generator().manual_seed(1))
    r1, r2 = (x_hat - x).numpy() / 2, (ema - x).numpy() / 2
    total, kept = 0.0, 0
    for n in range(x.shape[0]):
        padded = np.pad(r1[n], ((0, 0), (3, 3), (3, 3)), mode="reflect")
        patch = r1[n].var() ** 0.2
        for i in range(8):
            for j in range(9):
                if np.abs(r1[n, :, i, j]).mean() < np.abs(r2[n, :, i, j]).mean():
                    continue
                kept += 1
                local = np.mean([padded[c, i : i + 7, j : j + 7].var() for c in range(channels)])
                total += patch * local * np.abs(r1[n, :, i, j]).sum()
    assert 0 < kept < 2 * 8 * 9
    assert ldl(x_hat, x, ema).item() == pytest.approx(total / x.numel(), rel=1e-8)


# Equal images, and what a loss must or must not see.

LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "l1": l1,
    "wavelet": lambda x_hat, x: wavelet(x_hat, x, levels=2),
    "gaussian": gaussian,
    # An averaged model that is no better anywhere.
    "ldl": lambda x_hat, x: ldl(x_hat, x, x),
}


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("channels", [1, 3, 5])
def test_is_zero_for_equal_images_alone_and_its_gradient_reaches_every_pixel(
    name: str, channels: int
) -> None:
    x_hat, x = images(channels)
    assert LOSSES[name](x, x).item() == 0
    x_hat.requires_grad_()
    loss = LOSSES[name](x_hat, x)
    assert loss.item() > 0
    [gradient] = torch.autograd.grad(loss, x_hat)
    # Clamping to [-1, 1] left some pixels equal.
    assert (gradient[x_hat != x] != 0).all()


@pytest.mark.parametrize("name", LOSSES)
def test_a_step_against_the_gradient_lowers_the_loss(name: str) -> None:
    x_hat, x = images()
    x_hat.requires_grad_()
    loss = LOSSES[name](x_hat, x)
    [gradient] = torch.autograd.grad(loss, x_hat)
    step = 1e-3 * gradient / gradient.abs().max()
    assert LOSSES[name](x_hat - step, x) < loss < LOSSES[name](x_hat + step, x)


def test_gradients_are_those_of_finite_differences() -> None:
    x_hat, x = images(2, (8, 8), 1)
    x_hat.requires_grad_()
    assert torch.autograd.gradcheck(lambda y: wavelet(y, x, 3), x_hat)
    assert torch.autograd.gradcheck(lambda y: gaussian(y, x), x_hat)


def test_equal_images_give_a_gradient_of_zero_and_no_nan() -> None:
    _, x = images()
    x_hat = x.clone().requires_grad_()
    for loss in LOSSES.values():
        [gradient] = torch.autograd.grad(loss(x_hat, x), x_hat)
        assert gradient.count_nonzero() == 0


def test_kl_reaches_means_and_variances() -> None:
    moments = torch.tensor([0.5, -1.0]).view(1, 2, 1, 1).requires_grad_()
    [gradient] = torch.autograd.grad(kl(DiagonalGaussian(moments)), moments)
    torch.testing.assert_close(gradient.flatten(), torch.tensor([0.5, 0.5 * (np.exp(-1.0) - 1)]).float())
    assert kl(DiagonalGaussian(torch.zeros(1, 8, 2, 2))).item() == 0


ROWS = torch.tensor([1.0, -1.0]).view(1, 1, 2, 1)
COLUMNS = torch.tensor([1.0, -1.0]).view(1, 1, 1, 2)


@pytest.mark.parametrize("channel", range(3))
@pytest.mark.parametrize(
    "cell", [ROWS.expand(1, 1, 2, 2), COLUMNS.expand(1, 1, 2, 2), ROWS * COLUMNS], ids=["cH", "cV", "cD"]
)
def test_wavelet_and_gaussian_see_every_detail_of_every_channel(cell: Tensor, channel: int) -> None:
    x = torch.zeros(1, 3, 8, 8)
    x_hat = x.clone()
    x_hat[:, channel] = 0.1 * cell.repeat(1, 1, 4, 4)[:, 0]
    # One band of nine is 2·0.1 everywhere.
    assert wavelet(x_hat, x, epsilon=1e-6).item() == pytest.approx(0.2 / 9, rel=1e-4)
    assert gaussian(x_hat, x).item() > 0.5 * 0.1 / 3


def test_wavelet_and_gaussian_see_no_colour_cast() -> None:
    _, x = images()
    x_hat = x + torch.tensor([0.3, -0.2, 0.1]).double().view(1, 3, 1, 1)
    assert wavelet(x_hat, x, levels=3).item() == pytest.approx(0, abs=1e-12)
    assert gaussian(x_hat, x).item() == pytest.approx(0, abs=1e-12)
    assert l1(x_hat, x).item() == pytest.approx(0.2)


def test_every_level_of_the_wavelet_loss_counts() -> None:
    x = torch.zeros(1, 1, 8, 8)
    # Constant in cells of 2 × 2: only the second level and those above see it.
    coarse = (ROWS * COLUMNS).repeat(1, 1, 2, 2).repeat_interleave(2, 2).repeat_interleave(2, 3)
    assert wavelet(coarse, x, levels=1).item() == 0
    assert wavelet(coarse, x, levels=2).item() > 0


def test_the_artefact_map_is_detached_and_empty_where_the_model_beats_its_average() -> None:
    x_hat, x = images()
    x_hat.requires_grad_()
    residual = ((x_hat - x) / 2).detach()
    found = artefact_map(residual, torch.zeros_like(residual))
    [gradient] = torch.autograd.grad(ldl(x_hat, x, x), x_hat)
    torch.testing.assert_close(gradient, found * residual.sign() / 2 / x.numel())
    assert ldl(x_hat, x, x + 2 * (x_hat.detach() - x)).item() == 0


@pytest.mark.parametrize("name", LOSSES)
def test_does_not_change_with_batch_or_resolution(name: str) -> None:
    x_hat, x = images(size=(16, 16))
    loss = LOSSES[name](x_hat, x)
    torch.testing.assert_close(
        LOSSES[name](x_hat.repeat(3, 1, 1, 1), x.repeat(3, 1, 1, 1)), loss, msg="batch"
    )
    # Mirror images continue the reflected borders.
    tile = torch.cat([x_hat, x_hat.flip(3)], 3), torch.cat([x, x.flip(3)], 3)
    torch.testing.assert_close(LOSSES[name](*tile), loss, rtol=0.1, atol=0, msg="resolution")


@pytest.mark.parametrize("name", LOSSES)
def test_refuses_shapes_that_would_be_broadcast(name: str) -> None:
    x_hat, x = images()
    with pytest.raises(ValueError, match=r"not \[2, 1, 16, 24\] and \[2, 3, 16, 24\]"):
        LOSSES[name](x_hat[:, :1], x)


# Sizes that do not fit.


def test_wavelet_refuses_sizes_that_cannot_be_halved() -> None:
    x_hat, x = images(size=(16, 20))
    with pytest.raises(InputError) as error:
        wavelet(x_hat, x, levels=3)
    assert str(error.value) == (
        "the wavelet loss halves the sides of images 3 times\n"
        "  expected: sides that are multiples of 8\n"
        "  found:    16 × 20\n"
        "  help:     choose another resolution, or fewer wavelet.levels"
    )


@pytest.mark.parametrize(
    ("loss", "side"),
    [(lambda y, x: gaussian(y, x, taps=11), 5), (lambda y, x: ldl(y, x, x), 3)],
    ids=["gaussian", "ldl"],
)
def test_filters_refuse_images_smaller_than_their_reach(
    loss: Callable[[Tensor, Tensor], Tensor], side: int
) -> None:
    x = torch.zeros(1, 1, side, 16)
    with pytest.raises(InputError, match=f"sides above {side}"):
        loss(x, x)
    larger = torch.zeros(1, 1, side + 1, 17)
    assert loss(larger, larger).item() == 0


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


def test_refuses_a_recipe_that_compares_nothing() -> None:
    with pytest.raises(InputError) as error:
        ReconstructionLosses(recipe({"kl": 1}), None)
    assert str(error.value) == (
        "no loss compares reconstruction and image\n"
        "  expected: a weight above 0 besides losses.kl\n"
        "  found:    0 in every other field of losses\n"
        "  help:     set losses.l1=1"
    )


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
