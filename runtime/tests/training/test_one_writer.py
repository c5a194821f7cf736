"""One command at a time writes to a run's folder, and every process of it to the same."""

import errno
import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from sets import write_images
from small_runs import checkpoints, error_of, start, train, wait_for
from training.test_losing_nothing import after

from litevae_runtime.running import lock

# Long enough to be met by another command.
LONG = ("--set", "phases.0.steps=100000", "checkpoints.every=20", "checkpoints.validate_every=100000")


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_images(tmp_path_factory.mktemp("set") / "images", 8)


def test_a_live_run_is_left_alone_and_gone_on_with_once_it_has_ended(
    images: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    # The older checkpoint has to be there still when it is asked for.
    process = start(run, images, "--cpu", *LONG, "checkpoints.keep=100000")
    wait_for(lambda: bool(checkpoints(run)), process)
    monkeypatch.setattr(lock, "PATIENCE", 0.5)
    older = f"{run}/checkpoints/step-{checkpoints(run)[0]:08d}"
    holder = json.loads((run / "lock.json").read_text())
    assert holder["process"] == process.pid
    for resume in ("auto", older):
        assert train(run, images, "--resume", resume) == 1
        said = error_of(capfd)
        assert said.startswith(f"error: {run} is in use\n  expected: one command at a time\n")
        assert f"process {process.pid} on {holder['host']} since {holder['since']}" in said
    assert not list((run / "checkpoints").glob("abandoned-*"))
    # A scheduler starts a job again while the old one still writes its checkpoint.
    monkeypatch.setattr(lock, "PATIENCE", 60)
    newest = checkpoints(run)[-1]
    os.killpg(process.pid, signal.SIGTERM)
    assert train(run, images, "--resume", "auto", "--set", "phases.0.steps=1", "phases.1.steps=1") == 1
    process.communicate()
    assert process.returncode == 75
    last = checkpoints(run)[-1]
    # It took the checkpoint that was not there yet when it was started.
    assert f"found:    step {last}" in error_of(capfd) and last >= newest
    assert not (run / "lock.json").exists()


def test_the_lock_of_a_killed_run_is_taken_over_at_once(images: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    process = start(run, images, "--cpu", *LONG)
    wait_for(lambda: bool(checkpoints(run)), process)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert json.loads((run / "lock.json").read_text())["process"] == process.pid
    begin = time.monotonic()
    assert train(run, images, "--resume", "auto", "--set", f"phases.0.steps={checkpoints(run)[-1]}") == 0
    assert time.monotonic() - begin < lock.PATIENCE / 2
    assert not (run / "lock.json").exists()


@pytest.mark.parametrize("alive", [True, False])
def test_a_lock_of_another_machine_holds_while_it_shows_life(
    alive: bool,
    images: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where machines do not share locks: only the file of the holder, and whether it is touched, tells."""
    run = tmp_path / "run"
    run.mkdir()
    holder = {"host": "elsewhere", "process": 7, "since": "then", "machine": "another", "token": "0"}
    (run / "lock.json").write_text(json.dumps(holder))
    monkeypatch.setattr(lock, "PATIENCE", 0.5)
    monkeypatch.setattr(lock, "PULSE", 0.1)
    pulses = iter(range(1000))
    if alive:
        monkeypatch.setattr(lock, "_pulse", lambda file: next(pulses))
    assert train(run, images) == (1 if alive else 0)
    said = capfd.readouterr().err
    assert f"{run} was left by process 7 on elsewhere since then: waiting" in said
    assert (f"error: {run} is in use" in said) == alive
    assert (run / "lock.json").exists() == alive


@pytest.mark.parametrize("said", [errno.ENOTSUP, errno.ENOLCK, None])
def test_where_a_file_system_has_no_locks_signs_of_life_tell(
    said: int | None,
    images: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise NotImplementedError if said is None else OSError(said, os.strerror(said))

    run = tmp_path / "run"
    monkeypatch.setattr(FileLock, "acquire", refuse)
    monkeypatch.setattr(lock, "PATIENCE", 0.5)
    monkeypatch.setattr(lock, "PULSE", 0.1)
    assert train(run, images) == 0
    assert not (run / "lock.json").exists()
    # A process of this machine that was killed, and one that lives.
    holder = {"host": "here", "process": 7, "since": "then", "machine": lock._machine(), "token": "0"}
    (run / "lock.json").write_text(json.dumps(holder))
    assert train(run, images, "--resume", "auto") == 0
    (run / "lock.json").write_text(json.dumps(holder))
    pulses = iter(range(1000))
    monkeypatch.setattr(lock, "_pulse", lambda file: next(pulses))
    assert train(run, images, "--resume", "auto") == 1
    assert f"error: {run} is in use" in capfd.readouterr().err


@pytest.mark.parametrize("step", [2, 6])
def test_a_run_that_was_taken_over_writes_nothing_any_more(
    step: int,
    images: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As on a machine that was cut off for a while, whose job a scheduler started again elsewhere."""
    run = tmp_path / "run"
    holder = {"host": "elsewhere", "process": 7, "since": "now", "machine": "another", "token": "0"}
    after(monkeypatch, step, lambda: (run / "lock.json").write_text(json.dumps(holder)))
    assert train(run, images) == 1
    said = error_of(capfd)
    assert said.startswith(
        f"error: {run} was taken over by another command while this one showed no sign of life\n"
    )
    assert "found:    process 7 on elsewhere since now" in said
    assert checkpoints(run) == [3][: step // 6] and not (run / "model.safetensors").exists()
    assert json.loads((run / "lock.json").read_text()) == holder


def test_of_two_commands_in_one_new_folder_one_is_refused(images: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    both = [start(run, images, "--cpu", "--set", "phases.0.steps=200") for _ in range(2)]
    said = {process.communicate()[1]: process.returncode for process in both}
    assert sorted(said.values()) == [0, 1]
    [refused] = [text for text, code in said.items() if code == 1]
    assert f"error: {run} is in use" in refused or f"error: {run} holds a run already" in refused


def test_processes_on_disks_of_their_own_are_refused(images: Path, tmp_path: Path) -> None:
    """As on two machines whose RUN is not one folder: here each process has its own working folder."""
    places = 'import os; place = f\'{os.environ["PLACE"]}/{os.environ["RANK"]}\'; os.makedirs(place); os.chdir(place)'
    os.environ["PLACE"] = str(tmp_path)
    process = start(
        Path("run"),
        images,
        processes=2,
        before=f"{places}; from litevae_runtime.running import lock; lock.VISIBLE = 0.5",
    )
    _, errors = process.communicate()
    assert process.returncode == 1
    assert errors.count("error: the processes do not see the same run") == 2
    assert "found:    process 1 on" in errors
    assert not (tmp_path / "0" / "run" / "recipe.json").exists()
