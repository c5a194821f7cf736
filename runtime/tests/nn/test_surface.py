"""The surface of diffusers' autoencoders, compared with diffusers' own classes."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import torch
from diffusers.configuration_utils import ConfigMixin
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution
from diffusers.models.modeling_utils import ModelMixin
from small import Autoencoder
from torch import Tensor

import litevae_runtime
from litevae_runtime.nn.posterior import DiagonalGaussian


class Channelled(Autoencoder):
    """One that diffusers has a class for."""

    diffusers_config = MappingProxyType({"_class_name": "AutoencoderKL", "latent_channels": 2})


@pytest.fixture
def model() -> Autoencoder:
    torch.manual_seed(0)
    return Autoencoder().eval()


@pytest.fixture
def image() -> Tensor:
    return torch.rand(3, 3, 16, 24, generator=torch.Generator().manual_seed(1)) * 2 - 1


def test_it_is_one_of_diffusers_models(model: Autoencoder) -> None:
    assert isinstance(model, ModelMixin) and isinstance(model, ConfigMixin)
    assert model.dtype == torch.float32 and model.device == torch.device("cpu")
    assert model.half().dtype == torch.float16
    # What pipelines take the stride of the latent from.
    assert 2 ** (len(model.config.block_out_channels) - 1) == model.stride == 2
    assert model.config.in_channels == model.config["out_channels"] == 3
    model.register_to_config(scaling_factor=0.25, force_upcast=True)
    assert (model.config.scaling_factor, model.config.force_upcast) == (0.25, True)
    assert model.from_config(dict(model.config)).config == model.config


def test_packages_that_come_before_diffusers_all_become_its_models(tmp_path: Path) -> None:
    shutil.copytree(Path(litevae_runtime.__file__).parent, tmp_path / "another_runtime")
    modules = ["litevae_runtime.nn.diffusers_base", "another_runtime.nn.diffusers_base"]
    asked = f"""
import sys
from importlib import import_module
own = [import_module(name).PipelineModule for name in {modules}]
assert "diffusers" not in sys.modules
from diffusers import ModelMixin
print([issubclass(each, ModelMixin) for each in own])
"""
    search = os.pathsep.join([str(tmp_path), str(Path(litevae_runtime.__file__).parents[1])])
    told = subprocess.run(
        [sys.executable, "-c", asked],
        env={**os.environ, "PYTHONPATH": search},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.split("\n")[-2] == "[True, True]"


def test_outputs_are_read_by_name_key_and_position(model: Autoencoder, image: Tensor) -> None:
    encoded = model.encode(image)
    assert encoded[0] is encoded.latent_dist is encoded["latent_dist"] is encoded.to_tuple()[0]
    assert isinstance(model.encode(image, return_dict=False)[0], DiagonalGaussian)
    z = encoded.latent_dist.mode()
    whole = model.decode(z)
    assert whole[0] is whole.sample is whole["sample"]
    [plain] = model.decode(z, return_dict=False, generator=None)
    assert torch.equal(plain, whole.sample)
    found = model(image, sample_posterior=False)
    assert torch.equal(found.sample, whole.sample) and found[0] is found.sample
    assert torch.equal(model(image, sample=False, return_dict=False)[0], whole.sample)
    with pytest.raises(KeyError):
        found["latent"]


def test_the_posterior_is_diffusers_one() -> None:
    moments, others, sample = (
        torch.randn(2, channels, 5, 7, generator=torch.Generator().manual_seed(channels))
        for channels in (8, 8, 4)
    )
    others = others * 0.5 + 0.1
    own, other = DiagonalGaussian(moments), DiagonalGaussian(others)
    theirs, their_other = (DiagonalGaussianDistribution(each) for each in (moments, others))
    torch.testing.assert_close(own.kl(), theirs.kl())
    torch.testing.assert_close(own.kl(other), theirs.kl(their_other))
    torch.testing.assert_close(own.nll(sample), theirs.nll(sample))
    torch.testing.assert_close(own.nll(sample, dims=(1,)), theirs.nll(sample, dims=(1,)))
    draws = [each.sample(torch.Generator().manual_seed(3)) for each in (own, theirs)]
    torch.testing.assert_close(*draws)


def test_each_image_has_its_generator_as_in_diffusers() -> None:
    moments = torch.randn(3, 8, 5, 7, generator=torch.Generator().manual_seed(1))
    # Their annotations know one generator alone.
    posteriors: list[Any] = [DiagonalGaussian(moments), DiagonalGaussianDistribution(moments)]
    for seeds in ([1], [1, 2, 3]):
        own, theirs = (
            posterior.sample([torch.Generator().manual_seed(seed) for seed in seeds])
            for posterior in posteriors
        )
        torch.testing.assert_close(own, theirs)
    with pytest.raises(ValueError, match="2 generators for 3 images"):
        DiagonalGaussian(moments).sample([torch.Generator(), torch.Generator()])


@pytest.mark.parametrize("form", [Autoencoder, Channelled])
def test_the_configuration_is_written_and_read_alone(form: type[Autoencoder], tmp_path: Path) -> None:
    model = form()
    model.register_to_config(scaling_factor=0.25, force_upcast=True)
    model.save_pretrained(tmp_path / "whole")
    model.save_config(tmp_path / "config")
    model.to_json_file(tmp_path / "some.json")
    text = (tmp_path / "whole" / "config.json").read_text()
    assert text == model.to_json_string() == (tmp_path / "config" / "config.json").read_text()
    assert text == (tmp_path / "some.json").read_text()
    # As diffusers' own methods read it, which it has besides.
    mixed: Any = form
    assert mixed.from_config(mixed.load_config(tmp_path / "config")).config == model.config
    (tmp_path / "whole" / "manifest.json").write_text(json.dumps({"litevae": "1", "files": {}}))
    with pytest.raises(ValueError, match="compile"):
        model.save_config(tmp_path / "whole")


def test_it_says_whether_gradients_are_checkpointed(model: Autoencoder) -> None:
    assert not model.is_gradient_checkpointing
    model.enable_gradient_checkpointing()
    assert model.is_gradient_checkpointing
    model.disable_gradient_checkpointing()
    assert not model.is_gradient_checkpointing


def test_slices_give_the_same(model: Autoencoder, image: Tensor) -> None:
    whole = model.decode(model.encode(image).latent_dist.mean).sample
    seen: list[int] = []
    model.get_submodule("decoder").register_forward_pre_hook(lambda _, inputs: seen.append(len(inputs[0])))
    model.enable_slicing()
    torch.testing.assert_close(model.decode(model.encode(image).latent_dist.mean).sample, whole)
    assert seen == [1, 1, 1]
    model.disable_slicing()
    model.decode(model.encode(image).latent_dist.mean)
    assert seen[-1] == 3


class TestTiles:
    @pytest.fixture
    def tiled(self, model: Autoencoder) -> Autoencoder:
        model.tile_sample_min_size = 16
        with pytest.warns(UserWarning, match="the result differs from that of the whole image"):
            model.enable_tiling()
        return model

    def test_bound_what_the_modules_see(self, tiled: Autoencoder) -> None:
        seen: list[tuple[int, ...]] = []
        for name in ("encoder", "decoder"):
            tiled.get_submodule(name).register_forward_pre_hook(
                lambda _, inputs: seen.append(tuple(inputs[0].shape[-2:]))
            )
        image = torch.randn(1, 3, 40, 56)
        with pytest.warns(UserWarning, match=r"those of 8 pixels change .* of the first 16×16 pixels by"):
            tiled.decode(tiled.encode(image).latent_dist.mean)
        seen.clear()
        found = tiled.decode(tiled.encode(image).latent_dist.mean).sample
        assert found.shape == image.shape
        assert set(seen) == {(16, 16), (8, 8)} and len(seen) == 2 * 3 * 5

    def test_agree_with_the_whole_where_every_pixel_stands_alone(self, tiled: Autoencoder) -> None:
        """A convolution whose kernel is its stride sees no neighbours: blended, the tiles are the whole image."""
        tiled.encoder = torch.nn.Conv2d(3, 4, 2, stride=2)
        image = torch.randn(2, 3, 34, 18)
        found = tiled.encode(image).latent_dist.mean
        tiled.disable_tiling()
        torch.testing.assert_close(found, tiled.encode(image).latent_dist.mean)

    def test_are_not_cut_out_of_small_images(self, tiled: Autoencoder) -> None:
        image = torch.randn(1, 3, 16, 16)
        found = tiled.encode(image).latent_dist.mean
        tiled.disable_tiling()
        assert torch.equal(found, tiled.encode(image).latent_dist.mean)

    @pytest.mark.parametrize(
        ("setting", "wrong"),
        [("tile_overlap_factor", value) for value in (1.0, 1.5, -0.1, float("nan"))]
        + [("tile_sample_min_size", value) for value in (0, -8)],
    )
    def test_that_are_none_are_refused_by_name(self, setting: str, wrong: float, tiled: Autoencoder) -> None:
        setattr(tiled, setting, wrong)
        with pytest.raises(ValueError, match=f"{setting} is {wrong}"):
            tiled.encode(torch.randn(1, 3, 40, 56))
        with pytest.raises(ValueError, match=f"{setting} is {wrong}"):
            tiled.enable_tiling()
        tiled.disable_tiling()
        assert tiled.encode(torch.randn(1, 3, 40, 56)).latent_dist.mean.shape[-2:] == (20, 28)

    def test_may_share_almost_all(self, tiled: Autoencoder) -> None:
        tiled.tile_overlap_factor = 1 - 2**-53
        assert tiled.encode(torch.randn(1, 3, 20, 16)).latent_dist.mean.shape[-2:] == (10, 8)
