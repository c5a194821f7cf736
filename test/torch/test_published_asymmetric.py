"""The asymmetric VQGAN: diffusers' folders compile with image and mask beside the latent, and open in diffusers again."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import litevae, package
from diffusers import AsymmetricAutoencoderKL
from support.peer import close, graph, noise

# As asymmetric-autoencoder-kl-x-1-5 was published.
PUBLISHED: dict[str, Any] = {
    "down_block_out_channels": (128, 256, 512, 512),
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "layers_per_down_block": 2,
    "layers_per_up_block": 3,
    "sample_size": 256,
    "scaling_factor": 0.18215,
    "up_block_out_channels": (192, 384, 768, 768),
    "up_block_types": ("UpDecoderBlock2D",) * 4,
}


# And -x-2.
LARGER = {**PUBLISHED, "layers_per_up_block": 5, "up_block_out_channels": (256, 512, 1024, 1024)}


@pytest.mark.parametrize(("config", "total"), [(PUBLISHED, 194_300_519), (LARGER, 406_130_151)])
def test_parameters_are_those_of_diffusers(config: dict[str, Any], total: int, tmp_path: Path) -> None:
    with torch.device("meta"):
        model: Any = AsymmetricAutoencoderKL(**config)
    (tmp_path / "config.json").write_text(json.dumps({"_class_name": "AsymmetricAutoencoderKL", **config}))
    name = "asymmetric-kl" if config is PUBLISHED else tmp_path
    counted = json.loads(litevae("compare", name, "--format", "json").stdout)[0]["parts"]
    assert sum(part["params"] for part in counted.values()) == total
    assert sum(parameter.numel() for parameter in model.parameters()) == total


def test_a_folder_compiles_by_itself(tmp_path: Path) -> None:
    """All blocks of the published one with a sixth of the decoder's channels: keys, outputs, and the ways back."""
    torch.manual_seed(3)
    widths = {"down_block_out_channels": (32, 64, 64, 96), "up_block_out_channels": (32, 64, 128, 128)}
    original: Any = AsymmetricAutoencoderKL(**{**PUBLISHED, **widths, "scaling_factor": 0.25})
    original.eval().save_pretrained(tmp_path / "published")
    out = tmp_path / "out"
    result = litevae("compile", tmp_path / "published", "-o", out, "--target", "onnx,torch")
    assert result.returncode == 0, result.stderr

    x = noise(1, 3, 40, 72)
    mask = (noise(1, 1, 40, 72) > 0).float()
    with torch.no_grad():
        z = original.encode(x).latent_dist.mean
        masked = original.decode(z, image=x, mask=mask).sample
        plain = original.decode(z).sample
    assert (masked - plain).abs().max() > 0.1
    close(graph(out, "encoder").run(["mean"], {"image": x.numpy()})[0], z)
    decoder = graph(out, "decoder")
    given = {"latent": z.numpy(), "original": x.numpy()}
    close(decoder.run(None, {**given, "mask": mask.numpy()})[0], masked)
    # The decoder without image and mask is that of a mask of ones.
    close(decoder.run(None, {**given, "mask": torch.ones_like(mask).numpy()})[0], plain)

    opened: Any = AsymmetricAutoencoderKL.from_pretrained(out, use_safetensors=True)
    assert opened.state_dict().keys() == original.state_dict().keys()
    assert (opened.config.scaling_factor, opened.config.layers_per_up_block) == (0.25, 3)
    with package(out) as module, torch.no_grad():
        model: Any = module.Autoencoder.from_pretrained(tmp_path / "published")
        close(model.encode(x).latent_dist.mean, z)
        close(model.decode(z, original=x, mask=mask).sample, masked)
        model.save_pretrained(tmp_path / "saved")
    again: Any = AsymmetricAutoencoderKL.from_pretrained(tmp_path / "saved", use_safetensors=True)
    with torch.no_grad():
        close(again.decode(z, image=x, mask=mask).sample, masked)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        # Where diffusers itself has no feature of the image of such a shape.
        (
            {"up_block_out_channels": [128, 128, 256, 512, 512]},
            "up_block_out_channels: [128,128,256,512,512]",
        ),
        ({"down_block_out_channels": [128, 256, 512]}, "down_block_out_channels: four widths"),
        ({"down_block_types": ["AttnDownEncoderBlock2D"] * 4}, 'down_block_types: "AttnDownEncoderBlock2D"'),
        ({"act_fn": "relu"}, 'act_fn: "relu"'),
    ],
)
def test_a_folder_of_another_form_says_what_is_otherwise(
    config: dict[str, Any], said: str, tmp_path: Path
) -> None:
    whole = {"_class_name": "AsymmetricAutoencoderKL", **PUBLISHED, **config}
    (tmp_path / "config.json").write_text(json.dumps(whole))
    result = litevae("summary", tmp_path)
    assert result.returncode == 1
    assert said in result.stderr
