"""What a run's weights say of themselves: how pixels were read, how latents are spread."""

import json
import shutil
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from small import Autoencoder
from small_runs import train

DECLARED = {"profile": "srgb", "range": [0, 4095], "nodata": -9, "fill": 7}


class Channelled(Autoencoder):
    """One whose architecture diffusers has a class for, with a factor that it is usually given."""

    diffusers_config = MappingProxyType({"_class_name": "AutoencoderKL", "scaling_factor": 0.18215})


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sensor's of 12 bits."""
    folder = tmp_path_factory.mktemp("set") / "images"
    folder.mkdir()
    random = np.random.default_rng(0)
    for i in range(8):
        np.save(folder / f"{i}.npy", random.integers(0, 4096, (16, 16, 3), np.int16))
    return folder


SETTINGS = ("--set", "data.range=[0,4095]", "data.nodata=-9", "data.fill=7")


def config_of(folder: Path) -> dict[str, Any]:
    config: dict[str, Any] = json.loads((folder / "config.json").read_text())
    return config


@pytest.mark.parametrize("model", [Autoencoder, Channelled])
def test_how_pixels_were_read_travels_with_the_weights(
    model: type[Autoencoder], images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    assert train(run, images, *SETTINGS, model=model) == 0
    assert config_of(run)["pixels"] == DECLARED
    for checkpoint in (run / "checkpoints").glob("step-*"):
        assert config_of(checkpoint)["pixels"] == DECLARED
    folder = run
    # There and back, twice, in the layout of the class.
    for name in ("saved", "again"):
        opened = model.from_pretrained(folder)
        assert opened.config.pixels == DECLARED
        folder = tmp_path / name
        opened.save_pretrained(folder)
    config = config_of(folder)
    assert config.get("_litevae", config)["pixels"] == DECLARED
    # A run that starts from these weights and declares something else says that.
    other = tmp_path / "other"
    start = ("--set", f"train.start_from={folder}", "data.range=[-9,5000]")
    capsys.readouterr()
    assert train(other, images, *start, model=model) == 0
    said = capsys.readouterr()
    assert (
        f"note: pixels are read otherwise than {folder / 'config.json'} says: "
        "range [0, 4095] → [-9, 5000], nodata -9.0 → None, fill 7.0 → None"
    ) in said.out + said.err
    wanted = {"profile": "srgb", "range": [-9, 5000], "nodata": None, "fill": None}
    for place in (other, other / "checkpoints" / "step-00000003"):
        assert config_of(place)["pixels"] == wanted


def test_what_changes_when_a_run_is_resumed_is_what_its_weights_say(images: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert train(run, images, *SETTINGS) == 0
    shutil.rmtree(run / "checkpoints" / "step-00000006")
    assert train(run, images, "--resume", "auto", "--set", "data.range=[-9,5000]") == 0
    wanted = DECLARED | {"range": [-9, 5000]}
    assert config_of(run)["pixels"] == config_of(run / "checkpoints" / "step-00000006")["pixels"] == wanted


def test_a_resumed_run_measures_its_latents_as_an_uninterrupted_one_does(
    images: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    assert train(run, images, *SETTINGS, model=Channelled) == 0
    whole = config_of(run)
    assert whole["latent_images"] == 2 and whole["scaling_factor"] != 0.18215
    shutil.rmtree(run / "checkpoints" / "step-00000006")
    assert train(run, images, "--resume", "auto", model=Channelled) == 0
    assert config_of(run) == whole


def test_weights_whose_pixels_mean_nothing_start_no_run(
    images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Autoencoder().save_pretrained(tmp_path / "start")
    (tmp_path / "start" / "config.json").write_text(
        json.dumps({"model": "small", "pixels": {"range": [5, 1]}})
    )
    settings = ("--set", f"train.start_from={tmp_path / 'start'}", "data.range=[0,4095]")
    assert train(tmp_path / "run", images, *settings) == 1
    said = capsys.readouterr().err
    assert f"{tmp_path / 'start' / 'config.json'} cannot be read" in said and "Traceback" not in said
