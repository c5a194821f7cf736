"""What a run may not lose: an earlier run's work, the truth about its checkpoints, and the way back from numbers that are not
finite."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from sets import write_images
from small_runs import checkpoints, error_of, train

from litevae_runtime.common.run_folder import Best, run_of
from litevae_runtime.metrics.registry import PSNR
from litevae_runtime.training import saving
from litevae_runtime.training.checkpoint import Checkpoints
from litevae_runtime.training.step import TrainingStep


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_images(tmp_path_factory.mktemp("set") / "images", 8)


@pytest.fixture(scope="module")
def finished(images: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("finished") / "run"
    assert train(run, images) == 0
    return run


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.mark.parametrize("left", ["model.safetensors", "metrics.jsonl", "samples"])
def test_what_is_left_of_a_run_is_not_written_over(
    left: str, finished: Path, images: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (shutil.copytree if left == "samples" else shutil.copy)(finished / left, run / left)
    before = contents(run)
    assert train(run, images) == 1
    said = error_of(capfd)
    assert said.splitlines()[0] == f"error: {run} holds a run already, without checkpoints"
    # Trained weights alone are not gone on with.
    assert ("add --resume auto" in said) == (left != "model.safetensors")
    assert contents(run).items() - {(".lock", b"")} == before.items()


@pytest.mark.parametrize("resume", [(), ("--resume", "auto")])
def test_a_compiled_folder_is_no_place_for_a_run(
    resume: tuple[str, ...], images: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "manifest.json").write_text('{"litevae": "0.1.0", "files": {}}')
    assert train(tmp_path, images, *resume) == 1
    assert error_of(capfd).startswith(f"error: {tmp_path} is what litevae compile wrote\n")
    assert contents(tmp_path).keys() - {".lock"} == {"manifest.json"}


def test_trained_weights_without_checkpoints_are_not_gone_on_with(
    finished: Path, images: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    shutil.copytree(finished, run)
    shutil.rmtree(run / "checkpoints")
    before = contents(run)
    assert train(run, images, "--resume", "auto") == 1
    said = error_of(capfd)
    assert "holds trained weights and no checkpoint to go on from" in said
    assert f"--set train.start_from={run}" in said
    assert contents(run) == before


def test_a_run_that_begins_again_keeps_what_was_logged(
    finished: Path, images: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """As when it was killed before its first checkpoint, and a scheduler starts it again with `--resume auto`."""
    run = tmp_path / "run"
    run.mkdir()
    shutil.copy(finished / "metrics.jsonl", run)
    assert train(run, images, "--resume", "auto") == 0
    aside = run / "abandoned-metrics.jsonl"
    assert f"what was logged before is {aside}" in capfd.readouterr().err
    assert aside.read_bytes() == (finished / "metrics.jsonl").read_bytes()


@pytest.mark.parametrize("settings", [(), ("--set", "phases.1.steps=2")])
def test_a_run_that_was_killed_before_its_first_checkpoint_begins_again_by_its_own_recipe(
    settings: tuple[str, ...], finished: Path, images: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    run.mkdir()
    own = json.loads((finished / "recipe.json").read_text())
    own["phases"][0]["steps"], own["optimizer"]["eps"] = 1, 1e-6
    (run / "recipe.json").write_text(json.dumps(own))
    assert train(run, images, "--resume", "auto", *settings) == 0
    assert checkpoints(run)[-1] == (3 if settings else 4)
    assert json.loads((run / "recipe.json").read_text())["optimizer"]["eps"] == 1e-6


def full(*_: Any) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("writer", ["write_snapshot", "write_random_state", "write_state"])
def test_a_stop_whose_checkpoint_cannot_be_written_does_not_end_with_75(
    writer: str, images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os
    import signal

    monkeypatch.setattr(saving, writer, full)
    after(monkeypatch, 2, lambda: os.kill(os.getpid(), signal.SIGTERM))
    assert train(tmp_path / "run", images) == 74
    assert checkpoints(tmp_path / "run") == []


def test_a_checkpoint_that_is_there_is_one_though_it_is_not_known_as_the_best(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    import os
    import signal

    monkeypatch.setattr(Checkpoints, "remember", full)
    after(monkeypatch, 3, lambda: os.kill(os.getpid(), signal.SIGTERM))
    assert train(tmp_path / "run", images) == 75
    assert checkpoints(tmp_path / "run") == [3]
    said = capfd.readouterr().err
    assert (
        "that step 3 is the best so far could not be written" in said and "the one before stays" not in said
    )


def after(monkeypatch: pytest.MonkeyPatch, step: int, act: Callable[[], object]) -> None:
    """Acts when so many steps are done."""
    original = TrainingStep.__call__

    def stepped(self: Any, batches: Any, at: Any, logged: bool) -> Any:
        result = original(self, batches, at, logged)
        if at.step == step - 1:
            act()
        return result

    monkeypatch.setattr(TrainingStep, "__call__", stepped)


def blow_up(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """The update of this step, counted from 1, makes the weights so large that every later loss is infinite."""
    original = TrainingStep._train_autoencoder

    def trained(self: Any, batches: Any, at: Any, logged: bool) -> Any:
        result = original(self, batches, at, logged)
        if at.step == step - 1:
            with torch.no_grad():
                for parameter in self.networks.autoencoder.parameters():
                    parameter.mul_(1e30)
        return result

    monkeypatch.setattr(TrainingStep, "_train_autoencoder", trained)


LONGER = (
    "--set",
    "phases.0.steps=12",
    "checkpoints.every=2",
    "train.nonfinite_limit=3",
    "checkpoints.keep=1",
)


@pytest.mark.parametrize("step", [5, 6])
def test_after_diverging_the_newest_checkpoint_is_from_before_it(
    step: int,
    images: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Step 6 ends with a checkpoint: its weights are finite numbers, and the first that give infinite ones."""
    run = tmp_path / "run"
    with monkeypatch.context() as patched:
        blow_up(patched, step)
        assert train(run, images, *LONGER) == 3
    newest = run / "checkpoints" / "step-00000004"
    # The best so far stays beside it.
    assert checkpoints(run) == [3, 4]
    assert all(value.abs().max() < 1e6 for value in load_file(newest / "autoencoder.safetensors").values())
    said = error_of(capfd)
    assert f"the last finite step is {step};" in said
    assert f"go back with --resume {newest}" in said
    aside = [path for path in (run / "checkpoints").iterdir() if path.name.startswith("diverged-")]
    assert aside and all(run_of(path) == run for path in aside)
    assert train(run, images, "--resume", "auto") == 0


def test_without_a_checkpoint_from_before_it_that_is_said(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    blow_up(monkeypatch, 1)
    assert train(tmp_path / "run", images, *LONGER) == 3
    assert checkpoints(tmp_path / "run") == []
    assert "no checkpoint is from before it: begin again" in error_of(capfd)


def test_weights_that_give_no_finite_numbers_are_no_result(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run whose last steps were all skipped, fewer than the limit, is not done."""
    blow_up(monkeypatch, 4)
    run = tmp_path / "run"
    assert train(run, images) == 3
    assert checkpoints(run) == [3] and not (run / "model.safetensors").exists()


def test_a_validation_that_is_not_finite_is_never_the_best() -> None:
    best = Best(step=1, phase=0, metric="psnr", value=float("nan"))
    assert not best.beats(None, PSNR.improves)
    assert Best(step=2, phase=0, metric="psnr", value=1.0).beats(None, PSNR.improves)


def test_a_run_says_when_and_on_what_it_was_started(finished: Path, images: Path) -> None:
    start, end = (json.loads(line) for line in (finished / "starts.jsonl").read_text().splitlines())
    assert {"time", "command", "git", "versions", "processes", "images"} <= start.keys()
    assert start["versions"]["torch"] == torch.__version__ and start["images"]["place"] == str(images)
    assert (end["event"], end["step"], end["outcome"]) == ("end", 6, "finished")
