"""The Fréchet distance on torchmetrics' network, and torchmetrics without torchvision."""

import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import torch
from evaluation.photographs import photographs
from evaluation.runs import FEW_FEATURES, networks
from litevae_runtime.common.errors import InputError
from litevae_runtime.metrics import frechet
from litevae_runtime.metrics.frechet import Frechet
from litevae_runtime.nn.published import INCEPTION_FILE
from safetensors.torch import save_file
from torch import Tensor
from training.runs import forget_accelerate

__all__ = ["networks", "photographs"]


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
