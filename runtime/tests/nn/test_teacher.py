"""Teachers: diffusers' files of an AutoencoderKL, and what is none; test/torch/test_teachers.py holds them against diffusers."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from small import Autoencoder
from teachers import write_teacher
from torch import Tensor

from litevae_runtime.common.errors import InputError
from litevae_runtime.nn import teacher as module
from litevae_runtime.nn.teacher import Teacher, load_teacher

IMAGE = torch.rand(2, 3, 32, 48, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_it_is_frozen_and_a_gradient_goes_through_its_decoder(tmp_path: Path) -> None:
    teacher = load_teacher(write_teacher(tmp_path), "--teacher")
    latent = torch.randn(1, 2, 8, 8, requires_grad=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        image, posterior = teacher.decode(latent), teacher.encode(IMAGE)
    # Its numbers are its own, whatever the precision around it.
    assert image.dtype == posterior.mode().dtype == torch.float32
    image.square().sum().backward()
    assert latent.grad is not None and latent.grad.abs().sum() > 0
    assert not any(each.requires_grad or each.grad is not None for each in teacher.model.parameters())
    assert not any(each.training for each in teacher.model.modules())


def saved_bytes(teacher: Teacher, latent: Tensor) -> tuple[int, Tensor]:
    """Of the tensors that a gradient through its decoder keeps, and that gradient."""
    kept = 0

    def keep(value: Tensor) -> Tensor:
        nonlocal kept
        kept += value.nbytes
        return value

    latent = latent.clone().requires_grad_()
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda value: value):
        loss = teacher.decode(latent).square().sum()
    loss.backward()
    assert latent.grad is not None
    return kept, latent.grad


def test_gradients_through_its_decoder_keep_less_where_they_are_checkpointed(tmp_path: Path) -> None:
    teacher, latent = load_teacher(write_teacher(tmp_path), "--teacher"), torch.randn(1, 2, 16, 16)
    whole, gradient = saved_bytes(teacher, latent)
    teacher.enable_gradient_checkpointing()
    some, again = saved_bytes(teacher, latent)
    assert some < 0.5 * whole
    torch.testing.assert_close(again, gradient)


def test_what_it_is_does_not_depend_on_where_it_lies(tmp_path: Path) -> None:
    one = load_teacher(write_teacher(tmp_path / "one"), "--teacher").sha256
    shutil.copytree(tmp_path / "one", tmp_path / "moved")
    assert load_teacher(tmp_path / "moved", "--teacher").sha256 == one
    assert load_teacher(write_teacher(tmp_path / "other", seed=1), "--teacher").sha256 != one


def test_a_form_that_diffusers_alone_knows_is_refused_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_teacher(tmp_path)
    config = tmp_path / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"act_fn": "relu"}))
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(InputError) as error:
        load_teacher(tmp_path, "teacher.folder")
    assert str(error.value) == (
        f"teacher.folder {tmp_path} has a form that only diffusers knows, which is not installed\n"
        "  expected: an AutoencoderKL of the form of Stable Diffusion's\n"
        "  found:    act_fn: relu\n"
        "  help:     pip install diffusers"
    )


def damaged(folder: Path) -> None:
    file = folder / "diffusion_pytorch_model.safetensors"
    file.write_bytes(file.read_bytes()[:100])


def of_another_class(folder: Path) -> None:
    config = folder / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"_class_name": "AutoencoderTiny"}))


def without_weights(folder: Path) -> None:
    (folder / "diffusion_pytorch_model.safetensors").unlink()


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (damaged, "is not a whole safetensors file"),
        (of_another_class, "config.json of AutoencoderTiny in "),
        (without_weights, "has no diffusion_pytorch_model.safetensors"),
        (shutil.rmtree, "has no config.json and no diffusion_pytorch_model.safetensors"),
    ],
)
def test_what_is_no_teacher_says_what_one_is(change: Any, found: str, tmp_path: Path) -> None:
    change(write_teacher(tmp_path / "teacher"))
    with pytest.raises(InputError, match="help: ") as error:
        load_teacher(tmp_path / "teacher", "--teacher")
    assert found in str(error.value)


def test_a_run_is_told_by_the_files_of_diffusers_that_it_has(tmp_path: Path) -> None:
    write_teacher(tmp_path / "diffusers")
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).write_text('{ "model": "kl" }')
    with pytest.raises(InputError) as error:
        load_teacher(tmp_path, "--teacher")
    *_, found, help_line = str(error.value).splitlines()
    assert found == f"  found:    config.json of kl in {tmp_path}"
    assert help_line == f"  help:     give {tmp_path / 'diffusers'}"
    shutil.rmtree(tmp_path / "diffusers")
    with pytest.raises(InputError, match=f"npx litevae compile {tmp_path} -o DIR --target torch"):
        load_teacher(tmp_path, "--teacher")


def test_latents_of_another_shape_do_not_fit(tmp_path: Path) -> None:
    load_teacher(write_teacher(tmp_path / "fits"), "--teacher").require_fit(Autoencoder, "--teacher")
    other = load_teacher(write_teacher(tmp_path / "other", latent_channels=3), "--teacher")
    with pytest.raises(InputError, match="latent channels 3, of AutoencoderKL in"):
        other.require_fit(Autoencoder, "--teacher")
