"""Phases that train the encoder or the decoder alone, in one run: what is frozen stays as it is, and runs resume exactly."""

import json
import shutil
from pathlib import Path
from types import MappingProxyType

import pytest
import torch
from safetensors.torch import load_file
from sets import write_images
from small import PACKAGE, Autoencoder
from small_runs import error_of, train
from torch import Tensor, nn

from litevae_runtime.nn.statistics import LatentStatistics

PHASES: list[dict[str, str | None]] = [
    {"name": "first", "parts": "encoder"},
    {"name": "second", "parts": "decoder"},
    {"name": "third", "parts": None},
]


class WithStatistics(Autoencoder):
    """Batch norms in both halves, which training moves unless they are frozen."""

    diffusers_config = MappingProxyType({})

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(self.encoder, nn.BatchNorm2d(4))  # type: ignore[assignment]
        self.decoder.block = nn.Sequential(self.decoder.block, nn.BatchNorm2d(4))  # type: ignore[assignment]


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three phases of three steps: the encoder alone, the decoder alone, both."""
    package = json.loads((PACKAGE / "recipe.json").read_text())
    usual = {**package["phases"][0], "steps": 3, "discriminator": False}
    changed = {
        **package,
        "phases": [{**usual, **phase} for phase in PHASES],
        "checkpoints": {**package["checkpoints"], "every": 2, "keep": 100},
    }
    file = tmp_path_factory.mktemp("recipe") / "recipe.json"
    file.write_text(json.dumps(changed))
    return file


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_images(tmp_path_factory.mktemp("set") / "images", 8)


@pytest.fixture(scope="module")
def whole(recipe: Path, images: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("whole") / "run"
    assert train(run, images, "--recipe", str(recipe), model=WithStatistics) == 0
    return run


def checkpoint(run: Path, step: int, file: str) -> dict[str, Tensor]:
    return load_file(run / "checkpoints" / f"step-{step:08d}" / f"{file}.safetensors")


@pytest.mark.parametrize("file", ["autoencoder", "average"])
def test_what_a_phase_freezes_keeps_its_bytes(file: str, whole: Path) -> None:
    at = [checkpoint(whole, step, file) for step in (2, 3, 6, 9)]
    assert any("running_mean" in key for key in at[0])
    first, second, third = [{"encoder"}, {"decoder"}, {"encoder", "decoder"}]
    for before, after, moved in zip(at, at[1:], (first, second, third), strict=False):
        changed = {key.split(".")[0] for key in before if not torch.equal(before[key], after[key])}
        assert changed == moved


def test_the_optimizer_has_no_state_of_what_is_frozen(whole: Path) -> None:
    for step, parts in ((2, {"encoder"}), (3, {"encoder"}), (6, {"decoder"}), (9, {"encoder", "decoder"})):
        path = whole / "checkpoints" / f"step-{step:08d}" / "optimizers.pt"
        memory = torch.load(path, weights_only=True)["autoencoder"]
        assert {memory["names"][i].split(".")[0] for i in memory["state"]} == parts


@pytest.mark.parametrize("step", [2, 3, 4, 6])
def test_a_run_that_goes_on_inside_of_a_phase_and_between_two_is_the_same(
    step: int, whole: Path, images: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    shutil.copytree(whole, run)
    resume = run / "checkpoints" / f"step-{step:08d}"
    assert train(run, images, "--resume", str(resume), model=WithStatistics) == 0
    for file in ("autoencoder", "average"):
        ends = [(each / "checkpoints" / "step-00000009" / f"{file}.safetensors") for each in (run, whole)]
        assert ends[0].read_bytes() == ends[1].read_bytes()
    assert (run / "model.safetensors").read_bytes() == (whole / "model.safetensors").read_bytes()


def test_a_frozen_encoder_keeps_the_numbers_of_its_latents(images: Path, tmp_path: Path) -> None:
    model = WithStatistics()
    model.stored = model.stored_with({"scaling_factor": 0.7, "shift_factor": 0.1})
    model.save_pretrained(tmp_path / "start")
    settings = ("--set", f"train.start_from={tmp_path / 'start'}", "train.parts=decoder")
    assert train(tmp_path / "run", images, *settings, model=WithStatistics) == 0
    kept = WithStatistics.from_pretrained(tmp_path / "run").latent_statistics
    assert kept == LatentStatistics(scaling_factor=0.7, shift_factor=0.1)


def test_a_phase_that_trains_nothing_is_refused(
    images: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    class WithoutEncoder(Autoencoder):
        def __init__(self) -> None:
            super().__init__()
            self.encoder.requires_grad_(False)

    assert train(tmp_path / "run", images, "--set", "phases.1.parts=encoder", model=WithoutEncoder) == 1
    assert error_of(capfd).startswith("error: phase adversarial trains nothing\n")
