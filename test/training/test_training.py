"""What a run is for: it learns, and what it learned travels on."""

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from conftest import litevae
from PIL import Image
from safetensors.torch import load_file, save_file
from sets import PHOTOS
from training.runs import MODELS, Project, metrics, project

__all__ = ["project"]


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small ones: a model this small has seen enough of them in seconds."""
    folder = tmp_path_factory.mktemp("photographs")
    for path in sorted(PHOTOS.glob("*.png")):
        Image.open(path).convert("RGB").resize((24, 24), Image.Resampling.BICUBIC).save(folder / path.name)
    return folder


@pytest.fixture(scope="module")
def trained(project: Project, photographs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("trained") / "run"
    settings = (
        "phases.0.steps=250",
        "phases.0.resolution=24",
        "phases.0.learning_rate=5e-3",
        "phases.1.steps=30",
    )
    whole = ("data.validation_share=0", "data.min_scale=1", "data.max_aspect=1", "data.flip=0")
    assert (
        project.train(run, "--set", *settings, *whole, "checkpoints.every=1000", data=str(photographs)) == 0
    )
    return run


def test_both_phases_learn(trained: Path) -> None:
    lines = [line for line in metrics(trained) if "validation_psnr" in line]
    start, between, end = lines[0], lines[-4], lines[-1]
    assert start["phase"] == "small" and end["phase"] == "large"
    assert start["validation_psnr"] < 18
    assert end["validation_psnr"] > start["validation_psnr"] + 8
    # The discriminator does not ruin what was learned.
    assert end["validation_psnr"] > between["validation_psnr"] - 1.5
    steps = [line for line in metrics(trained) if "discriminator" in line]
    assert np.mean([line["discriminator"] for line in steps[-5:]]) < steps[0]["discriminator"]


def test_the_weights_of_a_run_compile(project: Project, trained: Path, tmp_path: Path) -> None:
    weights = trained / "model.safetensors"
    parts = ("--parts", "encoder,decoder,discriminator")
    result = litevae("compile", MODELS / "tiny.ts", "-o", tmp_path / "out", "--weights", weights, *parts)
    assert result.returncode == 0, result.stderr
    model = project.module("model").Autoencoder.from_pretrained(trained)
    x = torch.rand(2, 3, 16, 24, generator=torch.Generator().manual_seed(0)) * 2 - 1
    session = onnxruntime.InferenceSession(
        tmp_path / "out" / "encoder.onnx", providers=["CPUExecutionProvider"]
    )
    [mean] = session.run(["mean"], {"image": x.numpy()})
    with torch.no_grad():
        wanted = model.encode(x).latent_dist.mode().numpy()
    assert np.abs(mean - wanted).max() <= 1e-4 * max(1.0, np.abs(wanted).max())


def test_the_latents_scale_is_measured(project: Project, trained: Path, photographs: Path) -> None:
    config = json.loads((trained / "config.json").read_text())
    model = project.module("model").Autoencoder.from_pretrained(trained)
    images = [np.asarray(Image.open(path), np.float32) for path in sorted(photographs.iterdir())]
    x = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2) / 127.5 - 1
    with torch.no_grad():
        posterior = model.encode(x).latent_dist
    # Of sampled latents: the posterior's variance belongs to theirs.
    variance = posterior.mean.var(correction=0) + posterior.var.mean()
    assert config["latent_images"] == len(images)
    assert 1 / config["scaling_factor"] == pytest.approx(variance.sqrt().item(), rel=0.05)
    assert config["shift_factor"] == pytest.approx(posterior.mean.mean().item(), abs=0.05)


def test_a_dry_run_measures_every_phase_and_writes_nothing(
    project: Project, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert project.train(tmp_path / "run", "--dry-run") == 0
    assert not (tmp_path / "run").exists()
    out, err = capfd.readouterr()
    table = out[out.index("phase ") :].splitlines()
    assert table[0].split() == ["phase", "resolution", "batch", "memory,", "GB", "images/s", "time"]
    assert [row.split()[:3] for row in table[1:3]] == [["small", "16", "4"], ["large", "24", "2"]]
    assert table[3].startswith("in all 0:0")
    assert "KL weight at 24²: 0.001 per latent element" in err


def test_a_dry_run_says_which_files_are_missing_and_goes_on(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LITEVAE_WEIGHTS", str(tmp_path / "nothing"))
    published = ("--set", "perceptual.weights=published", "losses.perceptual=1")
    assert project.train(tmp_path / "run", "--dry-run", *published) == 0
    out, err = capfd.readouterr()
    assert "in all 0:0" in out and '"weights": "published"' in out
    assert "warning: the run itself would not begin: " in err
    assert f"python -m {project.package}.fetch vgg16-397923af.pth" in err
    assert project.train(tmp_path / "run", *published) == 1
    assert f"python -m {project.package}.fetch" in capfd.readouterr().err


def test_partial_loading_reports_what_it_took(
    project: Project, trained: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    state = load_file(trained / "model.safetensors")
    del state["encoder.head.weight"], state["encoder.head.bias"]
    state["decoder.stem.weight"] = torch.zeros(16, 5, 3, 3)
    save_file(state, tmp_path / "other.safetensors")
    start = f"train.start_from={tmp_path / 'other.safetensors'}"
    steps = ("phases.0.steps=1", "phases.1.steps=1", "phases.0.warmup=0")
    assert project.train(tmp_path / "strict", "--set", start, *steps) == 1
    told = capfd.readouterr().err
    assert "2 missing: encoder.head.weight, encoder.head.bias" in told
    assert "1 of another shape: decoder.stem.weight [16, 5, 3, 3] instead of [16, 4, 3, 3]" in told
    assert "train.partial=true takes what fits" in told
    assert project.train(tmp_path / "run", "--set", start, *steps, "train.partial=true") == 0
    told = capfd.readouterr().err
    own = len(project.module("model").Autoencoder().state_dict())
    assert f"other.safetensors: {own - 3} of {own} tensors taken" in told
    assert "  new: encoder.head.weight, encoder.head.bias, decoder.stem.weight" in told
    assert "  not used: decoder.stem.weight" in told


def test_a_frozen_encoder_stays(project: Project, trained: Path, tmp_path: Path) -> None:
    start = (f"train.start_from={trained}", "train.parts=decoder", "ema.decay=0", "losses.ldl=0")
    steps = ("phases.0.steps=2", "phases.1.steps=3", "phases.0.warmup=0", "adversarial.warmup=0")
    assert project.train(tmp_path / "run", "--set", *start, *steps) == 0
    before, after = (
        load_file(trained / "model.safetensors"),
        load_file(tmp_path / "run" / "model.safetensors"),
    )
    moved = {key.split(".")[0] for key in before if not torch.equal(before[key], after[key])}
    assert moved - {"discriminator"} == {"decoder"}
    # So do the numbers of its latents, which are not measured anew, also from a checkpoint on.
    checkpoint = max((tmp_path / "run" / "checkpoints").glob("step-*"))
    for place in (tmp_path / "run", checkpoint):
        assert (place / "config.json").read_bytes() == (trained / "config.json").read_bytes()
    (tmp_path / "run" / "model.safetensors").unlink()
    (tmp_path / "run" / "config.json").unlink()
    assert project.train(tmp_path / "run", "--resume", "auto") == 0
    assert (tmp_path / "run" / "config.json").read_bytes() == (trained / "config.json").read_bytes()
