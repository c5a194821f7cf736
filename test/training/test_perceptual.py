"""LPIPS and VGG losses: their numbers, their gradients, the files they load and what they say of wrong ones."""

import copy
import importlib.util
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import torch
from litevae_runtime.common.errors import WeightsError
from litevae_runtime.losses.perceptual import Lpips, LpipsAlexNet, PerceptualLoss, VggLoss
from litevae_runtime.nn.published import (
    ALEXNET_FILE,
    LPIPS_ALEXNET_FILE,
    LPIPS_VGG_FILE,
    PUBLISHED,
    VGG16_FILE,
    VGG19_FILE,
    find_published,
    load_published,
    weights_folder,
)
from reference import perceptual as reference
from safetensors.torch import save_file
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


LOSSES: dict[str, Callable[[], PerceptualLoss]] = {
    "lpips": new_lpips,
    "vgg": new_vgg,
    "alexnet": new_alexnet,
}
each_loss = pytest.mark.parametrize("make", LOSSES.values(), ids=LOSSES)


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


@pytest.fixture(scope="module")
def vgg(published: Path) -> VggLoss:
    return new_vgg().load(published)


@pytest.fixture(scope="module", name="alexnet")
def loaded_alexnet(published: Path) -> LpipsAlexNet:
    return new_alexnet().load(published)


@pytest.fixture
def images() -> Pair:
    generator = torch.Generator().manual_seed(3)
    x, y = (torch.rand(2, 3, 32, 48, generator=generator) * 2 - 1 for _ in range(2))
    return x, y


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


class TestFiles:
    def test_the_classifier_alone_is_left_over(self, published: Path) -> None:
        for file, build in (
            (VGG16_FILE, networks.build_vgg16),
            (VGG19_FILE, networks.build_vgg19),
            (ALEXNET_FILE, networks.build_alexnet),
        ):
            state = torch.load(published / file, weights_only=True)
            kept = [key for key in state if not key.startswith("classifier.")]
            assert list(build().state_dict()) == kept
            assert len(state) == len(kept) + 6

    def test_safetensors_do_as_well(
        self, published: Path, tmp_path: Path, lpips: Lpips, images: Pair
    ) -> None:
        for name in (VGG16_FILE, LPIPS_VGG_FILE):
            state = torch.load(published / name, weights_only=True)
            save_file(state, (tmp_path / name).with_suffix(".safetensors"))
        assert torch.equal(new_lpips().load(tmp_path)(*images), lpips(*images))

    def test_torchmetrics_brings_the_published_heads(self, tmp_path: Path) -> None:
        for file, build in (
            (LPIPS_VGG_FILE, networks.build_lpips_heads),
            (LPIPS_ALEXNET_FILE, networks.build_lpips_alexnet_heads),
        ):
            [path] = find_published([file], tmp_path)
            heads = build()
            load_published(heads, [path])
            assert path.is_relative_to(Path(torch.__file__).parents[1])
            assert all((weight >= 0).all() and weight.any() for weight in heads.parameters())

    def test_the_folder_is_the_recipes_or_the_environments(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.delenv("LITEVAE_WEIGHTS", raising=False)
        assert weights_folder() == Path.home() / ".cache" / "litevae"
        monkeypatch.setenv("LITEVAE_WEIGHTS", str(tmp_path))
        assert weights_folder() == tmp_path
        assert weights_folder("~/elsewhere") == Path.home() / "elsewhere"

    def test_a_missing_file_is_named_with_where_to_get_it_and_put_it(self, tmp_path: Path) -> None:
        message = (
            f"{tmp_path} has no vgg16-397923af.pth. Fetch what is missing into that folder with "
            "python -m litevae_runtime.fetching vgg16-397923af.pth (vgg16-397923af.pth: "
            "torchvision's VGG16_Weights.IMAGENET1K_V1, https://download.pytorch.org/models/vgg16-397923af.pth), "
            "or name another folder in perceptual.folder or $LITEVAE_WEIGHTS. "
            'perceptual.weights="random" does without, for smoke tests alone.'
        )
        with pytest.raises(FileNotFoundError, match=f"^{re.escape(message)}$"):
            new_lpips().load(tmp_path)
        with pytest.raises(FileNotFoundError, match=re.escape(f"has no {VGG19_FILE}")):
            new_vgg().load(tmp_path)

    def test_all_missing_files_are_named_at_once(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setattr("litevae_runtime.nn.published.find_spec", lambda _: None)
        with pytest.raises(FileNotFoundError) as raised:
            new_lpips().load(tmp_path)
        assert f"has no {VGG16_FILE} and no {LPIPS_VGG_FILE}." in str(raised.value)
        assert all(PUBLISHED[name] in str(raised.value) for name in (VGG16_FILE, LPIPS_VGG_FILE))

    def test_keys_that_are_missing_unexpected_or_of_another_shape_are_named(
        self, published: Path, tmp_path: Path
    ) -> None:
        state = torch.load(published / LPIPS_VGG_FILE, weights_only=True)
        state["lin5.model.1.weight"] = state.pop("lin0.model.1.weight")
        state["lin1.model.1.weight"] = torch.zeros(1, 64, 1, 1)
        file = tmp_path / LPIPS_VGG_FILE
        torch.save(state, file)
        message = (
            f"{file}: the weights are not those of this model; 1 missing: lin0.model.1.weight; "
            "1 unexpected: lin5.model.1.weight; "
            "1 of another shape: lin1.model.1.weight [1, 64, 1, 1] instead of [1, 128, 1, 1]"
        )
        with pytest.raises(WeightsError, match=f"^{re.escape(message)}$"):
            load_published(networks.build_lpips_heads(), [file])

    @pytest.mark.parametrize("name", ["vgg.pth", "vgg.safetensors"])
    @pytest.mark.parametrize("content", [b"", b"<html>not found</html>", b"\x80\x02}q\x00."], ids=len)
    def test_a_damaged_file_is_named(self, name: str, content: bytes, tmp_path: Path) -> None:
        file = tmp_path / name
        file.write_bytes(content)
        message = rf"^{re.escape(str(file))} cannot be read as weights \(.+\): fetch it again$"
        with pytest.raises(WeightsError, match=message):
            load_published(networks.build_lpips_heads(), [file])

    def test_a_file_of_something_else_is_named(self, tmp_path: Path) -> None:
        file = tmp_path / LPIPS_VGG_FILE
        torch.save({"state_dict": {"lin0.model.1.weight": torch.zeros(1)}}, file)
        message = f"{file} holds no plain state dict: fetch the file as it is published"
        with pytest.raises(WeightsError, match=f"^{re.escape(message)}$"):
            load_published(networks.build_lpips_heads(), [file])

    def test_nothing_in_a_file_is_executed(self, tmp_path: Path) -> None:
        class Harmful:
            def __reduce__(self) -> tuple[Callable[..., object], tuple[str, str]]:
                return open, (str(tmp_path / "harm"), "w")

        file = tmp_path / LPIPS_VGG_FILE
        torch.save({"lin0.model.1.weight": Harmful()}, file)
        with pytest.raises(WeightsError, match="cannot be read as weights"):
            load_published(networks.build_lpips_heads(), [file])
        assert not (tmp_path / "harm").exists()


def random_lpips(seed: int) -> Lpips:
    message = rf"^Lpips has random weights \(seed {seed}\), which are for smoke tests alone: "
    with pytest.warns(UserWarning, match=message):
        return new_lpips().load("/nowhere", weights="random", seed=seed)


def test_random_weights_need_no_files_and_are_those_of_their_seed(images: Pair) -> None:
    distance, again, other = (random_lpips(seed)(*images) for seed in (5, 5, 6))
    assert torch.equal(distance, again)
    assert not torch.equal(distance, other)


def test_random_weights_give_a_distance(images: Pair) -> None:
    loss = random_lpips(5)
    x, y = images
    assert (loss(x, y) > 1e-3).all()
    assert torch.equal(loss(x, x), torch.zeros(2))
    assert (loss(x, x + 0.1 * (y - x)) < loss(x, y)).all()
