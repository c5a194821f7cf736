"""How a run ends that others end: schedulers, terminals, memory; and what damaged logs do to the next start."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from sets import write_images
from small_runs import SOURCE, checkpoints, error_of, train
from training.test_losing_nothing import after

from litevae_runtime.common.signals import StopSignals
from litevae_runtime.data.images import open_images
from litevae_runtime.training.step import TrainingStep


@pytest.fixture
def images(tmp_path: Path) -> Path:
    return write_images(tmp_path / "images", 8)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGUSR1", "SIGUSR2", "SIGHUP", "SIGXCPU"])
def test_a_signal_that_announces_the_end_leaves_a_checkpoint(
    name: str,
    images: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    # As a scheduler does: a warning, and SIGTERM after it. What it signals as well, as torchrun, passes it on.
    for _ in range(2):
        after(monkeypatch, 2, lambda: os.kill(os.getpid(), getattr(signal, name)))
    if name != "SIGTERM":
        after(monkeypatch, 2, lambda: os.kill(os.getpid(), signal.SIGTERM))
    assert train(tmp_path / "run", images) == 75
    assert checkpoints(tmp_path / "run") == [2]
    assert "stopped by SIG" in capfd.readouterr().err


def test_the_same_signal_again_ends_at_once_and_what_was_ignored_stays_so() -> None:
    program = (
        "import os, signal, time; from litevae_runtime.common import signals as module\n"
        "from litevae_runtime.common.signals import StopSignals; module.RELAYED = 0.2\n"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "with StopSignals() as signals:\n"
        "    os.kill(os.getpid(), signal.SIGHUP); assert signals.received is None\n"
        "    os.kill(os.getpid(), signal.SIGUSR1); assert signals.received == 'SIGUSR1'\n"
        "    os.kill(os.getpid(), signal.SIGTERM); os.kill(os.getpid(), signal.SIGUSR1)\n"
        "    print('here', flush=True); time.sleep(0.3)\n"
        "    os.kill(os.getpid(), signal.SIGUSR1); print('not here', flush=True)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.returncode) == ("here\n", -signal.SIGUSR1), done.stderr


def test_signals_are_as_before_afterwards() -> None:
    before = signal.getsignal(signal.SIGUSR1)
    with StopSignals():
        assert signal.getsignal(signal.SIGUSR1) is not before
    assert signal.getsignal(signal.SIGUSR1) is before


ERRORS = {
    "a GPU": torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.\nGPU 0 has"),
    "a CPU": RuntimeError(
        "[enforce fail at alloc_cpu.cpp:116] . DefaultCPUAllocator: can't allocate memory: you"
    ),
    "Python": MemoryError(),
    "a loader": RuntimeError("DataLoader worker (pid 7) is killed by signal: Killed. "),
    "processes": BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"),
    "open files": OSError(errno.EMFILE, "Too many open files"),
    "a fork": OSError(errno.ENOMEM, "Cannot allocate memory"),
}


@pytest.mark.parametrize("where", ERRORS)
def test_too_little_memory_is_told_with_what_helps(
    where: str,
    images: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ERRORS[where]

    monkeypatch.setattr(TrainingStep, "__call__", fail)
    for more in ((), ("--dry-run",)):
        assert train(tmp_path / f"run{len(more)}", images, *more) == 1
        said = error_of(capfd)
        of_step = where in ("a GPU", "a CPU", "Python")
        assert ("accumulation=2" if of_step else "a smaller --set data.workers") in said
        assert "Traceback" not in said


@pytest.mark.parametrize("error", [RuntimeError("a bug"), OSError(errno.EINVAL, "a bug")])
def test_another_error_is_not_taken_for_memory(
    error: Exception, images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(TrainingStep, "__call__", fail)
    with pytest.raises(type(error), match="a bug"):
        train(tmp_path / "run", images)


DAMAGE = [
    b"5\n",
    b"null\n",
    b'{"phase": "x"}\n',
    b'{"step": "3"}\n',
    b"\xff\xfe\n",
    b"\0\0\0\n",
    b'{"step": 3, "na',
]


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_lines_of_logs_are_left_out(
    damage: bytes, images: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    assert train(run, images) == 0
    whole = (run / "metrics.jsonl").read_bytes()
    for name in ("metrics.jsonl", "corrupt.jsonl", "starts.jsonl"):
        with (run / name).open("ab") as file:
            file.write(damage)
    capfd.readouterr()
    assert train(run, images, "--resume", "auto") == 0
    assert (run / "metrics.jsonl").read_bytes() == whole
    assert f"{run}/metrics.jsonl: 1 damaged line left out" in capfd.readouterr().err


def test_pipes_among_images_are_passed_over(images: Path, tmp_path: Path) -> None:
    os.mkfifo(images / "pipe.png")
    os.mkfifo(images / "class-0" / "shard.tar")
    (images / "gone.png").symlink_to(tmp_path / "nowhere")
    opened = open_images(images, 3)
    # A link to nothing is an image that cannot be read, and is told of as one.
    assert len(opened) == 9 and opened.ignored == {"pipe or device": 2}
    os.mkfifo(tmp_path / "set.tar")
    for place in (tmp_path / "set.tar", Path("/dev/null")):
        with pytest.raises(Exception, match="is no set of images") as error:
            open_images(place, 3)
        assert "a pipe or device" in str(error.value)
