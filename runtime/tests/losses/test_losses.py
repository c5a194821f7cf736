"""The losses of the reconstruction and of the latent, against values computed another way."""

from collections.abc import Callable

import numpy as np
import pytest
import pywt
import torch
from losses.pairs import images
from scipy.ndimage import correlate1d
from torch import Tensor

from litevae_runtime.common.errors import InputError
from litevae_runtime.losses.reconstruction import (
    artefact_map,
    gaussian,
    kl,
    l1,
    ldl,
    wavelet,
)
from litevae_runtime.nn.autoencoder import DiagonalGaussian

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
