"""Every row has a process of its own: its peak of memory is its own, and what ends it ends no other row."""

import multiprocessing
import os
import signal
import threading
from multiprocessing.connection import Connection

import torch

from ..common.errors import InputError
from ..nn.image_autoencoder import ImageAutoencoder
from .measure import measure
from .rows import Case, Measured, Row, Settings

OUT_OF_MEMORY = "out of memory"


def measured_row(model: type[ImageAutoencoder], case: Case, settings: Settings) -> Row:
    """Measures a case in a new process."""
    spawn = multiprocessing.get_context("spawn")
    answers, sender = spawn.Pipe(duplex=False)
    # Not a daemon: those may not start the processes that torch.compile compiles in.
    process = spawn.Process(target=_answer, args=(sender, model, case, settings))
    process.start()
    sender.close()
    try:
        answer: Measured | str | None = answers.recv()
    except EOFError:
        answer = None
    finally:
        answers.close()
    process.join()
    if isinstance(answer, Measured):
        return Row(case, answer, None)
    return Row(case, None, answer or ended(process.exitcode))


def _answer(sender: Connection, model: type[ImageAutoencoder], case: Case, settings: Settings) -> None:
    # Ctrl-C comes to both processes; the one that asked ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    try:
        sender.send(measure(model, case, settings))
    # Those that torch, its compiler, memory and files raise; another one is a bug, and its trace is shown.
    except (RuntimeError, AssertionError, ImportError, MemoryError, OSError, InputError) as error:
        sender.send(failure(error))


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def failure(error: Exception) -> str:
    """One line on why a case has no numbers."""
    text = str(error)
    refusals = ("can't allocate memory", "not enough memory", "out of memory")
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)) or any(said in text for said in refusals):
        return OUT_OF_MEMORY
    # Above its cause torch.compile says which of its backends was at work.
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.endswith("raised:")]
    reason = lines[0] if lines else type(error).__name__
    return f"torch.compile: {reason}" if _of_the_compiler(error) else reason


def _of_the_compiler(error: Exception) -> bool:
    return type(error).__module__.startswith(("torch._dynamo", "torch._inductor"))


def ended(code: int | None) -> str:
    """Why a process gave no answer."""
    if code is None or code >= 0:
        return f"its process ended with exit code {code}"
    name = signal.Signals(-code).name
    return f"{OUT_OF_MEMORY}: the system ended its process" if name == "SIGKILL" else f"ended by {name}"
