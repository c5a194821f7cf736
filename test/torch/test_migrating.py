"""Every block of docs/migrating.md runs, in order, on a pipeline of random weights; what it says of weights and latents holds."""

import re
import shlex
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import ROOT, litevae
from diffusers import AutoencoderKL
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution
from safetensors.torch import load_file, save_file
from sets import write_images
from support.latent_diffusion import latent_diffusion
from support.pipelines import stable_diffusion
from training.runs import forget_accelerate

PAGE = (ROOT / "docs" / "migrating.md").read_text()
BLOCKS: list[tuple[str, str]] = re.findall(r"^```([^\n]*)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
WIDTHS = (32, 64, 128, 128)
# What the page trains for minutes, on a machine that may have no GPU.
SHORTER = [
    *(f"phases.{i}.{field}=1" for i in (0, 1) for field in ("steps", "batch")),
    *("latent.images=1", "log.samples=1", "data.validation_images=1", "log.trackers=[]"),
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pipeline and a checkpoint of the same autoencoder, and images, where the page finds them."""
    torch.manual_seed(11)
    kinds: Any = {
        "down_block_types": ("DownEncoderBlock2D",) * 4,
        "up_block_types": ("UpDecoderBlock2D",) * 4,
    }
    vae: Any = AutoencoderKL(
        block_out_channels=WIDTHS, layers_per_block=2, scaling_factor=0.13025, sample_size=64, **kinds
    )
    stable_diffusion(vae, tmp_path).save_pretrained(tmp_path / "pipeline")
    state = latent_diffusion(vae.state_dict(), len(WIDTHS))
    save_file(state, tmp_path / "ae.safetensors")
    whole = {f"first_stage_model.{key}": value for key, value in state.items()}
    save_file(
        whole | {"model.diffusion_model.out.2.bias": torch.zeros(4)}, tmp_path / "checkpoint.safetensors"
    )
    write_images(tmp_path / "IMAGES", 4)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def follow(folder: Path, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs a command of the page."""
    program, *arguments = shlex.split(line, comments=True)
    if program == "npx":
        result = litevae(*arguments[1:], cwd=folder)
        assert result.returncode == 0, result.stderr
        monkeypatch.syspath_prepend(str(folder / arguments[arguments.index("-o") + 1]))
    else:
        assert (program, arguments[0]) == ("python", "-m")
        forget_accelerate()
        assert import_module(arguments[1]).main([*arguments[2:], *SHORTER, "--cpu"]) == 0


def test_what_the_page_shows_runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = set(sys.modules)
    names: dict[str, Any] = {"__name__": "__main__"}
    ran = 0
    for kind, code in BLOCKS:
        if kind.startswith("ts file="):
            (folder / kind.removeprefix("ts file=")).write_text(code)
        elif kind == "python":
            exec(compile(code, "docs/migrating.md", "exec"), names)
        else:
            for line in code.splitlines():
                follow(folder, line, monkeypatch)
        ran += 1
    assert ran == len(BLOCKS) > 8

    published = load_file(folder / "pipeline" / "vae" / "diffusion_pytorch_model.safetensors")
    for out in ("vae", "kl", "ae"):
        assert_same(published, load_file(folder / "out" / out / "model.safetensors"))
    # Of the run, the encoder is what it began with, and the decoder has learned.
    trained = load_file(folder / "RUN" / "model.safetensors")
    encoder = {key: value for key, value in published.items() if key.startswith(("encoder.", "quant_conv."))}
    assert_same(encoder, {key: trained[key] for key in encoder})
    assert any(not torch.equal(trained[key], published[key]) for key in published.keys() - encoder.keys())
    for name in [name for name in sys.modules.keys() - before if name.startswith("litevae_")]:
        del sys.modules[name]


def assert_same(wanted: dict[str, torch.Tensor], found: dict[str, torch.Tensor]) -> None:
    assert found.keys() == wanted.keys()
    assert all(torch.equal(found[key].reshape(value.shape), value) for key, value in wanted.items())


def test_what_the_table_calls_the_same_is_there_on_both_sides() -> None:
    same = re.findall(r"^\| `(?:[^`]*\.)?(\w+)\([^|]*\| (?:the same|`Autoencoder\.)", PAGE, re.MULTILINE)
    assert {"from_pretrained", "enable_tiling", "save_pretrained"} <= set(same)
    ours = import_module("litevae_runtime.nn.autoencoder").AutoencoderBase
    of_posterior = import_module("litevae_runtime.nn.posterior").DiagonalGaussian
    for name in same:
        assert hasattr(ours, name) or hasattr(of_posterior, name), name
        assert hasattr(AutoencoderKL, name) or hasattr(DiagonalGaussianDistribution, name), name
