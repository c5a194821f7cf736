"""Which file `--weights` means."""

import json
from pathlib import Path

from litevae_runtime.nn.trained import weights_file


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


def checkpoint(run: Path, step: int, *names: str) -> Path:
    folder = run / "checkpoints" / f"step-{step:08d}"
    folder.mkdir(parents=True)
    for name in names:
        (folder / f"{name}.safetensors").touch()
    return folder
