"""What is measured of a model whose reconstructions are known, and what is said of metrics that cannot be had."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from accelerate import PartialState
from evaluation.runs import Compiled, compiled, few_features, networks, result
from torch import Tensor
from training.runs import forget_accelerate

__all__ = ["compiled", "few_features", "networks"]


class Identity:
    """A subject that gives back what it gets."""

    name, image_channels, latent_channels, model = "identity", 3, 3, None

    def encode(self, images: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        return images, {}

    def decode(self, latents: Tensor, skips: dict[str, Tensor]) -> Tensor:
        return latents


def evaluation(compiled: Compiled, subject: Any, metrics: tuple[str, ...], networks: Path | None) -> Any:
    forget_accelerate()
    PartialState(cpu=True)
    cpu = torch.device("cpu")
    data = compiled.module("_runtime.evaluation.images").Data(
        str(compiled.data),
        subject.image_channels,
        compiled.module("_runtime.data.pixels").PixelRule(),
        None,
        32,
    )
    chosen = compiled.module("_runtime.evaluation.instruments").choose_instruments(
        metrics, compiled.module("networks").NETWORKS, subject.image_channels, [32], networks, cpu
    )
    return compiled.module("_runtime.evaluation.measure").Evaluation(subject, data, chosen, cpu, 2, 0)


def test_images_that_come_back_exactly(compiled: Compiled, networks: Path, few_features: None) -> None:
    module = compiled.module("_runtime.evaluation.result")
    made = evaluation(compiled, Identity(), ("rfid", "lpips", "psnr", "ssim"), networks)
    side = made.at(32, latents=False, block=None)
    entry = module.size_entry(side)
    assert entry.pop("rfid") == pytest.approx(0, abs=1e-4)
    assert entry.pop("ssim") == pytest.approx(1, abs=1e-12)
    assert entry == {
        "size": 32,
        "images": 5,
        "lpips_vgg": 0,
        "lpips_alex": 0,
        # Nothing is left to average: null, with their number.
        "psnr": None,
        "psnr_infinite": 5,
    }
    # Against few images the note would be about rFID as well.
    assert module.notes([entry | {"rfid": None}], [side])[0] == (
        "at 32×32 5 of 5 images come back exactly: their PSNR is infinite and left out"
    )


def test_infinite_psnr_is_not_in_the_mean(compiled: Compiled) -> None:
    class Some(Identity):
        """Changes images whose first pixel is bright."""

        def decode(self, latents: Tensor, skips: dict[str, Tensor]) -> Tensor:
            return torch.where(latents[:, :1, :1, :1] > 0, latents * 0.5, latents)

    side = evaluation(compiled, Some(), ("psnr",), None).at(32, latents=False, block=None)
    entry = compiled.module("_runtime.evaluation.result").size_entry(side)
    finite = [value for value in side.values["psnr"].values() if np.isfinite(value)]
    assert 0 < len(finite) < 5
    assert entry["psnr_infinite"] == 5 - len(finite)
    assert entry["psnr"] == pytest.approx(np.mean(finite))


def test_numbers_that_are_not_finite_are_no_result(compiled: Compiled) -> None:
    class Broken(Identity):
        def decode(self, latents: Tensor, skips: dict[str, Tensor]) -> Tensor:
            return latents * torch.inf

    error = compiled.module("_runtime.common.errors").InputError
    with pytest.raises(error, match="the model gives images of 32×32 with numbers that are not finite"):
        evaluation(compiled, Broken(), ("psnr",), None).at(32, latents=False, block=None)


@pytest.mark.parametrize(
    ("channels", "missing"),
    [
        (1, {"rfid": "Inception sees RGB images, and these have 1 channels"}),
        (
            4,
            {
                "rfid": "Inception sees RGB images, and these have 4 channels",
                "lpips_vgg": "LPIPS sees grey and RGB images, and these have 4 channels",
                "lpips_alex": "LPIPS sees grey and RGB images, and these have 4 channels",
            },
        ),
    ],
)
def test_other_channels_have_the_metrics_that_see_them(
    compiled: Compiled, networks: Path, channels: int, missing: dict[str, str]
) -> None:
    chosen = compiled.module("_runtime.evaluation.instruments").choose_instruments(
        ("rfid", "lpips", "psnr", "ssim"),
        compiled.module("networks").NETWORKS,
        channels,
        [32],
        networks,
        torch.device("cpu"),
    )
    assert {each.metric: each.reason for each in chosen.missing} == missing
    names = {"lpips_vgg", "lpips_alex", "psnr", "ssim"} - missing.keys()
    assert {metric.name for metric in chosen.each} == names
    x = torch.rand(2, channels, 32, 32) * 2 - 1
    assert all(metric.measure(x, -x).shape == (2,) for metric in chosen.each)


def test_a_single_image_has_neither_rfid_nor_mmd(
    compiled: Compiled, networks: Path, few_features: None, tmp_path: Path
) -> None:
    arguments = ("--limit", "1", "--metrics", "rfid,mmd,psnr", "--networks", str(networks))
    assert compiled.evaluate(tmp_path / "found.json", *arguments) == 0
    found = result(tmp_path / "found.json")
    assert [(each["metric"], each["reason"]) for each in found["missing"]] == [
        ("rfid", "it needs two images"),
        ("mmd", "it needs two images"),
    ]
    assert found["mmd"] is None and found["sizes"][0]["rfid"] is None and found["sizes"][0]["psnr"] > 0


def test_without_torchmetrics_there_is_still_what_needs_none(
    compiled: Compiled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiled.module("_runtime.evaluation.instruments"), "find_spec", lambda _name: None)
    assert compiled.evaluate(tmp_path / "found.json", "--metrics", "rfid,psnr,ssim") == 0
    found = result(tmp_path / "found.json")
    assert found["sizes"][0]["psnr"] > 0 and found["sizes"][0]["ssim"] is None
    assert [each["reason"] for each in found["missing"]] == [
        "torchmetrics and torch-fidelity are not installed: in the package's folder, pip install -e '.[evaluate]' "
        "and pip install --no-deps torch-fidelity",
        "torchmetrics is not installed: in the package's folder, pip install -e '.[evaluate]'",
    ]


def test_maps_without_strength_have_no_balance(
    compiled: Compiled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(maps: Tensor) -> tuple[Tensor, Tensor]:
        return (torch.full((len(maps),), torch.nan),) * 2

    monkeypatch.setattr(compiled.module("_runtime.evaluation.measure"), "imbalance", silent)
    assert compiled.evaluate(tmp_path / "found.json", "--metrics", "psnr,imbalance") == 0
    found = result(tmp_path / "found.json")
    assert found["imbalance"] is None
    assert [each["reason"] for each in found["missing"]] == ["most positions of the feature maps are 0"]


def test_a_torchmetrics_that_does_not_import_is_told(
    compiled: Compiled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_name: str) -> None:
        raise RuntimeError("operator torch::new does not exist\nmore")

    monkeypatch.setattr(compiled.module("_runtime.evaluation.instruments"), "import_torchmetrics", fail)
    assert compiled.evaluate(tmp_path / "found.json", "--metrics", "psnr,ssim") == 0
    found = result(tmp_path / "found.json")
    assert found["sizes"][0]["psnr"] > 0 and found["sizes"][0]["ssim"] is None
    assert [each["reason"] for each in found["missing"]] == [
        "torchmetrics cannot be imported here (operator torch::new does not exist): install one that fits this torch"
    ]
