"""LPIPS and VGG losses: their numbers and gradients, and the images that they refuse."""

import copy
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from litevae_runtime.losses.perceptual import Lpips, PerceptualLoss, VggLoss
from reference import perceptual as reference
from torch import Tensor, nn
from training.perceptual_networks import (
    Pair,
    alexnet,
    heads16,
    heads_alexnet,
    images,
    loaded_alexnet,
    lpips,
    new_alexnet,
    new_lpips,
    new_vgg,
    published,
    vgg16,
    vgg19,
)

__all__ = ["images", "loaded_alexnet", "lpips", "published"]


LOSSES: dict[str, Callable[[], PerceptualLoss]] = {
    "lpips": new_lpips,
    "vgg": new_vgg,
    "alexnet": new_alexnet,
}
each_loss = pytest.mark.parametrize("make", LOSSES.values(), ids=LOSSES)


@pytest.fixture(scope="module")
def vgg(published: Path) -> VggLoss:
    return new_vgg().load(published)


def test_the_maps_have_the_names_and_shapes_of_the_papers(lpips: Lpips, vgg: VggLoss, images: Pair) -> None:
    shapes = [[2, 64, 32, 48], [2, 128, 16, 24], [2, 256, 8, 12], [2, 512, 4, 6], [2, 512, 2, 3]]
    names16 = ["relu1_2", "relu2_2", "relu3_3", "relu4_3", "relu5_3"]
    names19 = ["conv1_2", "conv2_2", "conv3_4", "conv4_4", "conv5_4"]
    for loss, names in ((lpips, names16), (vgg, names19)):
        maps: dict[str, Tensor] = loss.get_submodule("features")(images[0])
        assert {name: list(value.shape) for name, value in maps.items()} == dict(
            zip(names, shapes, strict=True)
        )
        assert all((value < 0).any() == name.startswith("conv") for name, value in maps.items())


@pytest.mark.parametrize(
    ("name", "features", "heads", "maps"),
    [
        ("lpips", vgg16, heads16, reference.VGG16_MAPS),
        ("alexnet", alexnet, heads_alexnet, reference.ALEXNET_MAPS),
    ],
    ids=["vgg16", "alexnet"],
)
# AlexNet rounds the sizes of its maps down.
@pytest.mark.parametrize("size", [(32, 48), (37, 66)], ids=str)
def test_lpips_is_that_of_the_reference(
    name: str,
    features: Callable[[], nn.Sequential],
    heads: Callable[[], dict[str, Tensor]],
    maps: tuple[int, ...],
    size: tuple[int, int],
    request: pytest.FixtureRequest,
) -> None:
    loss: Lpips = request.getfixturevalue(name)
    generator = torch.Generator().manual_seed(4)
    x, y = (torch.rand(2, 3, *size, generator=generator, dtype=torch.float64) * 2 - 1 for _ in range(2))
    wanted = reference.lpips(features().double(), heads(), maps, x, y)
    found = copy.deepcopy(loss).double()(x, y)
    assert wanted.shape == (2,) and (wanted > 0.01).all()
    torch.testing.assert_close(found, wanted, rtol=1e-6, atol=0)
    torch.testing.assert_close(loss(x.float(), y.float()).double(), wanted, rtol=1e-4, atol=0)


def test_vgg_loss_is_that_of_the_reference(vgg: VggLoss, images: Pair) -> None:
    features = vgg19().double()
    x, y = (image.double() for image in images)

    def distance(index: int) -> Tensor:
        a, b = (reference.before_activation(features, index, image) for image in (x, y))
        return (a - b).abs().mean(dim=(1, 2, 3))

    assert isinstance(features[34], nn.Conv2d) and isinstance(features[7], nn.Conv2d)
    torch.testing.assert_close(vgg(*images).double(), distance(34), rtol=1e-4, atol=0)
    weighed = VggLoss(vgg.features, {"conv2_2": 0.25, "conv5_4": 2.0})
    wanted = 0.25 * distance(7) + 2 * distance(34)
    torch.testing.assert_close(weighed(*images).double(), wanted, rtol=1e-4, atol=0)


@pytest.mark.parametrize("name", LOSSES)
def test_equal_images_have_no_distance(name: str, request: pytest.FixtureRequest, images: Pair) -> None:
    loss = request.getfixturevalue(name)
    assert torch.equal(loss(images[0], images[0]), torch.zeros(2))


@pytest.mark.parametrize("name", LOSSES)
def test_the_gradient_reaches_the_image_and_stops_there(
    name: str, request: pytest.FixtureRequest, images: Pair
) -> None:
    loss: PerceptualLoss = request.getfixturevalue(name)
    x, y = images
    x.requires_grad_()
    loss.train()(x, y).sum().backward()
    assert x.grad is not None and (x.grad.abs().amax(dim=(1, 2, 3)) > 0).all()
    assert not loss.training and not any(module.training for module in loss.modules())
    assert all(not value.requires_grad and value.grad is None for value in loss.parameters())


@pytest.mark.parametrize("name", LOSSES)
def test_grey_images_are_those_with_three_equal_channels(
    name: str, request: pytest.FixtureRequest, images: Pair
) -> None:
    loss = request.getfixturevalue(name)
    x, y = (image[:, :1] for image in images)
    torch.testing.assert_close(loss(x, y), loss(x.repeat(1, 3, 1, 1), y.repeat(1, 3, 1, 1)))


@pytest.mark.parametrize("name", LOSSES)
def test_half_precision_comes_near(name: str, request: pytest.FixtureRequest, images: Pair) -> None:
    loss = request.getfixturevalue(name)
    with torch.autocast("cpu", torch.bfloat16):
        found = loss(*images)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, loss(*images), rtol=0.05, atol=0)


def test_features_that_are_all_zero_give_a_gradient_of_zero(images: Pair) -> None:
    loss = new_lpips()
    with torch.no_grad():
        for parameter in loss.parameters():
            parameter.zero_()
    x, y = images
    loss(x.requires_grad_(), y).sum().backward()
    assert x.grad is not None and torch.equal(x.grad, torch.zeros_like(x))


@each_loss
@pytest.mark.parametrize("shape", [(2, 4, 32, 32), (2, 2, 32, 32), (3, 32, 32)], ids=str)
def test_other_channels_are_refused(make: Callable[[], PerceptualLoss], shape: tuple[int, ...]) -> None:
    loss = make()
    message = (
        f"{type(loss).__name__} sees images [N, 1 or 3, height, width], not {list(shape)}: "
        "set losses.perceptual to 0 for other channels"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        loss(torch.zeros(shape), torch.zeros(shape))


def test_images_that_the_poolings_leave_nothing_of_are_refused() -> None:
    message = "VggLoss needs sides of at least 16 pixels, not [32, 15]: choose a larger resolution"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        new_vgg()(torch.zeros(1, 3, 32, 15), torch.zeros(1, 3, 32, 15))


def test_alexnet_needs_larger_images() -> None:
    message = "LpipsAlexNet needs sides of at least 31 pixels, not [30, 32]: choose a larger resolution"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        new_alexnet()(torch.zeros(1, 3, 30, 32), torch.zeros(1, 3, 30, 32))
    assert new_alexnet()(torch.zeros(1, 3, 31, 31), torch.zeros(1, 3, 31, 31)).shape == (1,)


def test_a_layer_that_vgg_lacks_is_refused(vgg: VggLoss, images: Pair) -> None:
    message = "VGG19 gives no layer relu5_4: choose among conv1_2, conv2_2, conv3_4, conv4_4, conv5_4"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        VggLoss(vgg.features, {"relu5_4": 1.0})(*images)
