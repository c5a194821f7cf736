"""Encodings with a tiny compiled model's package: in this process where that is enough."""

import json
import subprocess
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch
from processes import launcher, start
from sets import write_images
from training.runs import compile_package, forget_accelerate

PACKAGE = "litevae_plain"

# Images in a file; the last holds fewer.
SHARD = 5


class Project:
    """The tiny model's package, and images of three classes to encode."""

    def __init__(self, folder: Path) -> None:
        self.folder = compile_package("plain", folder / "out")
        self.data = write_images(folder / "images", 23)

    def arguments(self, output: Path, *more: str, data: Path | None = None) -> list[str]:
        usual = {
            "--workers": "0",
            "--batch": "3",
            "--size": "16",
            "--shard-images": str(SHARD),
            "--device": "cpu",
        }
        given = (each for option, value in usual.items() if option not in more for each in (option, value))
        return ["--data", str(data or self.data), "--output", str(output), *given, *more]

    def encode(self, output: Path, *more: str, data: Path | None = None) -> int:
        """Encodes in this process; returns the exit code."""
        forget_accelerate()
        torch.set_num_threads(1)
        code: int = import_module(f"{PACKAGE}.encode").main(self.arguments(output, *more, data=data))
        return code

    def export(self, *arguments: str) -> int:
        code: int = import_module(f"{PACKAGE}.export").main(list(arguments))
        return code

    def start(self, *command: str) -> subprocess.Popen[str]:
        """A process that finds the package."""
        return start(*command, paths=(self.folder,), folder=self.folder)

    def launch(
        self, processes: int, output: Path, *more: str, data: Path | None = None
    ) -> subprocess.Popen[str]:
        """Encodes in so many processes."""
        command = (*launcher(processes), "-m", f"{PACKAGE}.encode")
        return self.start(*command, *self.arguments(output, *more, data=data))

    def module(self, name: str) -> Any:
        return import_module(f"{PACKAGE}.{name}")

    def latents(self, folder: Path, **options: Any) -> Any:
        """A LatentDataset."""
        return import_module(PACKAGE).LatentDataset(folder, **options)


def contents(folder: Path) -> dict[str, bytes]:
    """The bytes of the latents: neither the lock nor the log of how long it took."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in (".lock", "encode.jsonl")
    }


def manifest(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return found


def error_of(capfd: pytest.CaptureFixture[str]) -> str:
    """The message that a refused command ended with."""
    errors = capfd.readouterr().err
    return errors[errors.index("error: ") :].strip()
