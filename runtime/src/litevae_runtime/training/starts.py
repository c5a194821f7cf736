"""RUN/starts.jsonl: every start of a run and its end: when, by what command, with which versions, on what, on which images."""

import os
import platform
import shlex
import socket
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from accelerate import Accelerator
from accelerate.utils import gather_object

from ..common.device import hardware
from ..common.json_lines import append_line, read_lines
from ..common.versions import versions_of
from ..data.fingerprint import differences, fingerprint
from ..data.sets import Split

STARTS = "starts.jsonl"
_PACKAGES = ("torch", "accelerate", "numpy", "pillow", "safetensors")


def record_start(accelerator: Accelerator, run: Path, step: int, split: Split) -> list[str]:
    """Adds a line; returns how the images differ from those of the start before. All processes call it."""
    machines = gather_object([f"{socket.gethostname()}: {hardware(accelerator.device)}"])
    if not accelerator.is_main_process:
        return []
    sets = {"images": fingerprint(split.images)}
    if split.validation is not split.images:
        sets["validation_images"] = fingerprint(split.validation)
    before = [line for line in read_lines(run / STARTS).entries if isinstance(line.get("images"), dict)]
    start = {
        "event": "start",
        "time": _now(),
        "step": step,
        "command": shlex.join(sys.orig_argv),
        "folder": os.fspath(Path.cwd()),
        "git": _git(),
        "versions": {"python": platform.python_version(), **versions_of(_PACKAGES)},
        "processes": machines,
        **sets,
    }
    try:
        append_line(run / STARTS, start)
    except OSError as error:
        return [f"warning: {run / STARTS} cannot be written to ({error})"]
    return (
        [note for name, now in sets.items() for note in _changes(name, before[-1].get(name), now)]
        if before
        else []
    )


def _changes(name: str, before: Any, now: dict[str, Any]) -> list[str]:
    """How a set differs from that of the start before, which may not have had it."""
    if not isinstance(before, dict):
        return []
    moved = (
        f" ({before.get('place')} then, {now['place']} now)" if before.get("place") != now["place"] else ""
    )
    return [
        f"warning: the {name.replace('_', ' ')} are not those of the start before{moved}: {change}; the run goes on with them"
        for change in differences(before, now)
    ]


def record_end(accelerator: Accelerator, run: Path, step: int, outcome: str) -> None:
    """Adds a line about how a start ended."""
    if accelerator.is_main_process:
        append_line(run / STARTS, {"event": "end", "time": _now(), "step": step, "outcome": outcome})


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _git() -> str | None:
    """The commit of the folder that the command ran in, `…-dirty` with changes; None where it is in no repository."""
    command = ["git", "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
