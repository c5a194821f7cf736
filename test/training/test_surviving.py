"""What a run is worth after something went wrong: killed, asked to stop, out of disk, not finite."""

import json
import os
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from training.runs import Project, metrics, project, same, weights

__all__ = ["project"]


@pytest.fixture(scope="module")
def uninterrupted(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("uninterrupted") / "run"
    assert project.train(run) == 0
    return run


def test_a_run_leaves_what_it_promises(project: Project, uninterrupted: Path) -> None:
    logged = metrics(uninterrupted)
    assert [line["step"] for line in logged if "loss" in line] == list(range(1, 25))
    first, last = logged[0], [line for line in logged if "loss" in line][-1]
    assert first["phase"] == "small" and "discriminator" not in first
    assert last["phase"] == "large" and {"l1", "kl", "wavelet", "gaussian", "ldl", "psnr"} <= last.keys()
    assert {"discriminator", "real_logit", "fake_logit", "gradient_norm_adversarial"} <= last.keys()
    names = sorted(path.name for path in (uninterrupted / "checkpoints").iterdir())
    best = json.loads((uninterrupted / "checkpoints" / "best.json").read_text())
    assert f"step-{best['step']:08d}" in names
    assert {"step-00000020", "step-00000024"} <= set(names)
    assert (uninterrupted / "samples" / "step-00000012.png").is_file()
    model = project.module("model").Autoencoder.from_pretrained(uninterrupted)
    config = json.loads((uninterrupted / "config.json").read_text())
    assert config["scaling_factor"] != 1 and len(config["latents_std"]) == model.latent_channels
    assert any(key.startswith("discriminator.") for key in weights(uninterrupted))


@pytest.mark.parametrize("step", [5, 20])
def test_a_resumed_run_ends_as_the_uninterrupted_one(
    project: Project, uninterrupted: Path, step: int, tmp_path: Path
) -> None:
    """From a checkpoint inside of each phase; the later steps' lines are there, as after a SIGKILL between two checkpoints."""
    run = tmp_path / "run"
    assert project.train(run, "--set", "checkpoints.keep=100") == 0
    for path in (run / "checkpoints").glob("step-*"):
        if int(path.name[5:]) > step:
            shutil.rmtree(path)
    (run / "model.safetensors").unlink()
    with (run / "metrics.jsonl").open("a") as file:
        file.write('{"step": 25, "phase": "la')
    assert project.train(run, "--resume", "auto") == 0
    assert metrics(run) == metrics(uninterrupted)
    assert same(weights(run), weights(uninterrupted))


def test_tensorboard_shows_a_step_once_after_a_resume(project: Project, tmp_path: Path) -> None:
    run = tmp_path / "run"
    tracked = ("--set", 'log.trackers=["tensorboard"]', "checkpoints.keep=100")
    assert project.train(run, *tracked) == 0
    for path in (run / "checkpoints").glob("step-*"):
        if int(path.name[5:]) > 5:
            shutil.rmtree(path)
    # Names of event files begin with the second, by which their reader sorts them.
    time.sleep(1)
    assert project.train(run, "--resume", "auto") == 0
    events = EventAccumulator(str(run / "litevae")).Reload()
    assert [event.step for event in events.Scalars("loss")] == list(range(1, 25))


def test_the_pace_is_that_of_training_alone(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    module = project.module("_runtime.training.pace")
    clock = iter([0.0, 2.0, 7.0, 9.0])
    monkeypatch.setattr(module.time, "perf_counter", lambda: next(clock))
    pace = module.Pace()
    pace.add(8)
    with pace.apart():  # From 2 s to 7 s.
        pass
    assert pace.take() == 8 / 4


def test_a_killed_run_goes_on(project: Project, uninterrupted: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    process = project.start(run)
    wait_for(lambda: len(list((run / "checkpoints").glob("step-*"))) > 0, process)
    process.kill()
    process.communicate()
    assert project.train(run, "--resume", "auto") == 0
    assert metrics(run) == metrics(uninterrupted)
    assert same(weights(run), weights(uninterrupted))


@pytest.mark.parametrize("workers", [0, 2])
def test_sigterm_writes_a_checkpoint_and_leaves_with_75(
    project: Project, workers: int, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    # Long enough that the signal comes first.
    settings = ("phases.0.steps=100000", "checkpoints.every=100000", f"data.workers={workers}")
    process = project.start(run, "--set", *settings)
    wait_for(lambda: (run / "metrics.jsonl").is_file() and len(metrics(run)) > 2, process)
    # To the whole group, as torchrun and schedulers do.
    os.killpg(process.pid, signal.SIGTERM)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 75, errors
    [checkpoint] = (run / "checkpoints").glob("step-*")
    assert json.loads((checkpoint / "state.json").read_text())["step"] == metrics(run)[-1]["step"]
    assert "stopped by SIGTERM" in errors


def wait_for(happened: Any, process: Any) -> None:
    end = time.monotonic() + 120
    while not happened():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_full_disk_leaves_the_previous_checkpoint(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    saving = project.module("_runtime.training.saving")
    write = saving.write_snapshot

    def full(folder: Path, *rest: Any) -> None:
        write(folder, *rest)
        if folder.name != ".partial-00000005":
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(saving, "write_snapshot", full)
    run = tmp_path / "run"
    assert project.train(run) == 0
    assert [path.name for path in (run / "checkpoints").iterdir() if path.is_dir()] == ["step-00000005"]
    warning = "warning: the checkpoint of step 10 could not be written ([Errno 28] No space left on device)"
    assert warning in capfd.readouterr().err
    monkeypatch.setattr(saving, "write_snapshot", write)
    assert project.train(run, "--resume", "auto") == 0


def test_logs_that_cannot_be_written_do_not_end_a_run(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(project.module("_runtime.training.monitor"), "save_grid", full)
    assert project.train(tmp_path / "run") == 0
    warning = f"warning: {tmp_path / 'run'} cannot be written to ([Errno 28] No space left on device)"
    assert capfd.readouterr().err.count(warning) == 1


def test_steps_that_are_not_finite_are_skipped_and_counted(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    bad = {3, 4, 15}
    spoil(project, monkeypatch, bad)
    run = tmp_path / "run"
    assert project.train(run) == 0
    lines = {line["step"]: line for line in metrics(run) if "loss" in line}
    assert [step for step in lines if lines[step]["loss"] is None] == [4, 5, 16]
    assert lines[24]["skipped"] == 3
    assert all(value.isfinite().all() for value in weights(run).values())
    assert "warning: step 5 is skipped, its loss or a gradient is not finite: 2 in a row, 2 in all" in (
        capfd.readouterr().err
    )


def test_too_many_in_a_row_stop_the_run_with_the_last_good_state(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    spoil(project, monkeypatch, set(range(7, 100)))
    run = tmp_path / "run"
    assert project.train(run, "--set", "train.nonfinite_limit=3") == 3
    assert "3 steps in a row had a loss or gradient that is not finite" in capfd.readouterr().err
    [*_, newest] = sorted((run / "checkpoints").glob("step-*"))
    from safetensors.torch import load_file

    assert all(value.isfinite().all() for value in load_file(newest / "autoencoder.safetensors").values())
    monkeypatch.undo()
    assert project.train(run, "--resume", "auto") == 0


def spoil(project: Project, monkeypatch: pytest.MonkeyPatch, steps: set[int]) -> None:
    """Makes the loss of these steps NaN."""
    step = project.module("_runtime.training.step")
    original = step.TrainingStep._autoencoder_loss

    def spoiled(self: Any, batch: Any, at: Any, *more: Any) -> Any:
        loss, fake, found = original(self, batch, at, *more)
        if at.step in steps:
            loss = loss * torch.nan
            found["loss"] = loss.detach()
        return loss, fake, found

    monkeypatch.setattr(step.TrainingStep, "_autoencoder_loss", spoiled)


def test_going_back_puts_later_checkpoints_aside(
    project: Project, uninterrupted: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    assert project.train(run, "--set", "checkpoints.keep=100") == 0
    capfd.readouterr()
    older = run / "checkpoints" / "step-00000010"
    # The run's own recipe is gone on with; what changes is said.
    changed = ("--set", "losses.kl=0.01")
    assert project.train(run, "--resume", str(older), *changed) == 0
    said = capfd.readouterr().err
    assert "put aside as abandoned-…, since the run goes on before them: step-00000012" in said
    assert "the recipe changes: losses.kl: 0.001 → 0.01" in said
    assert "checkpoints.keep" not in said
    names = {path.name for path in (run / "checkpoints").iterdir()}
    assert {"abandoned-step-00000024", "step-00000010", "step-00000015", "step-00000024"} <= names
    lines = metrics(run)
    assert lines[:10] == metrics(uninterrupted)[:10]
    assert lines[-1] != metrics(uninterrupted)[-1]
