"""DC-AE: diffusers' folders compile as they are, and open in diffusers again."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import litevae, package
from diffusers import AutoencoderDC
from support.peer import close, graph, noise

WIDTHS = (128, 256, 512, 512, 1024, 1024, 2048)


def of_imagenet(levels: int, latent_channels: int, scaling_factor: float) -> dict[str, Any]:
    """As dc-ae-f32c32-in-1.0 and its kind were published."""
    attends = levels - 3
    types = ("ResBlock",) * 3 + ("EfficientViTBlock",) * attends
    return {
        "latent_channels": latent_channels,
        "encoder_block_types": types,
        "decoder_block_types": types,
        "encoder_block_out_channels": WIDTHS[:levels],
        "decoder_block_out_channels": WIDTHS[:levels],
        "encoder_layers_per_block": (0, 4, 8) + (2,) * attends,
        "decoder_layers_per_block": (0, 5, 10) + (2,) * attends,
        "encoder_qkv_multiscales": ((),) * levels,
        "decoder_qkv_multiscales": ((),) * levels,
        "decoder_norm_types": ("batch_norm",) * 3 + ("rms_norm",) * attends,
        "decoder_act_fns": ("relu",) * 3 + ("silu",) * attends,
        "scaling_factor": scaling_factor,
    }


TYPES = ("ResBlock",) * 3 + ("EfficientViTBlock",) * 3
PUBLISHED: dict[str, dict[str, Any]] = {
    "dc-ae-f32c32-in": of_imagenet(6, 32, 0.3189),
    "dc-ae-f32c32-sana": {
        "encoder_block_types": TYPES,
        "decoder_block_types": TYPES,
        "downsample_block_type": "conv",
        "upsample_block_type": "interpolate",
        "scaling_factor": 0.41407,
    },
    "dc-ae-f64c128-in": of_imagenet(7, 128, 0.2889),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_parameters_are_those_of_diffusers(name: str) -> None:
    with torch.device("meta"):
        model: Any = AutoencoderDC(**PUBLISHED[name])
    counted = json.loads(litevae("compare", name, "--format", "json").stdout)[0]
    assert {part: counted["parts"][part]["params"] for part in ("encoder", "decoder")} == {
        part: sum(parameter.numel() for parameter in getattr(model, part).parameters())
        for part in ("encoder", "decoder")
    }


def narrow(name: str) -> Any:
    """All levels and blocks of a published one with a 16th of the channels, at random weights and statistics."""
    torch.manual_seed(7)
    config = dict(PUBLISHED[name])
    widths = tuple(width // 16 for width in config.get("encoder_block_out_channels", WIDTHS[:6]))
    config |= {"encoder_block_out_channels": widths, "decoder_block_out_channels": widths}
    model: Any = AutoencoderDC(**config, attention_head_dim=8)
    with torch.no_grad():
        for key, value in model.state_dict().items():
            if key.endswith("running_var"):
                value.uniform_(0.5, 1.5)
            elif value.dim() == 1:
                value.add_(0.1 * torch.randn_like(value))
    return model.eval()


def agree(folder: Path, original: Any, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """What a folder's graphs give of `x`, held to diffusers; the folder opens in diffusers, with keys and scale."""
    with torch.no_grad():
        latent = original.encode(x).latent
        image = original.decode(latent).sample
    close(graph(folder, "encoder").run(["latent"], {"image": x.numpy()})[0], latent)
    close(graph(folder, "decoder").run(["image"], {"latent": latent.numpy()})[0], image)
    opened: Any = AutoencoderDC.from_pretrained(folder, use_safetensors=True)
    assert opened.state_dict().keys() == original.state_dict().keys()
    assert opened.config.scaling_factor == original.config.scaling_factor
    with torch.no_grad():
        close(opened.encode(x).latent, latent)
    return latent, image


@pytest.mark.parametrize("name", ["dc-ae-f32c32-in", "dc-ae-f32c32-sana"])
def test_a_folder_compiles_by_itself(name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Keys, outputs and settings, and the ways back to diffusers, which warns of nothing."""
    original = narrow(name)
    published = tmp_path / "published"
    original.save_pretrained(published)
    out = tmp_path / "out"
    result = litevae("compile", published, "-o", out, "--target", "onnx,torch")
    assert result.returncode == 0, result.stderr
    x = noise(1, 3, 96, 64)
    latent, image = agree(out, original, x)
    with package(out) as module, torch.no_grad():
        model: Any = module.Autoencoder.from_pretrained(published)
        assert model.config.scaling_factor == PUBLISHED[name]["scaling_factor"]
        close(model.encode(x).latent, latent)
        model.save_pretrained(tmp_path / "saved")
        again: Any = AutoencoderDC.from_pretrained(tmp_path / "saved", use_safetensors=True)
        close(again.decode(latent).sample, image)
    assert caplog.text == ""


def test_seven_levels_compile_by_themselves(tmp_path: Path) -> None:
    """At positions that are fewer than a head's channels, where diffusers' attention multiplies in the other order."""
    original = narrow("dc-ae-f64c128-in")
    original.save_pretrained(tmp_path / "published")
    result = litevae("compile", tmp_path / "published", "-o", tmp_path / "out")
    assert result.returncode == 0, result.stderr
    agree(tmp_path / "out", original, noise(1, 3, 64, 128))


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"decoder_norm_types": "layer_norm"}, 'decoder_norm_types: "layer_norm"'),
        ({"encoder_block_types": "ConvBlock"}, 'encoder_block_types: "ConvBlock"'),
        (
            {"decoder_act_fns": ["relu", "silu"] * 3},
            'decoder_act_fns: "relu" at all of the levels 0, 1, 2, 3, 4, 5',
        ),
        (
            {"encoder_layers_per_block": [2, 2, 0, 3, 3, 3]},
            "blocks of the levels, where the first alone may be 0",
        ),
        ({"downsample_block_type": "blur"}, "pixel_unshuffle or conv"),
    ],
)
def test_a_folder_of_another_form_says_what_is_otherwise(
    config: dict[str, Any], said: str, tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"_class_name": "AutoencoderDC", **config}))
    result = litevae("summary", tmp_path)
    assert result.returncode == 1
    assert said in result.stderr
