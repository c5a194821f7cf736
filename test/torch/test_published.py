"""Autoencoders that people have weights of: diffusers' folders compile as they are, and open in diffusers again."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import litevae, package
from diffusers import AutoencoderKL, AutoencoderTiny
from safetensors.torch import load_file, save_file
from support.latent_diffusion import latent_diffusion
from support.peer import close, graph, kl_graphs_agree, noise

WIDTHS = {"block_out_channels": (128, 256, 512, 512), "layers_per_block": 2}
KINDS = {"down_block_types": ("DownEncoderBlock2D",) * 4, "up_block_types": ("UpDecoderBlock2D",) * 4}
WITHOUT = {"use_quant_conv": False, "use_post_quant_conv": False}
LARGE = {"force_upcast": True, "sample_size": 1024}

PUBLISHED: dict[str, dict[str, Any]] = {
    "sdxl": {**WIDTHS, **KINDS, **LARGE, "latent_channels": 4, "scaling_factor": 0.13025},
    "sd3": {
        **WIDTHS,
        **KINDS,
        **WITHOUT,
        **LARGE,
        "latent_channels": 16,
        "scaling_factor": 1.5305,
        "shift_factor": 0.0609,
    },
    "flux1": {
        **WIDTHS,
        **KINDS,
        **WITHOUT,
        **LARGE,
        "latent_channels": 16,
        "scaling_factor": 0.3611,
        "shift_factor": 0.1159,
    },
    "kl-f16d32": {
        "block_out_channels": (128, 128, 256, 256, 512),
        "layers_per_block": 2,
        "down_block_types": (*("DownEncoderBlock2D",) * 4, "AttnDownEncoderBlock2D"),
        "up_block_types": ("AttnUpDecoderBlock2D", *("UpDecoderBlock2D",) * 4),
        "latent_channels": 32,
    },
}


def seeded(name: str) -> Any:
    torch.manual_seed(5)
    model: Any = AutoencoderKL(**PUBLISHED[name])
    return model.eval()


@pytest.mark.parametrize("name", PUBLISHED)
def test_parameters_and_their_shapes_are_those_of_diffusers(name: str) -> None:
    with torch.device("meta"):
        model: Any = AutoencoderKL(**PUBLISHED[name])
    counted = json.loads(litevae("compare", name, "--format", "json").stdout)
    parts = counted[0]["parts"]
    total = sum(parts[part]["params"] for part in ("encoder", "decoder"))
    assert total == sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize("name", ["flux1", "kl-f16d32"])
def test_a_folder_of_diffusers_compiles_by_itself(name: str, tmp_path: Path) -> None:
    """Without a model's name: architecture, weights and the numbers of its latents are in the folder."""
    original = seeded(name)
    published = tmp_path / "published"
    original.save_pretrained(published)
    out = tmp_path / "out"
    result = litevae("compile", published, "-o", out, "--target", "onnx,torch")
    assert result.returncode == 0, result.stderr
    kl_graphs_agree(out, original, noise(1, 3, 64, 96))

    opened: Any = AutoencoderKL.from_pretrained(out, use_safetensors=True)
    assert opened.state_dict().keys() == original.state_dict().keys()
    settings = ("scaling_factor", "shift_factor", "force_upcast", "sample_size", "latent_channels")
    # A shift of None and one of 0 are the same to its pipelines.
    assert {key: opened.config[key] or 0 for key in settings} == {
        key: original.config[key] or 0 for key in settings
    }
    with package(out) as module, torch.no_grad():
        model: Any = module.Autoencoder.from_pretrained(published)
        assert (model.config.scaling_factor, model.config.shift_factor) == (
            original.config.scaling_factor,
            original.config.shift_factor or 0,
        )
        x = torch.randn(1, 3, 64, 32)
        close(model.encode(x).latent_dist.mean, original.encode(x).latent_dist.mean)


@pytest.mark.parametrize("name", ["kl-f16d32"])
def test_a_file_under_the_keys_of_latent_diffusion_is_taken(name: str, tmp_path: Path) -> None:
    """As ae.safetensors of FLUX and the files of SD3 and VA-VAE have them, attention stored as 1×1 convolutions."""
    original = seeded(name)
    levels = len(PUBLISHED[name]["block_out_channels"])
    state = latent_diffusion(original.state_dict(), levels)
    assert (
        "decoder.up.4.attn.2.proj_out.weight" in state and "encoder.down.2.block.0.nin_shortcut.bias" in state
    )
    save_file(state, tmp_path / "ae.safetensors")
    out = tmp_path / "out"
    result = litevae(
        "compile", name, "-o", out, "--weights", tmp_path / "ae.safetensors", "--target", "torch"
    )
    assert result.returncode == 0, result.stderr
    stored = load_file(out / "model.safetensors")
    expected = original.state_dict()
    assert stored.keys() == expected.keys()
    assert all(torch.equal(stored[key].reshape(value.shape), value) for key, value in expected.items())
    with package(out) as module:
        loaded = module.Autoencoder().own_state(load_file(tmp_path / "ae.safetensors"))
    assert all(torch.equal(loaded[key], value) for key, value in expected.items())


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"_class_name": "AutoencoderKLWan"}, "is of AutoencoderKLWan, which litevae has no model for"),
        ({"_class_name": "AutoencoderKL", "act_fn": "relu"}, 'act_fn: "relu"'),
        ({"model": "mine"}, "is of mine, which is no built-in model"),
        ({}, "is of no class that its config.json names"),
    ],
)
def test_a_folder_of_something_else_says_what_it_is(
    config: dict[str, Any], said: str, tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text(json.dumps(config))
    result = litevae("summary", tmp_path)
    assert result.returncode == 1
    assert said in result.stderr


@pytest.mark.parametrize(("name", "latent_channels"), [("taesd", 4), ("taef1", 16)])
def test_a_folder_of_a_tiny_autoencoder_compiles_by_itself(
    name: str, latent_channels: int, tmp_path: Path
) -> None:
    torch.manual_seed(7)
    original: Any = AutoencoderTiny(latent_channels=latent_channels)
    original.eval()
    original.save_pretrained(tmp_path / name)
    out = tmp_path / "out"
    result = litevae("compile", tmp_path / name, "-o", out, "--target", "onnx,torch")
    assert result.returncode == 0, result.stderr
    x = torch.rand(1, 3, 48, 72) * 2 - 1
    with torch.no_grad():
        latent = original.encode(x).latents
        image = original.decode(3 * latent).sample
    close(graph(out, "encoder").run(["latent"], {"image": x.numpy()})[0], latent)
    close(graph(out, "decoder").run(["image"], {"latent": 3 * latent.numpy()})[0], image)

    opened: Any = AutoencoderTiny.from_pretrained(out, use_safetensors=True)
    assert opened.state_dict().keys() == original.state_dict().keys()
    assert opened.config.latent_channels == latent_channels
    with package(out) as module, torch.no_grad():
        model: Any = module.Autoencoder.from_pretrained(tmp_path / name)
        close(model.encode(x).latent, latent)
        model.save_pretrained(tmp_path / "saved")
        again: Any = AutoencoderTiny.from_pretrained(tmp_path / "saved", use_safetensors=True)
        close(again.decode(3 * latent).sample, image)
    # The built-in model of that name is the same network.
    built = json.loads(litevae("compare", name, "--format", "json").stdout)[0]["parts"]
    assert sum(part["params"] for part in built.values()) == sum(
        each.numel() for each in original.parameters()
    )


def test_a_folder_of_ours_has_the_channels_that_it_says(tmp_path: Path) -> None:
    """What compile wrote compiles by itself, with other latent channels than the built-in model's own."""
    first = litevae("compile", "nano", "--latent", "5", "--seed", "3", "-o", tmp_path / "first")
    assert first.returncode == 0, first.stderr
    again = litevae("compile", tmp_path / "first", "-o", tmp_path / "again")
    assert again.returncode == 0, again.stderr
    stored, copied = (load_file(tmp_path / name / "model.safetensors") for name in ("first", "again"))
    assert stored.keys() == copied.keys()
    assert all(torch.equal(value, copied[key]) for key, value in stored.items())
    other = litevae("compile", tmp_path / "first", "--latent", "8", "-o", tmp_path / "other")
    assert other.returncode == 1
    assert "--latent applies to built-in models" in other.stderr
