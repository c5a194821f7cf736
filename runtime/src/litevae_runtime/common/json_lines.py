"""Logs of one JSON object a line, which a killed process or a full disk may leave damaged."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Lines:
    """The objects of a log, and how many of its lines are none."""

    entries: list[dict[str, Any]]
    damaged: int


def read_lines(path: Path) -> Lines:
    """What can be read of a log; nothing where there is no file."""
    entries: list[dict[str, Any]] = []
    damaged = 0
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    # Not splitlines, which also ends lines at characters that JSON has inside of its texts.
    for line in text.split("\n"):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            entry = None
        if isinstance(entry, dict):
            entries.append(entry)
        else:
            damaged += 1
    return Lines(entries, damaged)


def append_line(path: Path, entry: Mapping[str, Any]) -> None:
    """Adds an object on a line of its own, also behind a line that was cut off."""
    append_lines(path, [entry])


def append_lines(path: Path, entries: Iterable[Mapping[str, Any]]) -> None:
    """Adds objects, each on a line of its own."""
    with path.open("ab+") as file:
        if file.tell() > 0:
            file.seek(-1, 2)
            if file.read(1) != b"\n":
                file.write(b"\n")
        file.write("".join(f"{json.dumps(entry)}\n" for entry in entries).encode())
