"""A model learns the latents of a teacher, or to decode them."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps
from safetensors.torch import load_file
from sets import PHOTOS
from small import Autoencoder
from small_runs import error_of, start, train
from teachers import write_teacher
from torch import Tensor, nn

from litevae_runtime.nn.teacher import Teacher, load_teacher

ONLY_MOMENTS = [f"losses.{name}=0" for name in ("l1", "wavelet", "gaussian", "ldl", "kl", "perceptual")]
ENCODER = ["train.parts=encoder", "phases.0.discriminator=false", "phases.1.discriminator=false"]


class Student(Autoencoder):
    """With what it takes to follow a teacher."""

    def __init__(self) -> None:
        super().__init__()
        convs = [
            nn.Conv2d(3, 32, 3, padding=1),
            nn.Conv2d(32, 64, 4, stride=2, padding=1),
            nn.Conv2d(64, 4, 3, padding=1),
        ]
        norm, silu = nn.GroupNorm(4, 64), nn.SiLU()
        self.encoder = nn.Sequential(convs[0], silu, convs[1], norm, silu, convs[2])  # type: ignore[assignment]
        up = [nn.Conv2d(2, 64, 3, padding=1), nn.SiLU(), nn.Upsample(scale_factor=2), nn.GroupNorm(4, 64)]
        self.decoder = nn.Sequential(*up, nn.Conv2d(64, 3, 3, padding=1))  # type: ignore[assignment]


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photographs of 32 pixels a side, without profiles."""
    folder = tmp_path_factory.mktemp("photos")
    for file in sorted(PHOTOS.iterdir()):
        if file.suffix in (".png", ".jpg"):
            with Image.open(file) as photo:
                ImageOps.fit(photo.convert("RGB"), (32, 32)).save(
                    folder / f"{file.stem}.png", icc_profile=None
                )
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_teacher(tmp_path_factory.mktemp("teacher") / "kl")


@pytest.fixture(scope="module")
def batch(images: Path) -> Tensor:
    pixels = [np.asarray(Image.open(file)) for file in sorted(images.iterdir())]
    return torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2) / 127.5 - 1


def latent_error(run: Path | None, teacher: Teacher, batch: Tensor) -> float:
    """Root mean square of the means' difference from the teacher's."""
    torch.manual_seed(0)
    model = Student() if run is None else Student.from_pretrained(run)
    with torch.no_grad():
        difference = model.posterior(batch).mode() - teacher.encode(batch).mode()
    return difference.square().mean().sqrt().item()


@pytest.fixture(scope="module")
def distilled(folder: Path, images: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An encoder that learned the moments alone."""
    run = tmp_path_factory.mktemp("distilled") / "run"
    settings = [
        f"teacher.folder={folder}",
        *ENCODER,
        *ONLY_MOMENTS,
        "losses.moments_l1=1",
        "losses.moments_kl=0.01",
    ]
    longer = ["phases.0.steps=150", "phases.0.learning_rate=0.02", "checkpoints.every=1000", "ema.decay=0"]
    looked = ["checkpoints.validate_every=51", "data.validation_share=0", "data.validation_images=9"]
    size = ["phases.1.resolution=32"]
    assert train(run, images, "--set", *settings, *longer, *looked, *size, model=Student) == 0
    return run


def test_the_students_latents_come_near_the_teachers(distilled: Path, folder: Path, batch: Tensor) -> None:
    teacher = load_teacher(folder, "teacher.folder")
    assert latent_error(distilled, teacher, batch) < 0.75 * latent_error(None, teacher, batch)


def test_validation_says_how_near_they_are(distilled: Path, folder: Path, batch: Tensor) -> None:
    """As `evaluate --teacher` does."""
    teacher = load_teacher(folder, "teacher.folder")
    lines = [json.loads(line) for line in (distilled / "metrics.jsonl").read_text().splitlines()]
    found = [line["validation_latent_error"] for line in lines if "validation_psnr" in line]
    assert found[-1] < found[0]
    deviation = teacher.encode(batch).mode().var((0, 2, 3), correction=0).mean().sqrt().item()
    assert found[-1] == pytest.approx(latent_error(distilled, teacher, batch) / deviation, rel=1e-3)


def test_the_numbers_of_the_latents_are_the_teachers(distilled: Path) -> None:
    config = json.loads((distilled / "config.json").read_text())
    assert (config["scaling_factor"], config["shift_factor"]) == (0.37, 0.25)
    assert "latents_mean" not in config


def test_the_decoder_that_was_not_trained_is_not_run(distilled: Path) -> None:
    lines = [json.loads(line) for line in (distilled / "metrics.jsonl").read_text().splitlines()]
    logged = [line for line in lines if "loss" in line]
    assert all("l1" not in line and "psnr" not in line for line in logged)
    assert all(line["gradient_norm_moments_l1"] > 0 for line in logged)


WAYS: dict[str, list[str]] = {
    "encoder": [*ENCODER, "losses.moments_l2=1"],
    "encoder, through its own decoder": [*ENCODER, "losses.moments_l2=1", "teacher.decodes=false"],
    "encoder, against a discriminator": [
        "train.parts=encoder",
        "losses.moments_l1=1",
        "adversarial.mode=adaptive",
    ],
    "decoder": ["train.parts=decoder"],
    "decoder, of its own latents": ["train.parts=decoder", "teacher.encodes=false"],
    "decoder, to the teacher's images": ["train.parts=decoder", "teacher.target=reconstruction"],
    "one after the other": ["phases.0.parts=encoder", "phases.1.parts=decoder", "losses.moments_l1=1"],
    "both at once": ["losses.moments_kl=0.1", "teacher.target=reconstruction"],
}


@pytest.mark.parametrize("way", WAYS)
def test_a_run_goes_on_as_if_it_had_not_been_killed(
    way: str, folder: Path, images: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    assert train(run, images, "--set", f"teacher.folder={folder}", *WAYS[way]) == 0
    whole = (run / "model.safetensors").read_bytes()
    shutil.rmtree(run / "checkpoints" / "step-00000006")
    assert train(run, images, "--resume", "auto") == 0
    assert (run / "model.safetensors").read_bytes() == whole
    trained, began = (
        load_file(run / "model.safetensors"),
        load_file(run / "checkpoints" / "step-00000003" / "autoencoder.safetensors"),
    )
    assert not any("teacher" in key for key in trained)
    assert trained.keys() - {"discriminator.weight"} >= began.keys() - {"discriminator.weight"}


def test_a_decoder_learns_the_teachers_latents(
    folder: Path, images: Path, batch: Tensor, tmp_path: Path
) -> None:
    """What it makes of these comes nearer to what the teacher makes of them; its encoder is as it was."""
    run, teacher = tmp_path / "run", load_teacher(folder, "teacher.folder")
    longer = [
        "phases.0.steps=60",
        "phases.0.learning_rate=0.01",
        "phases.1.discriminator=false",
        "ema.decay=0",
    ]
    quiet = ["checkpoints.every=1000", "losses.ldl=0"]
    settings = [
        f"teacher.folder={folder}",
        "train.parts=decoder",
        "teacher.target=reconstruction",
        *longer,
        *quiet,
    ]
    assert train(run, images, "--set", *settings, model=Student) == 0
    latent = teacher.encode(batch).mode()
    torch.manual_seed(0)
    before, after = Student(), Student.from_pretrained(run)
    with torch.no_grad():
        errors = [(model.decoded(latent) - teacher.decode(latent)).abs().mean() for model in (before, after)]
    assert errors[1] < 0.6 * errors[0]
    config = json.loads((run / "config.json").read_text())
    assert config["scaling_factor"] == 0.37


REFUSED: dict[str, tuple[dict[str, Any], list[str], str]] = {
    "channels": (
        {"latent_channels": 3},
        [],
        "error: the teacher's latents are not those of small\n"
        "  expected: latent channels 2\n  found:    latent channels 3, of AutoencoderKL in {folder}\n"
        "  help:     compile a model whose latents are as the teacher's, or name another one with teacher.folder",
    ),
    "downsampling": (
        {
            "block_out_channels": [32] * 3,
            "down_block_types": ["DownEncoderBlock2D"] * 3,
            "up_block_types": ["UpDecoderBlock2D"] * 3,
        },
        [],
        "error: the teacher's latents are not those of small\n  expected: downsampling 2\n  found:    downsampling 4, ",
    ),
    "a resolution that only the model takes": (
        {},
        ["phases.1.resolution=17"],
        "error: images of 17×17 do not fit the teacher AutoencoderKL\n"
        "  expected: phases.1.resolution 16 or 18\n  found:    phases.1.resolution 17\n"
        "  help:     choose a size that fits",
    ),
    "moments without a teacher": (
        {},
        ["teacher.folder=null", "losses.moments_l1=1"],
        "error: losses.moments_l1 compares with a teacher, and there is none\n",
    ),
    "moments alone, which teach no decoder": (
        {},
        [*ONLY_MOMENTS, "losses.moments_l1=1"],
        "error: no loss compares reconstruction and image\n",
    ),
    "nothing that is compared": (
        {},
        ["teacher.folder=null", *ONLY_MOMENTS, "losses.kl=1"],
        "error: no loss compares reconstruction and image\n",
    ),
    "no such folder": (
        {},
        ["teacher.folder=nowhere"],
        "error: teacher.folder nowhere cannot be used\n",
    ),
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_cannot_teach_is_refused(
    why: str, images: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    form, settings, message = REFUSED[why]
    folder = write_teacher(tmp_path / "teacher", **form)
    assert train(tmp_path / "run", images, "--set", f"teacher.folder={folder}", *settings) == 1
    assert error_of(capfd).startswith(message.format(folder=folder))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("change", ["weights", "numbers", "none", "moved"])
def test_a_run_goes_on_with_the_teacher_that_it_began_with(
    change: str, images: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run, folder = tmp_path / "run", write_teacher(tmp_path / "teacher")
    assert train(run, images, "--set", f"teacher.folder={folder}", *WAYS["both at once"]) == 0
    shutil.rmtree(run / "checkpoints" / "step-00000006")
    other = tmp_path / "other"
    if change == "weights":
        write_teacher(other, seed=1)
    else:
        shutil.copytree(folder, other)
    if change == "numbers":
        config = other / "config.json"
        config.write_text(config.read_text().replace("0.37", "0.38"))
    without = ["teacher.folder=null", "losses.moments_kl=0", "teacher.target=image"]
    settings = without if change == "none" else [f"teacher.folder={other}"]
    capfd.readouterr()
    code = train(run, images, "--resume", "auto", "--set", *settings)
    if change == "moved":
        assert code == 0
    else:
        assert code == 1
        assert error_of(capfd).startswith("error: the checkpoint is of a run with another teacher\n")


def test_two_processes_are_one(folder: Path, images: Path, tmp_path: Path) -> None:
    settings = (
        f"teacher.folder={folder}",
        "optimizer.eps=0.01",
        *WAYS["one after the other"],
        "losses.ldl=0",
    )
    two_processes = start(tmp_path / "2", images, "--set", *settings, processes=2)
    assert train(tmp_path / "1", images, "--set", *settings) == 0
    _, errors = two_processes.communicate(timeout=300)
    assert two_processes.returncode == 0, errors
    one, two = (load_file(tmp_path / name / "model.safetensors") for name in "12")
    for key, value in one.items():
        torch.testing.assert_close(two[key], value, rtol=1e-3, atol=1e-5)
