"""What a person gets wrong on the command line: one message each, exit code 1, and nothing lost or half-written."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from sets import colour
from training.runs import Project, project

__all__ = ["project"]

QUICK = ("--set", "phases.0.steps=2", "phases.1.steps=2", "adversarial.warmup=0", "phases.0.warmup=0")


@pytest.fixture(scope="module")
def finished(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("finished") / "run"
    assert project.train(run, *QUICK) == 0
    return run


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def message(project: Project, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """The message of a run that is refused, with the test's folder as TMP; the run's folder is not made."""

    def ask(*more: str, run: Path = tmp_path / "run", data: str | None = None) -> str:
        before = contents(run) if run.is_dir() else None
        capfd.readouterr()
        assert project.train(run, *QUICK, *more, data=data) == 1
        assert (contents(run) if run.is_dir() else None) == before
        _, errors = capfd.readouterr()
        found = errors[errors.index("error: ") :]
        return found.replace(str(tmp_path), "TMP").replace(str(project.folder), "PROJECT").strip()

    return ask


def test_fields_of_the_recipe(message: Callable[..., str]) -> None:
    assert message("--set", "phases.0.learning_rate=NaN") == (
        "error: --set phases.0.learning_rate=NaN: this is not a finite number\n"
        "  expected: a finite number\n"
        "  found:    NaN\n"
        "  help:     write it out, for example 1e-4"
    )
    assert "did you mean losses.wavelet?" in message("--set", "losses.wavlet=1")
    assert message("--set", "phases.0.batch=3", "accumulation=2") == (
        "error: a batch of 3 does not divide evenly\n"
        "  expected: a multiple of 1 processes × 2 accumulated passes = 2\n"
        "  found:    3\n"
        "  help:     set phases.N.batch=4, or change accumulation"
    )
    assert message("--set", "phases.1.resolution=25") == (
        "error: images of 25×25 do not fit the autoencoder and the discriminator\n"
        "  expected: phases.1.resolution: 24 or 26\n"
        "  found:    phases.1.resolution: 25\n"
        "  help:     choose a resolution that fits, or another discriminator"
    )
    assert message("--set", "precision=fp16") == (
        "error: precision fp16 needs a GPU\n"
        "  expected: fp32 or bf16 on a CPU\n"
        "  found:    precision: fp16\n"
        "  help:     add --set precision=bf16"
    )


def test_what_is_not_measured_not_seen_or_not_there(
    message: Callable[..., str], monkeypatch: pytest.MonkeyPatch, project: Project
) -> None:
    assert message("--set", "checkpoints.best_by=perceptual").startswith(
        "error: checkpoints are chosen by a perceptual distance that is not measured"
    )
    small = ("losses.perceptual=1", "perceptual.weights=random", "phases.0.resolution=8")
    assert message("--set", *small) == (
        "error: the perceptual loss cannot see these images\n"
        "  expected: 1 or 3 channels, and phases of at least 16×16\n"
        "  found:    3 channels, and a phase of 8×8\n"
        "  help:     set losses.perceptual=0"
    )
    monkeypatch.setattr(project.module("_runtime.training.start"), "find_spec", lambda name: None)
    assert message("--set", 'log.trackers=["wandb"]') == (
        "error: wandb of log.trackers is not installed\n"
        "  found:    log.trackers: wandb\n"
        "  help:     pip install wandb, or --set log.trackers=[]"
    )


def test_published_weights_that_are_not_there(message: Callable[..., str], tmp_path: Path) -> None:
    found = message("--set", "losses.perceptual=1", f"perceptual.folder={tmp_path}")
    assert found.startswith("error: the perceptual loss has no weights: TMP has no vgg16-397923af.pth")
    assert "perceptual.folder" in found


def test_weights_to_start_from(message: Callable[..., str], tmp_path: Path) -> None:
    assert message("--set", f"train.start_from={tmp_path}/none.safetensors") == (
        "error: TMP/none.safetensors cannot be read as weights\n"
        "  found:    No such file or directory: TMP/none.safetensors\n"
        "  help:     give a safetensors file in train.start_from, or null"
    )


def test_images(message: Callable[..., str], tmp_path: Path) -> None:
    assert message(data=str(tmp_path / "nowhere")).startswith("error: there is no")
    (tmp_path / "empty").mkdir()
    assert message(data=str(tmp_path / "empty")).startswith("error: there are no images in TMP/empty")
    (tmp_path / "small").mkdir()
    colour(0, (1, 1)).save(tmp_path / "small" / "dot.png")
    assert "1×1 pixels; at resolution 24 the shorter side needs 6" in message(data=str(tmp_path / "small"))


def test_the_folder_of_a_run(
    message: Callable[..., str], finished: Path, tmp_path: Path, project: Project
) -> None:
    shutil.copytree(finished, tmp_path / "run")
    assert message() == (
        "error: TMP/run holds a run already\n"
        "  expected: a new folder, or --resume\n"
        "  found:    TMP/run/checkpoints/step-00000004\n"
        "  help:     add --resume auto to go on with it, or give another --output"
    )
    (tmp_path / "file").write_text("")
    assert message(run=tmp_path / "file") == (
        "error: TMP/file cannot be written to\n"
        "  found:    File exists\n"
        "  help:     give a folder of yours, on a disk with room, in --output"
    )
    assert message(run=Path("/proc/litevae-run")).startswith("error: /proc/litevae-run cannot be written to")


def test_a_recipe_of_the_run_that_is_damaged(
    project: Project, finished: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run, mine = tmp_path / "run", tmp_path / "mine.json"
    shutil.copytree(finished, run)
    content = (run / "recipe.json").read_bytes()
    mine.write_bytes(content)
    for damaged in (content[:10], b"[" * 100_000):
        (run / "recipe.json").write_bytes(damaged)
        assert project.train(run, "--resume", "auto") == 1
        assert "the run goes on with --recipe FILE" in capfd.readouterr().err
    assert project.train(run, "--resume", "auto", "--recipe", str(mine)) == 0
    assert f"{run}/recipe.json is not JSON and is written anew" in capfd.readouterr().err
    assert (run / "recipe.json").read_bytes() == content


def test_checkpoints_that_cannot_be_used(
    message: Callable[..., str], finished: Path, tmp_path: Path, project: Project
) -> None:
    run, other = tmp_path / "run", tmp_path / "other"
    shutil.copytree(finished, run)
    shutil.copytree(finished, other)
    assert message("--resume", str(other / "checkpoints" / "step-00000004")) == (
        "error: TMP/run holds another run than the checkpoint's\n"
        "  expected: a checkpoint of TMP/run, or a new folder\n"
        "  found:    TMP/other/checkpoints/step-00000004\n"
        "  help:     give another --output"
    )
    assert message("--resume", str(tmp_path), run=tmp_path / "new") == (
        "error: TMP is not a checkpoint\n"
        "  expected: a folder RUN/checkpoints/step-… with a state.json\n"
        "  found:    no state.json\n"
        "  help:     give such a folder, or --resume auto"
    )
    checkpoint = other / "checkpoints" / "step-00000004"
    written = (checkpoint / "state.json").read_text()
    sealing = project.module("_runtime.common.sealed")
    state = sealing.opened(written)
    (checkpoint / "state.json").write_text(sealing.sealed(state | {"model": "b"}))
    assert message("--resume", str(checkpoint), run=other) == (
        "error: the checkpoint is of another model\n"
        "  expected: tiny\n"
        "  found:    b\n"
        "  help:     resume with the package that wrote it, or give another --output"
    )
    (checkpoint / "state.json").write_text(sealing.sealed(state | {"step": 100}))
    assert message("--resume", str(checkpoint), run=other) == (
        "error: the checkpoint lies behind the end of the recipe\n"
        "  expected: at most 4 steps\n"
        "  found:    step 100\n"
        "  help:     raise phases.N.steps, or give another --output"
    )
    (checkpoint / "state.json").write_text(written)
    weights = checkpoint / "autoencoder.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[: len(whole) // 2])
    found = message("--resume", str(checkpoint), run=other)
    assert found.startswith("error: the checkpoint's autoencoder.safetensors cannot be used: ")
    weights.write_bytes(whole)
    (checkpoint / "optimizers.pt").write_bytes(b"no zip file")
    found = message("--resume", str(checkpoint), run=other)
    assert found.startswith("error: the checkpoint's optimizers.pt cannot be used: ")
    assert "resume from another checkpoint with --resume FOLDER" in found
