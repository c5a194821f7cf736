"""Which file `--weights` means."""

import json
import os
from pathlib import Path

import pytest

from litevae_runtime.common.errors import WeightsError
from litevae_runtime.nn.trained import weights_file
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
