"""A run is gone on with though its start, its recipe, its images or its checkpoints are not what they were."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from sets import colour, write_images
from small import PACKAGE, Autoencoder
from small_runs import checkpoints, error_of, train

from litevae_runtime.training import build


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_images(tmp_path_factory.mktemp("set") / "images", 8)


@pytest.fixture(scope="module")
def finished(images: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("finished") / "run"
    assert train(run, images) == 0
    return run


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    """A run of six steps that goes on after its third."""
    copy = tmp_path / "run"
    shutil.copytree(finished, copy)
    shutil.rmtree(copy / "checkpoints" / "step-00000006")
    return copy


def test_the_weights_that_it_started_from_are_not_asked_for_again(
    images: Path, finished: Path, tmp_path: Path
) -> None:
    weights = tmp_path / "weights.safetensors"
    shutil.copy(finished / "model.safetensors", weights)
    run = tmp_path / "run"
    settings = ("--set", f"train.start_from={weights}", "train.partial=true")
    assert train(run, images, *settings) == 0
    shutil.rmtree(run / "checkpoints" / "step-00000006")
    weights.unlink()
    whole = (run / "model.safetensors").read_bytes()
    assert train(run, images, "--resume", "auto") == 0
    assert (run / "model.safetensors").read_bytes() == whole


class WithoutQuantConv(Autoencoder):
    """Weights that have diffusers' convolutions bring them."""

    diffusers_config = MappingProxyType({"use_quant_conv": False, "use_post_quant_conv": False})


@pytest.mark.parametrize("damaged", [False, True])
@pytest.mark.parametrize("parts", ["both", "decoder"])
def test_convolutions_that_the_start_brought_are_there_again(
    parts: str, damaged: bool, images: Path, tmp_path: Path
) -> None:
    brings = WithoutQuantConv()
    brings.adapt_to(["quant_conv.weight", "post_quant_conv.weight"])
    brings.save_pretrained(tmp_path / "start")
    run = tmp_path / "run"
    settings = ("--set", f"train.start_from={tmp_path / 'start'}", f"train.parts={parts}")
    assert train(run, images, *settings, model=WithoutQuantConv) == 0
    whole = load_file(run / "model.safetensors")
    assert "quant_conv.weight" in whole and "post_quant_conv.bias" in whole
    newest = run / "checkpoints" / "step-00000006"
    if damaged:
        (newest / "autoencoder.safetensors").write_bytes(b"no weights")
    else:
        shutil.rmtree(newest)
    shutil.rmtree(tmp_path / "start")
    assert train(run, images, "--resume", "auto", "--dry-run", model=WithoutQuantConv) == 0
    assert train(run, images, "--resume", "auto", model=WithoutQuantConv) == 0
    again = load_file(run / "model.safetensors")
    assert whole.keys() == again.keys() and all(torch.equal(whole[key], again[key]) for key in whole)
    # Only what decodes has moved where the encoder is frozen.
    moved = not torch.equal(whole["quant_conv.weight"], brings.state_dict()["quant_conv.weight"])
    assert moved == (parts == "both")


@pytest.mark.parametrize(("before", "then"), [("both", "decoder"), ("decoder", "both")])
def test_the_encoder_is_frozen_or_trained_from_here_on(
    before: str, then: str, images: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    assert train(run, images, "--set", f"train.parts={before}") == 0
    shutil.rmtree(run / "checkpoints" / "step-00000006")
    assert train(run, images, "--resume", "auto", "--set", f"train.parts={then}") == 0
    said = capfd.readouterr().err
    assert "2 parameters of the autoencoder were " in said
    assert f"the recipe changes: train.parts: {before} → {then}" in said


def test_settings_of_the_optimizer_are_those_of_the_recipe(
    run: Path, images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the checkpoint's optimizer was set to does not come back with its moments."""
    made: list[Any] = []
    original = build._adam

    def watched(*arguments: Any) -> Any:
        made.append(original(*arguments))
        return made[-1]

    monkeypatch.setattr(build, "_adam", watched)
    changed = ("optimizer.betas=[0.8,0.95]", "optimizer.eps=0.001", "optimizer.weight_decay=0.1")
    assert train(run, images, "--resume", "auto", "--set", *changed) == 0
    for optimizer in made:
        [group] = optimizer.param_groups
        assert (group["betas"], group["eps"], group["weight_decay"]) == ((0.8, 0.95), 0.001, 0.1)
        assert all(state["step"] > 1 for state in optimizer.state.values())


def add(images: Path) -> None:
    colour(99).save(images / "more.png")


def rename(images: Path) -> None:
    (images / "class-0" / "000.png").rename(images / "class-0" / "other.png")


def draw_anew(images: Path) -> None:
    colour(99).save(images / "class-0" / "000.png")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (add, "8 images were there, now 9 are"),
        (rename, "the images have other names"),
        (draw_anew, "contents of images with the same names have changed"),
        (lambda images: None, None),
    ],
)
def test_other_images_than_before_are_said(
    change: Callable[[Path], None],
    said: str | None,
    run: Path,
    images: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    other = tmp_path / "other"
    shutil.copytree(images, other)
    change(other)
    assert train(run, other, "--resume", "auto") == 0
    found = capfd.readouterr().err
    # The same images in another place are the same.
    assert ("warning: the images are not those of the start before" in found) == (said is not None)
    assert said is None or said in found


@pytest.mark.parametrize("change", [draw_anew, None])
def test_other_images_to_validate_on_than_before_are_said(
    change: Callable[[Path], None] | None,
    images: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    run, held = tmp_path / "run", tmp_path / "held"
    shutil.copytree(images, held)
    assert train(run, images, "--set", f"data.validation_folder={held}") == 0
    shutil.rmtree(run / "checkpoints" / "step-00000006")
    if change is not None:
        change(held)
    capfd.readouterr()
    assert train(run, images, "--resume", "auto") == 0
    said = (
        "warning: the validation images are not those of the start before: "
        "contents of images with the same names have changed"
    )
    found = capfd.readouterr().err
    assert (said in found) == (change is not None) and "warning: the images are not" not in found


FILES = [
    "autoencoder.safetensors",
    "average.safetensors",
    "config.json",
    "discriminator.safetensors",
    "optimizers.pt",
    "random-0.pt",
    "state.json",
]


def test_a_checkpoint_has_these_files(finished: Path) -> None:
    assert sorted(path.name for path in (finished / "checkpoints" / "step-00000006").iterdir()) == FILES


@pytest.mark.parametrize("damage", ["missing", "cut", "flipped"])
@pytest.mark.parametrize("name", FILES)
def test_a_damaged_checkpoint_is_never_taken(
    name: str,
    damage: str,
    finished: Path,
    images: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    run = tmp_path / "run"
    shutil.copytree(finished, run)
    newest = run / "checkpoints" / "step-00000006"
    content = bytearray((newest / name).read_bytes())
    if damage == "missing":
        (newest / name).unlink()
    elif damage == "cut":
        (newest / name).write_bytes(content[: len(content) // 2])
    else:
        content[len(content) // 2] ^= 0x80
        (newest / name).write_bytes(content)
    # Named, it is refused; of itself the run takes the one before.
    assert train(run, images, "--resume", str(newest)) == 1
    assert error_of(capfd).startswith(f"error: the checkpoint's {name} cannot be used: ")
    assert train(run, images, "--resume", "auto") == 0
    assert "put aside as damaged-step-00000006, step-00000003 is taken" in capfd.readouterr().err
    assert checkpoints(run) == [3, 6]
    assert (run / "model.safetensors").read_bytes() == (finished / "model.safetensors").read_bytes()


def test_where_every_checkpoint_is_damaged_nothing_is_begun_anew(
    run: Path, images: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (run / "checkpoints" / "step-00000003" / "optimizers.pt").unlink()
    assert train(run, images, "--resume", "auto") == 1
    assert error_of(capfd).startswith("error: the checkpoint's optimizers.pt cannot be used: ")
    assert checkpoints(run) == [3]


def test_a_checkpoint_without_hashes_is_that_of_an_older_version(
    run: Path, finished: Path, images: Path
) -> None:
    state = run / "checkpoints" / "step-00000003" / "state.json"
    fields = json.loads(state.read_text())
    state.write_text(json.dumps({key: fields[key] for key in ("step", "model", "skipped", "corrupt")}))
    assert train(run, images, "--resume", "auto") == 0
    assert (run / "model.safetensors").read_bytes() == (finished / "model.safetensors").read_bytes()


def test_a_run_without_its_recipe_says_by_which_it_goes_on(
    run: Path, images: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (run / "recipe.json").unlink()
    assert train(run, images, "--resume", "auto") == 0
    assert (
        f"warning: the run of {run / 'checkpoints' / 'step-00000003'} has no recipe.json: it goes on by the package's"
        in (capfd.readouterr().err)
    )


def test_an_older_recipe_of_a_run_gets_the_defaults_of_newer_fields(
    run: Path, images: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    older = json.loads((run / "recipe.json").read_text())
    del older["optimizer"]["clip"], older["latent"]
    older["data"]["broken_share"] = older["data"].pop("corrupt_share")
    older["data"]["gone"] = 1
    (run / "recipe.json").write_text(json.dumps(older))
    assert train(run, images, "--resume", "auto") == 0
    said = capfd.readouterr().err
    assert "has no optimizer.clip: it is 1, the default" in said
    assert "has no latent.images: it is " in said
    assert "data.broken_share is data.corrupt_share now" in said
    assert "data.gone is a field of another version and is left out" in said
    # A recipe that a person hands in says what it means.
    other = tmp_path / "other.json"
    other.write_text(json.dumps(older))
    assert train(tmp_path / "new", images, "--recipe", str(other)) == 1
    assert (PACKAGE / "recipe.json").is_file()
