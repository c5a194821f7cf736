"""An autoencoder without a distribution, the whole way: diffusers' AutoencoderTiny is its peer, and what a recipe does to it."""

import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from conftest import ROOT, litevae, package, session_of
from diffusers import AutoencoderTiny
from safetensors.torch import load_file, save_file
from sets import write_images
from support.small_package import compile_to
from training.runs import forget_accelerate

MODEL = ROOT / "examples" / "deterministic.ts"
# 36×52 pixels: no multiple of anything but the stride.
SIDES = (2, 3, 36, 52)
RECIPE = """import { recipe } from "litevae";
export default recipe({
  name: "two-steps",
  phases: [{ name: "one", resolution: 16, steps: 2, batch: 2, discriminator: false }],
  losses: { perceptual: 0, kl: 0, ldl: 0.1 },
  ema: { decay: 0.9 },
  data: { workers: 0, validation_share: 0.3 },
  checkpoints: { validate_every: 1 },
  log: { every: 1, samples_every: 2, samples: 2, trackers: [] },
});
"""


@pytest.fixture(scope="module")
def peer() -> Any:
    torch.manual_seed(5)
    widths, blocks = (16, 16, 16), (1, 1, 1)
    model: Any = AutoencoderTiny(
        encoder_block_out_channels=widths,
        decoder_block_out_channels=widths,
        num_encoder_blocks=blocks,
        num_decoder_blocks=blocks,
    )
    return model.eval()


@pytest.fixture(scope="module")
def folder(peer: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("deterministic")
    weights = place / "diffusion_pytorch_model.safetensors"
    save_file({key: value.contiguous() for key, value in peer.state_dict().items()}, weights)
    recipe = place / "recipe.ts"
    recipe.write_text(RECIPE)
    flags = ("--weights", weights, "--target", "onnx,torch", "--recipe", recipe)
    return compile_to(place / "out", MODEL, *flags)


@pytest.fixture(scope="module")
def module(folder: Path) -> Iterator[ModuleType]:
    with package(folder) as imported:
        yield imported


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_images(tmp_path_factory.mktemp("images"), 8)


def test_package_and_graphs_give_what_diffusers_gives(folder: Path, module: ModuleType, peer: Any) -> None:
    image = torch.rand(SIDES, generator=torch.Generator().manual_seed(1)) * 2 - 1
    model = module.Autoencoder.from_pretrained(folder)
    with torch.no_grad():
        latent = peer.encode(image).latents
        decoded = peer.decode(latent).sample
        encoded = model.encode(image)
        torch.testing.assert_close(encoded.latent, latent)
        # What AutoencoderTiny calls it, which pipelines ask for, and what AutoencoderDC does.
        assert encoded.latents is encoded.latent is encoded[0] is encoded["latent"]
        assert not hasattr(encoded, "latent_dist")
        torch.testing.assert_close(model.decode(latent).sample, decoded)
        torch.testing.assert_close(model(image).sample, decoded)
        torch.testing.assert_close(model(image, return_dict=False)[0], decoded)
        torch.testing.assert_close(model.encode(image, return_dict=False)[0], latent)
    encoder, decoder = (session_of(folder / f"{part}.onnx") for part in ("encoder", "decoder"))
    assert [output.name for output in encoder.get_outputs()] == ["latent"]
    [found] = encoder.run(None, {"image": image.numpy()})
    [shown] = decoder.run(None, {"latent": latent.numpy()})
    np.testing.assert_allclose(found, latent.numpy(), atol=1e-5)
    np.testing.assert_allclose(shown, decoded.numpy(), atol=1e-5)
    assert found.std() > 0.01 and shown.std() > 0.01


def test_it_trains_and_is_measured_by_the_recipe_without_a_divergence(
    folder: Path, module: ModuleType, images: Path, tmp_path: Path
) -> None:
    run, result = tmp_path / "run", tmp_path / "evaluation.json"
    name = module.__name__
    data = ["--data", str(images)]
    assert command(name, "train", [*data, "--output", str(run), "--cpu"]) == 0
    steps = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in steps if "loss" in line] == [1, 2]
    assert not any("kl" in line for line in steps)
    # A spread of latents without noise.
    assert json.loads((run / "config.json").read_text())["latents_std"][3] > 0

    arguments = [*data, "--weights", str(run), "--output", str(result), "--sizes", "16", "--device", "cpu"]
    assert command(name, "evaluate", [*arguments, "--metrics", "psnr,mmd", "--workers", "0"]) == 0
    measured = json.loads(result.read_text())
    graphs = [
        "--onnx",
        str(folder),
        *arguments[:2],
        "--output",
        str(tmp_path / "graphs.json"),
        *arguments[6:],
    ]
    assert command(name, "evaluate", [*graphs, "--metrics", "psnr,mmd", "--workers", "0"]) == 0
    assert measured["sizes"][0]["psnr"] > 0
    assert json.loads((tmp_path / "graphs.json").read_text())["sizes"][0]["psnr"] > 0

    trained = compile_to(tmp_path / "trained", MODEL, "--weights", run / "model.safetensors")
    before, after = (load_file(each / "model.safetensors") for each in (folder, trained))
    assert before.keys() == after.keys()
    assert all(not torch.equal(before[key], value) for key, value in after.items())
    assert litevae("report", run, "-o", tmp_path / "report.html").returncode == 0


def test_a_divergence_of_no_distribution_is_refused(
    module: ModuleType, images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--data", str(images), "--output", str(tmp_path / "run"), "--cpu"]
    assert command(module.__name__, "train", [*arguments, "--set", "losses.kl=0.5"]) == 1
    said = capsys.readouterr().err
    assert "weighs a KL divergence, and the latents of deterministic have none" in said
    assert "--set losses.kl=0" in said
    assert not (tmp_path / "run").exists()
    result = litevae("compile", MODEL, "-o", tmp_path / "out", "--target", "torch", "--recipe", "smoke")
    assert result.returncode == 0
    said = "note: deterministic's latents have no distribution: the recipe smoke is written with losses.kl 0, not 0.001"
    assert said in result.stderr.splitlines()
    recipe = json.loads((tmp_path / "out/litevae_deterministic/recipe.json").read_text())
    assert recipe["losses"]["kl"] == 0


def command(package: str, name: str, arguments: list[str]) -> int:
    forget_accelerate()
    code: int = import_module(f"{package}.{name}").main(arguments)
    return code
