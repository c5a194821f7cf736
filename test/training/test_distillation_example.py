"""examples/distillation from start to end, with few steps: the student's latents come near the teacher's."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import ROOT, litevae
from safetensors.torch import load_file
from training.runs import forget_accelerate

SCRIPT = ROOT / "examples" / "distillation" / "run.sh"
STEPS = 8


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What the commands of the script leave, each run in this process where it is Python's, which takes seconds to start."""
    out = tmp_path_factory.mktemp("distillation")
    told = {"OUT": str(out), "STEPS": str(STEPS), "LITEVAE": "echo litevae", "PYTHON": "echo python"}
    shown = subprocess.run(
        ["sh", SCRIPT], env={**os.environ, **told}, text=True, capture_output=True, check=True
    )
    commands = [shlex.split(line) for line in shown.stdout.splitlines()]
    compiled = [arguments for program, *arguments in commands if program == "litevae"]
    trained = [arguments for program, *arguments in commands if program == "python"]
    assert len(compiled) == 2 and len(trained) == 4
    with ThreadPoolExecutor() as both:
        for result in both.map(lambda arguments: litevae(*arguments), compiled):
            assert result.returncode == 0, result.stderr
    packages = [str(folder) for folder in (out / "packages").iterdir()]
    sys.path[:0] = packages
    os.chdir(ROOT)
    torch.set_num_threads(1)
    for _, module, *arguments in trained:
        forget_accelerate()
        assert import_module(module).main(arguments) == 0
    yield out
    for folder in packages:
        sys.path.remove(folder)


def result(out: Path, name: str) -> Any:
    return json.loads((out / f"{name}.json").read_text())["teacher"]


def test_the_students_latents_come_nearer_by_a_third(out: Path) -> None:
    """Of the error that they had before, in every channel."""
    before, after = (result(out, name)["sizes"][0]["latent_error"] for name in ("before", "after"))
    assert len(after["channels"]) == 4
    assert after["relative"] < before["relative"] * 2 / 3
    assert all(now < then for now, then in zip(after["channels"], before["channels"], strict=True))


def test_the_teachers_decoder_makes_images_of_them(out: Path) -> None:
    before, after = (result(out, name)["sizes"][0] for name in ("before", "after"))
    assert after["psnr_teacher_of_model"] > before["psnr_teacher_of_model"]
    # The student's decoder learned the teacher's latents.
    assert after["psnr_model_of_teacher"] > before["psnr_model_of_teacher"] + 1
    assert after["psnr_teacher_of_teacher"] == before["psnr_teacher_of_teacher"]


def test_it_says_what_both_cost(out: Path) -> None:
    cost = result(out, "after")["cost"]
    # As `litevae compare` counts them, at the side that was measured.
    assert cost["encoder"]["model"]["parameters"] == 1_035_692
    assert cost["encoder"]["teacher"]["parameters"] == 378_376
    assert cost["encoder"]["model"]["macs"] == 359_731_200
    assert all(each["milliseconds"] > 0 for part in ("encoder", "decoder") for each in cost[part].values())


def test_the_numbers_of_its_latents_are_the_teachers(out: Path) -> None:
    teacher, student = (
        json.loads((out / name / "config.json").read_text()) for name in ("teacher", "student")
    )
    for name in ("scaling_factor", "shift_factor", "latents_mean", "latents_std"):
        assert student[name] == teacher[name]


def test_each_phase_trained_its_part(out: Path) -> None:
    begun = load_file(out / "packages" / "student" / "model.safetensors")
    checkpoints = sorted((out / "student" / "checkpoints").glob("step-*"))
    assert [path.name for path in checkpoints] == [f"step-{count * STEPS:08d}" for count in (1, 2)]
    encoder, both = (load_file(path / "autoencoder.safetensors") for path in checkpoints)
    of_encoder = [key for key in both if not key.startswith("decoder.")]
    assert of_encoder and all(torch.equal(encoder[key], both[key]) for key in of_encoder)
    assert not all(torch.equal(encoder[key], begun[key]) for key in of_encoder)
    assert not all(torch.equal(encoder[key], both[key]) for key in both)
