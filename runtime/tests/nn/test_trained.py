"""Which file `--weights` means."""

import json
import os
from pathlib import Path

import pytest
from small import Autoencoder

from litevae_runtime.common.errors import InputError, WeightsError
from litevae_runtime.nn.trained import trained_autoencoder, weights_file
from litevae_runtime.nn.weight_files import read_weights


def test_a_run_that_is_done_a_file_and_a_folder_of_diffusers(tmp_path: Path) -> None:
    assert weights_file(tmp_path / "some.safetensors") == tmp_path / "some.safetensors"
    assert weights_file(tmp_path) == tmp_path / "model.safetensors"
    (tmp_path / "diffusion_pytorch_model.safetensors").touch()
    assert weights_file(tmp_path).name == "diffusion_pytorch_model.safetensors"
    checkpoint(tmp_path, 5, "average")
    (tmp_path / "model.safetensors").touch()
    assert weights_file(tmp_path) == tmp_path / "model.safetensors"


def test_of_a_run_that_is_not_done_the_best_checkpoint_else_the_newest(tmp_path: Path) -> None:
    first = checkpoint(tmp_path, 5, "autoencoder", "average")
    last = checkpoint(tmp_path, 10, "autoencoder")
    assert weights_file(tmp_path) == last / "autoencoder.safetensors"
    assert weights_file(first) == first / "average.safetensors"
    best = {"step": 5, "phase": 0, "metric": "psnr", "value": 20}
    (tmp_path / "checkpoints" / "best.json").write_text(json.dumps(best))
    assert weights_file(tmp_path) == first / "average.safetensors"


def test_json_beside_weights_is_told_with_the_weights_that_it_is_about(tmp_path: Path) -> None:
    best = checkpoint(tmp_path, 5, "autoencoder", "average")
    last = checkpoint(tmp_path, 10, "autoencoder")
    note = tmp_path / "checkpoints" / "best.json"
    note.write_text(json.dumps({"step": 5, "phase": 0, "metric": "psnr", "value": 20}))
    (last / "state.json").write_text("{}")
    for file, found, remedy in (
        (note, "JSON, which says that step 5 is the best so far", f"give {best / 'average.safetensors'}"),
        (last / "state.json", "JSON", f"give {last / 'autoencoder.safetensors'}"),
        (
            tmp_path / "recipe" / "x.json",
            "JSON",
            "give --weights a run's folder, or a safetensors file of this model",
        ),
    ):
        file.parent.mkdir(exist_ok=True)
        file.touch()
        with pytest.raises(InputError) as error:
            trained_autoencoder(Autoencoder, file)
        assert str(error.value).splitlines() == [
            f"{file} is no file of weights",
            "  expected: a safetensors file, or a folder with one",
            f"  found:    {found}",
            f"  help:     {remedy}",
        ]


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "weights.safetensors")
    with pytest.raises(WeightsError, match="is no file, but a folder, a pipe or a device"):
        read_weights(tmp_path / "weights.safetensors")


def checkpoint(run: Path, step: int, *names: str) -> Path:
    folder = run / "checkpoints" / f"step-{step:08d}"
    folder.mkdir(parents=True)
    for name in names:
        (folder / f"{name}.safetensors").touch()
    return folder
