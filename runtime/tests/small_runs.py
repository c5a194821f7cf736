"""Runs of the small model: in this process where that is enough, since a new one takes seconds to start."""

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import mkstemp

import pytest
import torch
from accelerate.state import AcceleratorState, GradientState, PartialState
from processes import launcher
from processes import start as start_python
from small import NETWORKS, PACKAGE, Autoencoder

from litevae_runtime.common.run_folder import RunFolder
from litevae_runtime.nn.autoencoder import AutoencoderBase
from litevae_runtime.training import command

TESTS = Path(__file__).parent
SOURCE = TESTS.parent / "src"

# One line of Python that trains; `before` stands in front of it.
_PROGRAM = (
    "import sys; {before}; from small import *; from litevae_runtime.common.commands import end; "
    "from litevae_runtime.training import command; end(command.main(Autoencoder, NETWORKS, PACKAGE, sys.argv[1:]))"
)


def train(run: Path, images: Path, *more: str, model: type[AutoencoderBase] = Autoencoder) -> int:
    """Trains in this process; returns the exit code."""
    # Accelerate keeps one state a process.
    for state in (AcceleratorState, GradientState, PartialState):
        state._reset_state()
    torch.set_num_threads(1)
    arguments = ["--data", str(images), "--output", str(run), "--cpu", *more]
    return command.main(model, NETWORKS, PACKAGE, arguments)


def start(
    run: Path, images: Path, *more: str, processes: int = 1, before: str = "pass"
) -> subprocess.Popen[str]:
    """Trains in processes of their own, each after the line `before`."""
    handle, file = mkstemp(".py", dir=images.parent)
    os.write(handle, _PROGRAM.format(before=before).replace("; ", "\n").encode())
    os.close(handle)
    program = (*(launcher(processes) if processes > 1 else ()), file)
    arguments = ("--data", str(images), "--output", str(run), *more)
    return start_python(*program, *arguments, paths=(SOURCE, TESTS))


def wait_for(happened: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + 120
    while not happened():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.02)


def checkpoints(run: Path) -> list[int]:
    """The steps of the whole checkpoints."""
    return [int(path.name[5:]) for path in RunFolder(run).paths()]


def error_of(capfd: pytest.CaptureFixture[str]) -> str:
    """The message that a refused command ended with."""
    errors = capfd.readouterr().err
    return errors[errors.index("error: ") :].strip()
