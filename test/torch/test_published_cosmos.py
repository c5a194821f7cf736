"""The tokenizers of Cosmos: weights under the keys of NVIDIA's files give what plain PyTorch of the same facts gives."""

import json
from pathlib import Path

import pytest
import torch
from conftest import ROOT, litevae, package
from reference.cosmos import Tokenizer
from safetensors.torch import save_file
from support.peer import close, graph, noise

# Megabytes of encoder.jit and decoder.jit as NVIDIA published them, in bfloat16, with the code that they hold.
PUBLISHED = {8: (62.5, 91.5), 16: (67.2, 96.2)}


@pytest.mark.parametrize("stride", PUBLISHED)
def test_parameters_are_those_of_the_reference_and_of_the_published_files(stride: int) -> None:
    with torch.device("meta"):
        model = Tokenizer(stride)
    counted = json.loads(litevae("compare", f"cosmos-ci{stride}x{stride}", "--format", "json").stdout)
    encoder, decoder = (counted[0]["parts"][part]["params"] for part in ("encoder", "decoder"))
    parts = ((model.encoder, model.quant_conv), (model.decoder, model.post_quant_conv))
    assert [encoder, decoder] == [
        sum(parameter.numel() for module in part for parameter in module.parameters()) for part in parts
    ]
    assert [2e-6 * encoder, 2e-6 * decoder] == pytest.approx(PUBLISHED[stride], abs=0.3)


def test_the_gallery_says_how_jit_files_become_safetensors(tmp_path: Path) -> None:
    """The lines of docs/gallery.md on a traced module, whose buffers they leave out; the keys are then those of the model."""
    text = (ROOT / "docs" / "gallery.md").read_text()
    lines = text.partition("```python\n")[2].partition("```")[0]
    torch.manual_seed(5)
    model = Tokenizer(8, base=32, latent_channels=2).eval().bfloat16()
    traced = torch.jit.trace(model, torch.zeros(1, 3, 16, 16, dtype=torch.bfloat16))
    assert "encoder.patcher.wavelets" in traced.state_dict()
    traced.save(tmp_path / "autoencoder.jit")
    code = lines.replace('"autoencoder.jit"', f"{str(tmp_path / 'autoencoder.jit')!r}")
    exec(code.replace('"cosmos.safetensors"', f"{str(tmp_path / 'cosmos.safetensors')!r}"))
    narrow = 'import { cosmosTokenizer } from "litevae";\nexport default cosmosTokenizer({ base: 32, latentChannels: 2 });'
    (tmp_path / "narrow.ts").write_text(narrow)
    flags = ("--weights", tmp_path / "cosmos.safetensors", "--parts", "encoder")
    result = litevae("compile", tmp_path / "narrow.ts", "-o", tmp_path / "out", *flags)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("stride", PUBLISHED)
def test_weights_under_the_published_keys_give_the_outputs_of_the_reference(
    stride: int, tmp_path: Path
) -> None:
    """All layers with a quarter of the channels."""
    torch.manual_seed(7)
    original = Tokenizer(stride, base=32, latent_channels=16).eval()
    with torch.no_grad():
        for value in original.parameters():
            if value.dim() == 1:
                value.add_(0.1 * torch.randn_like(value))
    state = original.state_dict()
    assert "decoder.up.2.upsample.conv.weight" in state and "encoder.mid.attn_1.proj_out.bias" in state
    save_file(state, tmp_path / "cosmos.safetensors")
    settings = f"{{ stride: {stride}, base: 32 }}"
    (tmp_path / "narrow.ts").write_text(
        f'import {{ cosmosTokenizer }} from "litevae";\nexport default cosmosTokenizer({settings});'
    )
    out = tmp_path / "out"
    flags = ("--weights", tmp_path / "cosmos.safetensors", "--target", "onnx,torch")
    result = litevae("compile", tmp_path / "narrow.ts", "-o", out, *flags)
    assert result.returncode == 0, result.stderr
    x = noise(1, 3, 48, 80)
    with torch.no_grad():
        latent = original.encode(x)
        image = original.decode(latent)
    assert latent.shape == (1, 16, 48 // stride, 80 // stride) and image.shape == x.shape
    close(graph(out, "encoder").run(["latent"], {"image": x.numpy()})[0], latent)
    close(graph(out, "decoder").run(["image"], {"latent": latent.numpy()})[0], image)
    with package(out) as module, torch.no_grad():
        model = module.Autoencoder.from_pretrained(out)
        close(model.encode(x).latent, latent)
        close(model.decode(latent).sample, image)
        # The published file, as it is.
        straight = module.Autoencoder()
        straight.load_state_dict(straight.own_state(state))
        close(straight.encode(x).latent, latent)
