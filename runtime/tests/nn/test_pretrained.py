"""Folders of weights: what config.json says travels to the last bit, and damaged files are refused."""

import json
import math
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from small import Autoencoder

from litevae_runtime.common.errors import InputError, WeightsError
from litevae_runtime.nn.pretrained import write_pretrained
from litevae_runtime.nn.statistics import LatentStatistics
from litevae_runtime.nn.stored import weights_in
from litevae_runtime.nn.trained import start_from, trained_autoencoder, weights_file

MEASURED = LatentStatistics(1.1112345678901235, -0.1, (0.1 + 0.2, -1e-7), (1 / 3, 1e3), 10_000)


def config_of(folder: Path) -> dict[str, Any]:
    config: dict[str, Any] = json.loads((folder / "config.json").read_text())
    return config


class Channelled(Autoencoder):
    """One whose architecture diffusers has a class for."""

    diffusers_config = MappingProxyType(
        {
            "_class_name": "AutoencoderKL",
            "latent_channels": 2,
            "scaling_factor": 0.18215,
            "use_quant_conv": False,
            "use_post_quant_conv": False,
        }
    )


@pytest.fixture
def run(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    write_pretrained(Autoencoder(), tmp_path / "run", "model.safetensors", {}, **MEASURED.config())
    return tmp_path / "run"


def test_numbers_survive_every_round_trip(run: Path, tmp_path: Path) -> None:
    model = Autoencoder.from_pretrained(run)
    assert model.latent_statistics == MEASURED
    model.register_to_config(note="kept")
    model.save_pretrained(tmp_path / "saved")
    again = Autoencoder.from_pretrained(tmp_path / "saved")
    assert again.latent_statistics == MEASURED and again.config.note == "kept"
    again.save_pretrained(tmp_path / "twice")
    assert config_of(tmp_path / "twice") == config_of(tmp_path / "saved")
    assert config_of(tmp_path / "saved") == config_of(run) | {"note": "kept"}
    assert trained_autoencoder(Autoencoder, run / "model.safetensors").latent_statistics == MEASURED


def test_the_configuration_has_one_form_of_them_alone(run: Path) -> None:
    """Diffusers' SDXL pipelines divide by latents_std and multiply with scaling_factor where both are there."""
    config = Autoencoder.from_pretrained(run).config
    assert (config.scaling_factor, config["shift_factor"]) == (MEASURED.scaling_factor, MEASURED.shift_factor)
    assert not hasattr(config, "latents_mean") and "latents_std" not in config
    with pytest.raises(TypeError, match="register_to_config"):
        config.scaling_factor = 1.0


@pytest.mark.parametrize("form", ["global", "channel"])
def test_diffusers_layout_holds_what_its_pipelines_apply(form: Any, tmp_path: Path) -> None:
    statistics = LatentStatistics(0.5, 0.0, (1.0, 2.0), (3.0, 4.0), None, form)
    model = Channelled()
    model.register_to_config(**statistics.config(), force_upcast=False)
    model.save_pretrained(tmp_path)
    config = config_of(tmp_path)
    assert ("latents_mean" in config) == (form == "channel") and config["force_upcast"] is False
    assert {"model", "stride", "image_channels"}.isdisjoint(config)
    again = Channelled.from_pretrained(tmp_path)
    assert again.latent_statistics == statistics and again.config.force_upcast is False
    again.save_pretrained(tmp_path / "again")
    assert config_of(tmp_path / "again") == config


def test_normalizing_is_what_the_pipelines_do_and_is_undone() -> None:
    z = torch.randn(2, 2, 3, 3)
    per_channel = LatentStatistics(0.5, 9.0, (1.0, 2.0), (3.0, 4.0), None, "channel")
    mean, std = (torch.tensor(each)[:, None, None] for each in ((1.0, 2.0), (3.0, 4.0)))
    torch.testing.assert_close(per_channel.normalize(z), (z - mean) * 0.5 / std)
    torch.testing.assert_close(MEASURED.normalize(z), (z + 0.1) * MEASURED.scaling_factor)
    for statistics in (per_channel, MEASURED):
        torch.testing.assert_close(statistics.denormalize(statistics.normalize(z)), z)


@pytest.mark.parametrize(
    "wrong",
    [
        {"scaling_factor": 0},
        {"scaling_factor": "1.1"},
        {"scaling_factor": math.nan},
        {"latents_mean": [1, 2]},
        {"latents_mean": [1], "latents_std": [1]},
        {"latents_mean": [1, None], "latents_std": [1, 1]},
    ],
    ids=str,
)
def test_numbers_that_are_none_are_refused(wrong: dict[str, Any], run: Path) -> None:
    plain = {key: value for key, value in config_of(run).items() if not key.startswith("latents_")}
    (run / "config.json").write_text(json.dumps(plain | wrong))
    with pytest.raises(WeightsError, match="json has "):
        Autoencoder.from_pretrained(run)
    with pytest.raises(InputError, match="json beside the weights cannot be used"):
        trained_autoencoder(Autoencoder, run)


def test_a_start_takes_the_numbers_of_an_encoder_that_is_taken_whole(run: Path, tmp_path: Path) -> None:
    model = Autoencoder()
    start_from(model, str(run), partial=False)
    assert model.stored.latents == MEASURED
    state = Autoencoder.from_pretrained(run).state_dict()
    for left_out, kept in (("decoder.conv_out.bias", MEASURED), ("encoder.bias", None)):
        part = {key: value.contiguous() for key, value in state.items() if key != left_out}
        save_file(part, run / "model.safetensors")
        model = Autoencoder()
        start_from(model, str(run), partial=True)
        assert model.stored.latents == kept, left_out


class TestVariants:
    def saved(self, folder: Path) -> Autoencoder:
        torch.manual_seed(1)
        model = Autoencoder().half()
        model.save_pretrained(folder, variant="fp16")
        return model

    def test_are_written_and_read_under_diffusers_names(self, tmp_path: Path) -> None:
        model = self.saved(tmp_path / "vae")
        assert (tmp_path / "vae" / "model.fp16.safetensors").is_file()
        again = Autoencoder.from_pretrained(
            tmp_path, subfolder="vae", variant="fp16", torch_dtype=torch.float16
        )
        assert again.dtype == torch.float16 and again.device.type == "cpu"
        assert all(torch.equal(value, again.state_dict()[key]) for key, value in model.state_dict().items())

    def test_are_found_where_they_are_alone(self, tmp_path: Path) -> None:
        self.saved(tmp_path)
        assert Autoencoder.from_pretrained(tmp_path).dtype == torch.float32
        assert weights_file(tmp_path).name == "model.fp16.safetensors"
        with pytest.raises(FileNotFoundError, match=r"has no model\.fp8\.safetensors"):
            Autoencoder.from_pretrained(tmp_path, variant="fp8")
        with pytest.raises(
            NotADirectoryError, match=r"model\.fp16\.safetensors is a file: give its folder, "
        ):
            Autoencoder.from_pretrained(tmp_path / "model.fp16.safetensors")


class TestOptionsOfDiffusers:
    def test_that_change_nothing_are_taken_and_others_refused(self, run: Path, tmp_path: Path) -> None:
        Autoencoder.from_pretrained(run, low_cpu_mem_usage=True, use_safetensors=True, device_map=None)
        with pytest.raises(ValueError, match="device_map='auto'"):
            Autoencoder.from_pretrained(run, device_map="auto")
        with pytest.raises(TypeError, match="has no argument colour"):
            Autoencoder.from_pretrained(run, colour=1)
        with pytest.raises(ValueError, match="as safetensors"):
            Autoencoder().save_pretrained(tmp_path / "pickled", safe_serialization=False)

    def test_that_save_nothing_are_refused_before_anything_is_written(self, tmp_path: Path) -> None:
        model = Autoencoder()
        with pytest.raises(TypeError, match=r"save_pretrained has no argument foo, and config\.json no such"):
            model.save_pretrained(tmp_path / "foo", foo=1)
        assert not (tmp_path / "foo").exists()
        model.save_pretrained(
            tmp_path / "known", scaling_factor=2.0, save_function=None, repo_id="x", token=True
        )
        assert config_of(tmp_path / "known") == model.own_layout() | {"scaling_factor": 2.0}
        model.register_to_config(note="first")
        model.save_pretrained(tmp_path / "noted", note="second")
        assert config_of(tmp_path / "noted")["note"] == "second"

    @pytest.mark.parametrize("name", ["float16", "torch.float16", "half", torch.float16])
    def test_name_a_type_as_torch_does(self, name: Any, run: Path) -> None:
        assert Autoencoder.from_pretrained(run, torch_dtype=name).dtype == torch.float16

    def test_leave_the_type_as_it_is_stored(self, run: Path, tmp_path: Path) -> None:
        assert Autoencoder.from_pretrained(run, torch_dtype="auto").dtype == torch.float32
        Autoencoder().bfloat16().save_pretrained(tmp_path / "halved")
        assert Autoencoder.from_pretrained(tmp_path / "halved", torch_dtype="auto").dtype == torch.bfloat16

    @pytest.mark.parametrize("name", ["fp16", "cpu", "int8", "Tensor", "", 16, torch.int64])
    def test_name_no_other_type(self, name: Any, run: Path) -> None:
        with pytest.raises(ValueError, match=r"torch_dtype is a floating torch\.dtype"):
            Autoencoder.from_pretrained(run, torch_dtype=name)

    def test_leave_no_trace_in_the_folder(self, tmp_path: Path) -> None:
        Autoencoder().save_pretrained(tmp_path / "plain")
        Autoencoder().save_pretrained(
            tmp_path / "same", safe_serialization=True, is_main_process=True, max_shard_size="10GB"
        )
        assert config_of(tmp_path / "same") == config_of(tmp_path / "plain")
        Autoencoder().save_pretrained(tmp_path / "other", is_main_process=False)
        assert not (tmp_path / "other").exists()


def test_weights_of_another_model_are_called_by_its_name(run: Path) -> None:
    (run / "config.json").write_text(json.dumps(config_of(run) | {"model": "nano"}))
    with pytest.raises(WeightsError, match=r"config\.json is of nano, not of small"):
        Autoencoder.from_pretrained(run)
    with pytest.raises(WeightsError, match=r"config\.json is of nano, not of small"):
        Autoencoder.from_config(run)
    (run / "config.json").write_text(json.dumps(config_of(run) | {"model": "small"}))
    save_file({"encoder.weight": torch.zeros(4, 3, 3, 3)}, run / "model.safetensors")
    with pytest.raises(WeightsError, match="the weights are not those of this model"):
        Autoencoder.from_pretrained(run)


def test_diffusers_layout_is_of_a_model_too(tmp_path: Path) -> None:
    Channelled().save_pretrained(tmp_path)
    config = config_of(tmp_path)
    config["_litevae"]["model"] = "sd-vae"
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(WeightsError, match=r"config\.json is of sd-vae, not of small"):
        Channelled.from_pretrained(tmp_path)
    del config["_litevae"]
    (tmp_path / "config.json").write_text(json.dumps(config))
    Channelled.from_pretrained(tmp_path)


def test_the_optional_convolutions_of_diffusers_are_added_where_weights_have_them(tmp_path: Path) -> None:
    model = Channelled()
    model.adapt_to(["quant_conv.weight", "post_quant_conv.weight", "encoder.weight"])
    model.save_pretrained(tmp_path)
    config = config_of(tmp_path)
    assert config["use_quant_conv"] is True and config["use_post_quant_conv"] is True
    again = Channelled.from_pretrained(tmp_path)
    x = torch.randn(1, 3, 8, 8)
    moments = model.get_submodule("quant_conv")(model.get_submodule("encoder")(x))
    torch.testing.assert_close(again.encode(x).latent_dist.mean, moments[:, :2])
    z = torch.randn(1, 2, 4, 4)
    assert torch.equal(again.decode(z).sample, model.decode(z).sample)
    assert not torch.equal(again.decode(z).sample, again._image(z))


def test_other_classes_refuse_them(tmp_path: Path) -> None:
    state = Autoencoder().state_dict()
    save_file({**state, "quant_conv.bias": torch.zeros(4)}, tmp_path / "run.safetensors")
    with pytest.raises(InputError, match=r"1 unexpected: quant_conv\.bias"):
        trained_autoencoder(Autoencoder, tmp_path / "run.safetensors")


def test_weights_of_ours_come_before_those_of_diffusers_in_every_variant(tmp_path: Path) -> None:
    names = ["model.safetensors", "diffusion_pytorch_model.safetensors"]
    names += ["model.fp16.safetensors", "diffusion_pytorch_model.fp16.safetensors"]
    for name in names:
        (tmp_path / name).touch()
    assert weights_in(tmp_path, "fp16") == tmp_path / "model.fp16.safetensors"
    for name in names:
        assert weights_in(tmp_path) == tmp_path / name
        (tmp_path / name).unlink()
    assert weights_in(tmp_path) is None


class Published(Channelled):
    """One of a published model, whose settings go with its weights alone."""

    diffusers_config = MappingProxyType(
        {**Channelled.diffusers_config, "force_upcast": True, "sample_size": 1024, "shift_factor": 0.1}
    )


def test_settings_of_other_weights_are_of_the_same_model(tmp_path: Path) -> None:
    others: dict[str, Any] = {"force_upcast": False, "sample_size": 64, "shift_factor": 0.5}
    Published().save_pretrained(tmp_path, **others)
    found = Published.from_pretrained(tmp_path).config
    assert {key: found[key] for key in others} == others


@pytest.mark.parametrize("model", [Autoencoder, Channelled])
@pytest.mark.parametrize("fact", ["stride", "image_channels", "latent_channels"])
def test_a_configuration_that_contradicts_the_model_is_refused_at_every_door(
    model: type[Autoencoder], fact: str, tmp_path: Path
) -> None:
    model().save_pretrained(tmp_path)
    config = config_of(tmp_path)
    config.get("_litevae", config)[fact] = 16
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(WeightsError, match=rf"of another model: .*'{fact}': 16"):
        model.from_pretrained(tmp_path)
    with pytest.raises(InputError, match=rf"of another model: .*'{fact}': 16"):
        trained_autoencoder(model, tmp_path)
    with pytest.raises(InputError, match=rf"of another model: .*'{fact}': 16"):
        start_from(model(), str(tmp_path), partial=False)
