"""The autoencoders of FLUX.2, for which the diffusers of the tests has the parts and not the class."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from conftest import litevae, package
from diffusers.models.autoencoders.vae import Decoder, DiagonalGaussianDistribution, Encoder
from safetensors.torch import load_file, save_file
from support.latent_diffusion import latent_diffusion
from support.peer import close, graph, noise
from torch import Tensor, nn

# As FLUX.2-small-decoder was published.
PUBLISHED: dict[str, Any] = {
    "_class_name": "AutoencoderKLFlux2",
    "in_channels": 3,
    "out_channels": 3,
    "down_block_types": ["DownEncoderBlock2D"] * 4,
    "up_block_types": ["UpDecoderBlock2D"] * 4,
    "block_out_channels": [128, 256, 512, 512],
    "decoder_block_out_channels": [96, 192, 384, 384],
    "layers_per_block": 2,
    "act_fn": "silu",
    "latent_channels": 32,
    "norm_num_groups": 32,
    "sample_size": 1024,
    "force_upcast": True,
    "use_quant_conv": True,
    "use_post_quant_conv": True,
    "mid_block_add_attention": True,
    "batch_norm_eps": 0.0001,
    "batch_norm_momentum": 0.1,
    "patch_size": [2, 2],
}

# Where the 1×1 convolutions are in the files of Black Forest Labs.
OWNERS = {"quant_conv": "encoder", "post_quant_conv": "decoder"}


class Peer(nn.Module):
    """AutoencoderKLFlux2 of later versions out of the same encoder and decoder."""

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        channels: int = config["latent_channels"]
        common: dict[str, Any] = {"layers_per_block": 2, "norm_num_groups": 32, "act_fn": "silu"}
        self.encoder = Encoder(
            3,
            channels,
            tuple(config["down_block_types"]),
            tuple(config["block_out_channels"]),
            double_z=True,
            **common,
        )
        widths = config.get("decoder_block_out_channels", config["block_out_channels"])
        self.decoder = Decoder(channels, 3, tuple(config["up_block_types"]), tuple(widths), **common)
        self.quant_conv = nn.Conv2d(2 * channels, 2 * channels, 1)
        self.post_quant_conv = nn.Conv2d(channels, channels, 1)
        self.bn = nn.BatchNorm2d(4 * channels, eps=1e-4, affine=False)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        posterior = DiagonalGaussianDistribution(self.quant_conv(self.encoder(x)))
        # As the pipeline gives latents of images to the transformer.
        cells = F.pixel_unshuffle(posterior.mean, 2)
        mean, var = (getattr(self.bn, name)[:, None, None] for name in ("running_mean", "running_var"))
        return posterior.mean, posterior.logvar, (cells - mean) / torch.sqrt(var + 1e-4)

    def decode(self, z: Tensor) -> Tensor:
        image: Tensor = self.decoder(self.post_quant_conv(z))
        return image


def test_parameters_are_those_of_the_published_one() -> None:
    with torch.device("meta"):
        model = Peer(PUBLISHED)
    counted = json.loads(litevae("compare", "flux2-small-decoder", "--format", "json").stdout)[0]["parts"]
    found = [counted[part]["params"] for part in ("encoder", "decoder")]
    parts = ((model.encoder, model.quant_conv), (model.decoder, model.post_quant_conv))
    assert found == [sum(each.numel() for module in part for each in module.parameters()) for part in parts]
    # Black Forest Labs says: ~28 M.
    assert round(found[1] / 1e6) == 28


@pytest.mark.parametrize("small", [True, False], ids=["small decoder", "as large as the encoder"])
def test_a_folder_compiles_by_itself(small: bool, tmp_path: Path) -> None:
    torch.manual_seed(3)
    config = PUBLISHED | {"block_out_channels": [64, 128, 256, 256], "latent_channels": 4}
    config["decoder_block_out_channels"] = [32, 64, 128, 128]
    if not small:
        del config["decoder_block_out_channels"]
    original = Peer(config).eval()
    with torch.no_grad():
        original.bn.running_mean.normal_()  # type: ignore[union-attr]
        original.bn.running_var.uniform_(0.5, 1.5)  # type: ignore[union-attr]
    state = {key: value.contiguous() for key, value in original.state_dict().items()}
    published = tmp_path / "published"
    published.mkdir()
    save_file(state, published / "diffusion_pytorch_model.safetensors")
    (published / "config.json").write_text(json.dumps(config))
    out = tmp_path / "out"
    result = litevae("compile", published, "-o", out, "--target", "onnx,torch")
    assert result.returncode == 0, result.stderr
    x = noise(1, 3, 48, 80)
    with torch.no_grad():
        mean, logvar, normalized = original.encode(x)
        image = original.decode(mean)
    names = ["mean", "logvar", "normalized"]
    found = graph(out, "encoder").run(names, {"image": x.numpy()})
    for value, wanted in zip(found, (mean, logvar, normalized), strict=True):
        close(value, wanted)
    close(graph(out, "decoder").run(["image"], {"latent": mean.numpy()})[0], image)

    # And back: the keys, the statistics and the settings that diffusers reads.
    stored = load_file(out / "model.safetensors")
    assert stored.keys() == state.keys()
    assert all(torch.equal(value, state[key]) for key, value in stored.items())
    written = json.loads((out / "config.json").read_text())
    assert {key: written.get(key) for key in config} == config
    assert ("decoder_block_out_channels" in written) == small
    with package(out) as module, torch.no_grad():
        model: Any = module.Autoencoder.from_pretrained(published)
        encoded = model.encode(x)
        close(encoded.latent_dist.mean, mean)
        close(encoded.skips["normalized"], normalized)
        close(model.decode(mean).sample, image)


def test_a_file_under_the_keys_of_its_authors_is_taken(tmp_path: Path) -> None:
    """As full_encoder_small_decoder.safetensors has them: latent diffusion's, 1×1 convolutions in encoder and decoder."""
    torch.manual_seed(4)
    expected = Peer(PUBLISHED).state_dict()
    state = {
        re.sub(r"^(quant_conv|post_quant_conv)\.", lambda found: f"{OWNERS[found[1]]}.{found[0]}", key): value
        for key, value in latent_diffusion(expected, 4).items()
    }
    # So many tensors the published file has.
    assert len(state) == 251
    assert {"encoder.quant_conv.weight", "decoder.post_quant_conv.bias", "bn.running_var"} <= state.keys()
    file = tmp_path / "full_encoder_small_decoder.safetensors"
    save_file(state, file)
    out = tmp_path / "out"
    result = litevae("compile", "flux2-small-decoder", "-o", out, "--weights", file, "--target", "torch")
    assert result.returncode == 0, result.stderr
    stored = load_file(out / "model.safetensors")
    assert stored.keys() == expected.keys()
    assert all(torch.equal(stored[key].reshape(value.shape), value) for key, value in expected.items())
    with package(out) as module:
        loaded = module.Autoencoder().own_state(load_file(file))
    assert all(torch.equal(loaded[key], value) for key, value in expected.items())


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"patch_size": [1, 1]}, "patch_size: [1,1]"),
        ({"decoder_block_out_channels": [96, 96, 384, 384]}, "decoder_block_out_channels: [96,192,384,384]"),
        ({"layers_per_block": 3}, "layers_per_block: 3"),
    ],
)
def test_a_folder_of_another_form_says_what_is_otherwise(
    config: dict[str, Any], said: str, tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text(json.dumps(PUBLISHED | config))
    result = litevae("summary", tmp_path)
    assert result.returncode == 1
    assert said in result.stderr
