"""The commands on a model that is handed in: trained, measured and timed, without a generated package."""

import json
import sys
from pathlib import Path

import pytest
import torch
from sets import write_images
from small import NETWORKS, PACKAGE, Autoencoder

from litevae_runtime.benchmarking import command as benchmarking
from litevae_runtime.common.errors import InputError
from litevae_runtime.evaluation import command as evaluation
from litevae_runtime.recipe.load import load_recipe
from litevae_runtime.training import command as training
from litevae_runtime.training.run import train


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_images(tmp_path_factory.mktemp("images"), 8)


@pytest.fixture(scope="module")
def run(images: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("run") / "run"
    arguments = ["--data", str(images), "--output", str(output), "--cpu"]
    assert training.main(Autoencoder, NETWORKS, PACKAGE, arguments) == 0
    return output


def test_a_run_trains_both_networks_and_leaves_weights(run: Path) -> None:
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    steps = [line for line in lines if "loss" in line]
    assert [line["step"] for line in steps] == [1, 2, 3, 4, 5, 6]
    assert ["discriminator" in line for line in steps] == [False] * 3 + [True] * 3
    model = Autoencoder.from_pretrained(run)
    assert model.decode(model.encode(torch.zeros(1, 3, 16, 16)).latent_dist.mode()).sample.isfinite().all()


def test_the_recipe_is_an_argument(run: Path, images: Path, tmp_path: Path) -> None:
    """What the command line reads can be handed in as well, and gives the same weights."""
    output = tmp_path / "run"
    recipe = load_recipe(folder=PACKAGE)
    assert train(Autoencoder, NETWORKS, recipe, data=str(images), output=output, cpu=True) == 0
    assert (output / "model.safetensors").read_bytes() == (run / "model.safetensors").read_bytes()


def test_a_network_that_was_not_handed_in_is_named(images: Path, tmp_path: Path) -> None:
    recipe = load_recipe(["discriminator=unet"], folder=PACKAGE)
    with pytest.raises(InputError, match="no discriminator unet"):
        train(Autoencoder, NETWORKS, recipe, data=str(images), output=tmp_path / "run", cpu=True)


def test_an_evaluation_measures_the_run(
    run: Path, images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "evaluation.json"
    arguments = [
        *("--data", str(images), "--weights", str(run), "--output", str(output)),
        *("--sizes", "16", "--metrics", "psnr,mmd,imbalance", "--workers", "0", "--device", "cpu"),
    ]
    assert evaluation.main(Autoencoder, NETWORKS, PACKAGE, arguments) == 0
    result = json.loads(output.read_text(encoding="utf-8"))
    assert result["model"] == "small"
    assert result["sizes"][0]["psnr"] > 0
    assert result["imbalance"]["module"] == "decoder.block"
    assert "published in no paper" in capsys.readouterr().out


def test_a_benchmark_times_it_in_another_process(tmp_path: Path) -> None:
    output = tmp_path / "benchmark.json"
    arguments = [
        *("--parts", "decoder", "--batches", "1", "--size", "16", "--device", "cpu"),
        *("--repeats", "1", "--seconds", "0", "--output", str(output)),
    ]
    assert benchmarking.main(Autoencoder, PACKAGE, arguments) == 0
    [row] = json.loads(output.read_text())["rows"]
    assert row["error"] is None and row["seconds_median"] > 0
    assert "small" in sys.modules, "the process found the model where this one did"
