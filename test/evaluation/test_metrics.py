"""PSNR and SSIM against scikit-image, MMD against a double loop, imbalance and rFID against known answers."""

import math
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
from evaluation.runs import FEW_FEATURES, networks
from litevae_runtime.common.errors import InputError
from litevae_runtime.evaluation.images import spread
from litevae_runtime.metrics import frechet
from litevae_runtime.metrics.frechet import Frechet
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
from litevae_runtime.nn.published import INCEPTION_FILE
from PIL import Image
from safetensors.torch import save_file
from sets import PHOTOS
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from torch import Tensor, nn
from training.runs import forget_accelerate

__all__ = ["networks"]


@pytest.fixture(scope="module")
def photographs() -> tuple[Tensor, Tensor]:
    """Three photographs [3, 3, 64, 64] in [-1, 1], and the same with noise and less contrast."""
    files = ("astronaut.png", "chelsea.png", "coffee.png")
    opened = [Image.open(PHOTOS / file).convert("RGB").resize((64, 64)) for file in files]
    x = torch.from_numpy(np.stack([np.array(image) for image in opened])).permute(0, 3, 1, 2) / 127.5 - 1
    noise = torch.randn(x.shape, generator=torch.Generator().manual_seed(0))
    return x, (0.9 * x + 0.1 * noise).clamp(-1, 1)


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


@pytest.fixture
def few_features(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frechet, "FEATURES", FEW_FEATURES)


def new_frechet(file: Path) -> Frechet:
    forget_accelerate()
    return Frechet(file, torch.device("cpu"))


class TestFrechet:
    def test_identical_sets_have_no_distance(self, networks: Path) -> None:
        made = new_frechet(networks / INCEPTION_FILE)
        x = torch.rand(3, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1
        made.update(x, x)
        found = made.result()
        assert found is not None and abs(found) < 1e-3

    @pytest.mark.usefixtures("few_features")
    def test_it_is_the_distance_of_the_features_gaussians(
        self, networks: Path, photographs: tuple[Tensor, Tensor]
    ) -> None:
        x, y = photographs
        made = new_frechet(networks / INCEPTION_FILE)
        made.update(y[:2], x[:2])
        made.update(y[2:], x[2:])
        found = made.result()
        extractor = import_module("torch_fidelity.feature_extractor_inceptionv3").FeatureExtractorInceptionV3(
            "inception-v3-compat", [str(FEW_FEATURES)], str(networks / INCEPTION_FILE)
        )

        def statistics(images: Tensor) -> tuple[Tensor, Tensor]:
            [features] = extractor(((images + 1) * 127.5).round().to(torch.uint8))
            return features.double().mean(dim=0), torch.cov(features.double().T)

        (mean, cov), (mean_hat, cov_hat) = statistics(x), statistics(y)
        values, vectors = torch.linalg.eigh(cov)
        root = vectors @ torch.diag(values.clamp_min(0).sqrt()) @ vectors.T
        crossed = torch.linalg.eigvalsh(root @ cov_hat @ root).clamp_min(0).sqrt().sum()
        wanted = (mean - mean_hat).square().sum() + cov.trace() + cov_hat.trace() - 2 * crossed
        assert wanted > 0.01
        assert found == pytest.approx(wanted.item(), rel=1e-5)

    @pytest.mark.usefixtures("few_features")
    def test_it_begins_anew(self, networks: Path, photographs: tuple[Tensor, Tensor]) -> None:
        x, y = photographs
        made = new_frechet(networks / INCEPTION_FILE)
        made.update(y, x)
        first = made.result()
        made.update(y[:1], x[:1])
        assert made.result() is None
        made.update(y, x)
        assert made.result() == first

    @pytest.mark.usefixtures("few_features")
    def test_safetensors_do_as_well(
        self, networks: Path, tmp_path: Path, photographs: tuple[Tensor, Tensor]
    ) -> None:
        x, y = photographs
        file = tmp_path / "inception.safetensors"
        save_file(torch.load(networks / INCEPTION_FILE, weights_only=True), file)
        found = []
        for made in (new_frechet(networks / INCEPTION_FILE), new_frechet(file)):
            made.update(y, x)
            found.append(made.result())
        assert found[0] == found[1]

    def test_a_file_of_something_else_is_named(self, tmp_path: Path) -> None:
        file = tmp_path / INCEPTION_FILE
        torch.save({"fc.weight": torch.zeros(1)}, file)
        with pytest.raises(
            InputError, match=f"^{re.escape(str(file))} are not Inception's weights as torch-fidelity"
        ):
            new_frechet(file)
        file.write_bytes(b"<html>not found</html>")
        with pytest.raises(InputError, match="cannot be read as weights"):
            new_frechet(file)


def test_a_torchvision_of_another_torch_is_told_and_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "torchvision").mkdir()
    (tmp_path / "torchvision" / "__init__.py").write_text(
        'raise RuntimeError("operator torchvision::nms does not exist")\n'
    )
    runtime = Path(__file__).parents[2] / "runtime" / "src"
    program = f"""
import sys
sys.path[:0] = [{str(tmp_path)!r}, {str(runtime)!r}]
from litevae_runtime.evaluation.instruments import _obstacle
print(_obstacle("image.fid", "torchmetrics", "torch_fidelity"))
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ran.stdout == (
        "torchmetrics cannot be imported here (operator torchvision::nms does not exist): "
        "install one that fits this torch\n"
    ), ran.stderr


def test_torchmetrics_is_imported_without_torchvision() -> None:
    program = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parents[2] / "runtime" / "src")!r})
sys.modules["torchvision"] = None
from litevae_runtime.metrics.imports import import_torchmetrics
print(import_torchmetrics("image.fid").NoTrainInceptionV3.__name__, "torch_fidelity" in sys.modules)
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ran.stdout == "NoTrainInceptionV3 False\n", ran.stderr
