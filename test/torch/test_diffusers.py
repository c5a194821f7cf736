"""SD-VAE travels both ways: diffusers' published layout compiles as it is, and what the package saves diffusers opens."""

import io
import json
import logging
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import litevae, package
from diffusers import AutoencoderKL
from safetensors.torch import load_file, save_file
from support.peer import close, kl_graphs_agree, noise

# The keys of attention layers in the files that were published before diffusers renamed them.
OLD_NAMES = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}


# A quarter of its width, which opens and compiles in a tenth of the time.
NARROW = 'import { sdVae } from "litevae";\nexport default sdVae({ name: "narrow", base: 32 });\n'


def seeded(base: int = 128) -> Any:
    torch.manual_seed(3)
    model: Any = AutoencoderKL(
        block_out_channels=(base, 2 * base, 4 * base, 4 * base),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=2,
        latent_channels=4,
    )
    return model.eval()


def published(model: Any, path: Path, old: bool) -> Path:
    """The weights as diffusers writes them, or as it did when the Stable Diffusion VAEs came out."""
    state = {key: value.contiguous() for key, value in model.state_dict().items()}
    if old:
        for now, then in OLD_NAMES.items():
            state = {
                re.sub(rf"(attentions\.\d+)\.{re.escape(now)}\.", rf"\1.{then}.", key): value
                for key, value in state.items()
            }
        assert any(".query." in key for key in state)
        # The oldest store the linear layers as 1×1 convolutions.
        state = {
            key: value[:, :, None, None] if re.search(r"\.(query|key|value)\.weight$", key) else value
            for key, value in state.items()
        }
    save_file(state, path)
    return path


@pytest.mark.parametrize("old", [False, True], ids=["narrow, today's keys", "old keys"])
def test_a_published_sd_vae_compiles_and_comes_back(old: bool, tmp_path: Path) -> None:
    original = seeded(base=128 if old else 32)
    model_file: Path | str = "sd-vae" if old else tmp_path / "narrow.ts"
    name = Path(model_file).stem
    (tmp_path / "narrow.ts").write_text(NARROW.replace("base: 32", "base: 32, pointwise: true"))
    weights = published(original, tmp_path / "diffusion_pytorch_model.safetensors", old)
    out = tmp_path / "out"
    result = litevae("compile", model_file, "-o", out, "--weights", weights, "--target", "onnx,torch")
    assert result.returncode == 0, result.stderr
    # The compiled folder is one of diffusers', with the one file of weights that is there.
    compiled: Any = opened_quietly(out)
    assert (compiled.config.use_quant_conv, compiled.config.scaling_factor) == (True, 0.18215)

    x = noise(1, 3, 40, 72)
    posterior, image = kl_graphs_agree(out, original, x)

    with package(out) as module:
        model: Any = module.Autoencoder.from_pretrained(out)
        model.save_pretrained(tmp_path / "saved")
        again = module.Autoencoder.from_pretrained(tmp_path / "saved")
        # The folder as it is published: the file that was compiled, beside what diffusers says of it.
        original.save_config(tmp_path)
        straight = module.Autoencoder.from_pretrained(tmp_path)
        # Strided convolutions would cut the last 2 off in silence.
        with pytest.raises(ValueError, match=rf"^images of width 250 do not fit {name}: 248 or 256 does$"):
            model.encode(torch.zeros(1, 3, 256, 250))
        config = json.loads((tmp_path / "config.json").read_text())
        (tmp_path / "config.json").write_text(json.dumps(config | {"layers_per_block": 3}))
        with pytest.raises(module.WeightsError, match=r"is of another model: .*'layers_per_block': 3"):
            module.Autoencoder.from_pretrained(tmp_path)
    opened: Any = opened_quietly(tmp_path / "saved")
    assert opened.config.use_quant_conv and opened.config.scaling_factor == 0.18215
    state = load_file(tmp_path / "saved" / "diffusion_pytorch_model.safetensors")
    assert state.keys() == original.state_dict().keys()
    with torch.no_grad():
        close(compiled.encode(x).latent_dist.mean, posterior.mean)
        close(compiled.decode(posterior.mean).sample, image)
        close(opened.encode(x).latent_dist.mean, posterior.mean)
        close(opened.decode(posterior.mean).sample, image)
        close(again.decode(posterior.mean).sample, image)
        close(straight.encode(x).latent_dist.mean, posterior.mean)
        close(straight.decode(posterior.mean).sample, image)
    if old:
        assert sum(parameter.numel() for parameter in original.parameters()) == 83_653_863
        verified = litevae("verify", out, "--weights", weights, "--size", "32")
        assert verified.returncode == 0, verified.stderr + verified.stdout
        assert "without" not in verified.stderr


def test_a_package_without_them_takes_diffusers_folders_with_quant_conv(tmp_path: Path) -> None:
    """Also in half precision alone, with settings of their own, which go back to diffusers as they came."""
    original = seeded(base=32)
    original.register_to_config(
        scaling_factor=0.13025,
        force_upcast=False,
        latents_mean=[0.5, 1.0, -1.0, 0.0],
        latents_std=[1.0, 2.0, 3.0, 4.0],
    )
    original.half().save_pretrained(tmp_path / "published", variant="fp16")
    assert not (tmp_path / "published" / "diffusion_pytorch_model.safetensors").exists()
    out, narrow = tmp_path / "out", tmp_path / "narrow.ts"
    narrow.write_text(NARROW)
    compiled = litevae("compile", narrow, "-o", out, "--target", "torch")
    assert compiled.returncode == 0, compiled.stderr
    z = torch.randn(1, 4, 5, 9, generator=torch.Generator().manual_seed(0))
    with package(out) as module, torch.no_grad():
        model: Any = module.Autoencoder.from_pretrained(tmp_path / "published")
        assert model.latent_statistics.normalization == "channel"
        image = model.decode(z).sample
        close(image, original.float().decode(z).sample)
        model.save_pretrained(tmp_path / "saved")
    opened: Any = opened_quietly(tmp_path / "saved")
    settings = ("scaling_factor", "force_upcast", "latents_mean", "latents_std", "use_quant_conv")
    assert [opened.config[key] for key in settings] == [original.config[key] for key in settings]
    with torch.no_grad():
        close(opened.decode(z).sample, image)

    # And through the compiler, by a model that has them.
    narrow.write_text(NARROW.replace("base: 32", "base: 32, pointwise: true"))
    weights = tmp_path / "published" / "diffusion_pytorch_model.fp16.safetensors"
    assert litevae("compile", narrow, "-o", out, "--weights", weights).returncode == 0
    again: Any = opened_quietly(out)
    assert [again.config[key] for key in settings] == [original.config[key] for key in settings]


def opened_quietly(folder: Path) -> Any:
    """The model that diffusers opens, which must have nothing to say about the folder."""
    said = io.StringIO()
    handler = logging.StreamHandler(said)
    logger = logging.getLogger("diffusers")
    logger.addHandler(handler)
    try:
        model: Any = AutoencoderKL.from_pretrained(folder)
    finally:
        logger.removeHandler(handler)
    assert said.getvalue() == ""
    return model.eval()
