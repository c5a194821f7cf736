"""Perceptual losses with weights of torch's own networks, in files as they are published."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
import torch
from litevae_runtime.losses.perceptual import Lpips, LpipsAlexNet, VggLoss
from litevae_runtime.nn.published import (
    ALEXNET_FILE,
    LPIPS_ALEXNET_FILE,
    LPIPS_VGG_FILE,
    VGG16_FILE,
    VGG19_FILE,
)
from reference import perceptual as reference
from torch import Tensor, nn

# What the compiler generates; the golden tests hold it to that.
GENERATED = Path(__file__).parents[1] / "golden" / "networks" / "perceptual.py"


def _generated() -> ModuleType:
    spec = importlib.util.spec_from_file_location("perceptual", GENERATED)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


networks = _generated()

Pair = tuple[Tensor, Tensor]


def new_lpips() -> Lpips:
    return Lpips(networks.build_vgg16(), networks.build_lpips_heads())


def new_vgg() -> VggLoss:
    return VggLoss(networks.build_vgg19())


def new_alexnet() -> LpipsAlexNet:
    return LpipsAlexNet(networks.build_alexnet(), networks.build_lpips_alexnet_heads())


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with files like the published ones, of seeded weights."""
    folder = tmp_path_factory.mktemp("published")
    torch.manual_seed(0)
    torch.save(reference.features_state(vgg16()), folder / VGG16_FILE)
    torch.save(reference.features_state(vgg19()), folder / VGG19_FILE)
    torch.save(reference.features_state(alexnet()), folder / ALEXNET_FILE)
    torch.save(heads16(), folder / LPIPS_VGG_FILE)
    torch.save(heads_alexnet(), folder / LPIPS_ALEXNET_FILE)
    return folder


def vgg16() -> nn.Sequential:
    return _seeded(reference.vgg_features(reference.VGG16))


def vgg19() -> nn.Sequential:
    return _seeded(reference.vgg_features(reference.VGG19))


def alexnet() -> nn.Sequential:
    return _seeded(reference.alexnet_features())


def heads16() -> dict[str, Tensor]:
    return reference.head_state(reference.VGG16_CHANNELS, torch.Generator().manual_seed(1))


def heads_alexnet() -> dict[str, Tensor]:
    return reference.head_state(reference.ALEXNET_CHANNELS, torch.Generator().manual_seed(1))


def _seeded(features: nn.Sequential) -> nn.Sequential:
    """He's scale and biases that are not 0, so that every layer shows in the result."""
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for parameter in features.parameters():
            deviation = 0.1 if parameter.dim() == 1 else (2 / parameter[0].numel()) ** 0.5
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * deviation)
    return features


@pytest.fixture(scope="module")
def lpips(published: Path) -> Lpips:
    return new_lpips().load(published)


@pytest.fixture(scope="module", name="alexnet")
def loaded_alexnet(published: Path) -> LpipsAlexNet:
    return new_alexnet().load(published)


@pytest.fixture
def images() -> Pair:
    generator = torch.Generator().manual_seed(3)
    x, y = (torch.rand(2, 3, 32, 48, generator=generator) * 2 - 1 for _ in range(2))
    return x, y
