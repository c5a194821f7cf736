"""PSNR and SSIM against scikit-image, MMD against a double loop, imbalance and rFID against known answers."""

import math

import pytest
import torch
from evaluation.photographs import photographs
from litevae_runtime.evaluation.images import spread
from litevae_runtime.metrics.imbalance import (
    FeatureMaps,
    imbalance,
    imbalance_grid,
    last_block,
    position_strengths,
)
from litevae_runtime.metrics.mmd import SIGMAS, mmd2, mmd2_to_gaussian
from litevae_runtime.metrics.psnr import psnr
from litevae_runtime.metrics.ssim import ssim
from litevae_runtime.nn.autoencoder import AutoencoderBase
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from torch import Tensor, nn

__all__ = ["photographs"]


class TestPixels:
    def test_ssim_is_scikit_images(self, photographs: tuple[Tensor, Tensor]) -> None:
        x, y = photographs
        found = ssim(y, x)
        for i in range(3):
            a, b = (((image[i] + 1) / 2).permute(1, 2, 0).double().numpy() for image in (y, x))
            wanted = structural_similarity(
                a,
                b,
                gaussian_weights=True,
                sigma=1.5,
                use_sample_covariance=False,
                data_range=1.0,
                channel_axis=-1,
            )
            assert found[i].item() == pytest.approx(wanted, abs=1e-9)
            assert 0.2 < wanted < 0.99

    def test_psnr_is_scikit_images(self, photographs: tuple[Tensor, Tensor]) -> None:
        x, y = photographs
        for i, value in enumerate(psnr(y, x).tolist()):
            a, b = (((image[i] + 1) / 2).double().numpy() for image in (y, x))
            assert value == pytest.approx(peak_signal_noise_ratio(b, a, data_range=1.0), abs=1e-4)

    def test_equal_images(self, photographs: tuple[Tensor, Tensor]) -> None:
        x, _ = photographs
        torch.testing.assert_close(ssim(x, x), torch.ones(3, dtype=torch.float64), rtol=0, atol=1e-12)
        assert torch.isinf(psnr(x, x)).all()

    def test_what_lies_outside_of_the_range_is_clamped(self, photographs: tuple[Tensor, Tensor]) -> None:
        x, y = photographs
        assert torch.equal(ssim(y * 3, x), ssim((y * 3).clamp(-1, 1), x))

    @pytest.mark.parametrize("channels", [1, 4])
    def test_ssim_takes_any_channels_and_sides_of_11(self, channels: int) -> None:
        x = torch.rand(2, channels, 11, 11) * 2 - 1
        y = torch.rand(2, channels, 11, 11) * 2 - 1
        each = torch.stack([ssim(x[:, i : i + 1], y[:, i : i + 1]) for i in range(channels)])
        torch.testing.assert_close(ssim(x, y), each.mean(dim=0))


class TestMmd:
    @staticmethod
    def _direct(x: Tensor, y: Tensor, sigma: float) -> float:
        def kernel(a: Tensor, b: Tensor) -> float:
            return math.exp(-(a - b).square().sum().item() / (2 * sigma**2))

        n, m = len(x), len(y)
        xs = sum(kernel(x[i], x[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
        ys = sum(kernel(y[i], y[j]) for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
        return xs + ys - 2 * sum(kernel(a, b) for a in x for b in y) / (n * m)

    @pytest.mark.parametrize("rows", [1, 3, 4, 100])
    def test_it_is_the_double_loop(self, rows: int) -> None:
        generator = torch.Generator().manual_seed(1)
        x = torch.randn(7, 5, generator=generator, dtype=torch.float64)
        y = torch.randn(9, 5, generator=generator, dtype=torch.float64) + 0.5
        found = mmd2(x, y, (0.5, 2, 10), rows)
        assert found == pytest.approx([self._direct(x, y, sigma) for sigma in (0.5, 2, 10)], abs=1e-13)
        assert found[1] > 0.01

    def test_latents_are_flattened_and_set_against_seeded_draws(self) -> None:
        latents = torch.randn(6, 2, 3, 3, generator=torch.Generator().manual_seed(2)) * 30
        found = mmd2_to_gaussian(latents, torch.device("cpu"))
        draws = torch.randn(6, 18, generator=torch.Generator().manual_seed(0))
        assert [entry["sigma"] for entry in found] == list(SIGMAS) == [25, 50, 100, 250, 500]
        for entry in found:
            wanted = self._direct(latents.flatten(1).double(), draws.double(), entry["sigma"])
            assert entry["mmd2"] == pytest.approx(wanted, abs=1e-12)
        assert found == mmd2_to_gaussian(latents, torch.device("cpu"))

    def test_of_samples_of_one_distribution_it_is_near_0_and_may_be_below(self) -> None:
        values = []
        for seed in range(20):
            x, y = torch.randn(2, 50, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
            values += mmd2(x, y, (1.0,))
        assert abs(sum(values) / 20) < 0.005
        assert min(values) < 0 < max(values)

    def test_latents_that_are_kept_lie_evenly_over_the_set(self) -> None:
        assert sorted(spread(4, 10)) == [0, 2, 5, 7]
        assert spread(4, 4) == spread(9, 4) == {0, 1, 2, 3}


class TestImbalance:
    def test_equal_strengths_are_1(self) -> None:
        signs = torch.randint(0, 2, (2, 6, 8, 8), generator=torch.Generator().manual_seed(0)) * 2.0 - 1
        assert [value.tolist() for value in imbalance(signs)] == [[1, 1], [1, 1]]

    def test_a_hot_spot_and_a_loud_channel_are_their_factor(self) -> None:
        maps = torch.ones(2, 6, 8, 8)
        maps[1, :, 2, 3] = 5
        by_positions, _ = imbalance(maps)
        assert by_positions.tolist() == [1, 5]
        maps = torch.ones(1, 5, 8, 8)
        maps[:, 4] = 3
        by_positions, by_channels = imbalance(maps)
        assert by_positions.tolist() == [1] and by_channels.tolist() == pytest.approx([3])

    def test_maps_that_are_mostly_0_have_no_value(self) -> None:
        assert not torch.isfinite(imbalance(torch.zeros(1, 2, 4, 4))[0]).any()

    def test_the_image_shows_each_maximum_white(self) -> None:
        x = torch.zeros(2, 3, 8, 8)
        strengths = position_strengths(torch.arange(2 * 16.0).view(2, 1, 4, 4))
        grid = imbalance_grid(x, x, strengths)
        assert grid.shape == (8 + 4 + 8, 8 * 3 + 8, 3)
        assert (grid[6:8, 30:32] == 255).all() and (grid[18:20, 30:32] == 255).all()
        assert (grid[0:2, 24:26] == 0).all()


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(2, 4)
        self.conv = nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv(self.norm(x))


class Squash(nn.Module):
    """A block without a convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Tanh()

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.inner(x)
        return y


def decoder(*modules: nn.Module) -> AutoencoderBase:
    class Autoencoder(AutoencoderBase):
        name, latent_channels, image_channels, stride = "own", 4, 3, 1

        def __init__(self) -> None:
            super().__init__()
            self.decoder = nn.Sequential(*modules)

        def _image(self, x: Tensor) -> Tensor:
            y: Tensor = self.decoder(x)
            return y

    return Autoencoder()


def out() -> nn.Module:
    return nn.Conv2d(4, 3, 3, padding=1)


class TestLastBlock:
    @pytest.mark.parametrize(
        ("modules", "wanted"),
        [
            ((Residual(), Residual(), nn.SiLU(), out()), "decoder.1"),
            ((Residual(), nn.Upsample(scale_factor=2), nn.Sequential(nn.SiLU(), out())), "decoder.0"),
            ((nn.Sequential(Residual(), Residual()), nn.GroupNorm(2, 4), out(), Squash()), "decoder.0"),
            ((nn.Conv2d(4, 4, 1), nn.SiLU(), out()), "decoder.0"),
            ((nn.utils.parametrizations.spectral_norm(nn.Conv2d(4, 4, 1)), Squash(), out()), "decoder.0"),
            ((out(),), None),
            ((nn.Identity(),), None),
        ],
        ids=["blocks", "head", "stage", "layers", "parametrized", "single", "nothing"],
    )
    def test_it_is_found_without_names(self, modules: tuple[nn.Module, ...], wanted: str | None) -> None:
        model = decoder(*modules).eval()
        assert last_block(model, torch.zeros(1, 4, 8, 8)) == wanted
        assert not any(module._forward_hooks for module in model.modules())

    def test_its_maps_are_seen_while_they_are_watched(self) -> None:
        model = decoder(Residual(), out())
        maps = FeatureMaps()
        x = torch.randn(2, 4, 8, 8)
        with maps.of(model.get_submodule("decoder.0")):
            model.decode(x)
            assert maps.latest is not None and torch.equal(maps.latest, model.get_submodule("decoder.0")(x))
        assert maps.latest is None
        model.decode(x)
        assert maps.latest is None
