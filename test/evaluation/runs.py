"""Evaluations of a tiny compiled model: in this process where that is enough, and files of weights like the published ones."""

import json
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import pytest
import torch
from conftest import litevae
from litevae_runtime.metrics.imports import import_torchmetrics
from litevae_runtime.nn.published import ALEXNET_FILE, INCEPTION_FILE, VGG16_FILE
from reference import perceptual as reference
from sets import write_images
from torch import Tensor, nn
from training.runs import MODELS, forget_accelerate

PACKAGE = "litevae_plain"

# Inception's features after its first pooling: what comes behind costs seconds an image, and tests nothing of this project.
FEW_FEATURES = 64


class Compiled:
    """The tiny model's package and graphs, and images to evaluate it on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "out"
        recipe = MODELS / "tiny-recipe.ts"
        result = litevae(
            "compile", MODELS / "plain.ts", "-o", self.folder, "--target", "onnx,torch", "--recipe", recipe
        )
        assert result.returncode == 0, result.stderr
        self.data = write_images(folder / "images", 5)

    def arguments(
        self, output: Path, *more: str, data: Path | None = None, source: Sequence[str] = ()
    ) -> list[str]:
        usual = {"--workers": "0", "--batch": "2", "--device": "cpu", "--sizes": "32"}
        return [
            *("--data", str(data or self.data), "--output", str(output)),
            *(source or ("--weights", str(self.folder))),
            *(each for option, value in usual.items() if option not in more for each in (option, value)),
            *more,
        ]

    def evaluate(self, output: Path, *more: str, data: Path | None = None, source: Sequence[str] = ()) -> int:
        """Evaluates in this process; returns the exit code."""
        forget_accelerate()
        torch.set_num_threads(1)
        code: int = import_module(f"{PACKAGE}.evaluate").main(
            self.arguments(output, *more, data=data, source=source)
        )
        return code

    def module(self, name: str) -> Any:
        return import_module(f"{PACKAGE}.{name}")


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    made = Compiled(tmp_path_factory.mktemp("evaluation"))
    sys.path.insert(0, str(made.folder))
    return made


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with seeded weights under the names and keys of the published files; LPIPS' heads come with torchmetrics."""
    folder = tmp_path_factory.mktemp("networks")
    for file, features in (
        (VGG16_FILE, reference.vgg_features(reference.VGG16)),
        (ALEXNET_FILE, reference.alexnet_features()),
    ):
        torch.save(reference.features_state(seeded(features)), folder / file)
    torch.save(inception_state(), folder / INCEPTION_FILE)
    return folder


Module = TypeVar("Module", bound=nn.Module)


def seeded(module: Module) -> Module:
    """He's scale, so that what goes in still shows at the end."""
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for parameter in module.parameters():
            if parameter.dim() > 1:
                deviation = (2 / parameter[0].numel()) ** 0.5
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * deviation)
    return module


def inception_state() -> dict[str, Tensor]:
    """Seeded weights with the keys and shapes of torch-fidelity's file."""
    import_torchmetrics("image.fid")
    module = import_module("torch_fidelity.feature_extractor_inceptionv3")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "load_state_dict_from_url", lambda *_args, **_more: {})
        patch.setattr(module.FeatureExtractorInceptionV3, "load_state_dict", lambda _self, _state: None)
        extractor = module.FeatureExtractorInceptionV3("inception-v3-compat", ["2048"])
    state: dict[str, Tensor] = seeded(extractor).state_dict()
    return state


def result(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


@pytest.fixture
def few_features(compiled: Compiled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled.module("_runtime.metrics.frechet"), "FEATURES", FEW_FEATURES)
