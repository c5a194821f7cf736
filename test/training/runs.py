"""Runs of the tiny model's package: in this process where that is enough, since a new one takes seconds to start."""

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate.state import AcceleratorState, GradientState, PartialState
from conftest import ROOT, litevae
from processes import start
from safetensors.torch import load_file
from sets import write_images
from torch import Tensor

MODELS = ROOT / "test" / "training" / "models"


def compile_package(model: str, out: Path) -> Path:
    """Compiles models/MODEL.ts with the tiny recipe into `out`."""
    recipe = MODELS / "tiny-recipe.ts"
    result = litevae("compile", MODELS / f"{model}.ts", "-o", out, "--target", "torch", "--recipe", recipe)
    assert result.returncode == 0, result.stderr
    return out


class Project:
    """A compiled package, and images to train it on."""

    def __init__(self, folder: Path, model: str) -> None:
        self.package = f"litevae_{model}"
        self.main = f"{self.package}.train"
        self.folder = compile_package(model, folder / "out")
        self.data = write_images(folder / "images", 10)

    def arguments(self, run: Path, *more: str, data: str | None = None) -> list[str]:
        return ["--data", data or str(self.data), "--output", str(run), "--cpu", *more]

    def train(self, run: Path, *more: str, data: str | None = None) -> int:
        """Trains in this process; returns the exit code."""
        forget_accelerate()
        # As in the processes that `start` makes: sums depend on the number of threads, in their last bits.
        torch.set_num_threads(1)
        code: int = import_module(self.main).main(self.arguments(run, *more, data=data))
        return code

    def start(self, run: Path, *more: str, launcher: tuple[str, ...] = ()) -> subprocess.Popen[str]:
        """Trains in a process of its own, which sees no GPU; with a launcher without `--cpu`, as on a machine that has none."""
        arguments = self.arguments(run, *more)
        if launcher:
            arguments.remove("--cpu")
        return start(*(launcher or ("-m", self.main)), *arguments, paths=(self.folder,), folder=self.folder)

    def module(self, name: str) -> Any:
        return import_module(f"{self.package}.{name}")


def forget_accelerate() -> None:
    """Accelerate keeps one state a process."""
    for state in (AcceleratorState, GradientState, PartialState):
        state._reset_state()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = Project(tmp_path_factory.mktemp("training"), "tiny")
    sys.path.insert(0, str(made.folder))
    return made


def metrics(run: Path) -> list[dict[str, Any]]:
    """The lines of metrics.jsonl without what depends on the machine."""
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    for line in lines:
        for measured in ("images_per_second", "memory_gb"):
            line.pop(measured, None)
    return lines


def weights(run: Path) -> dict[str, Tensor]:
    return load_file(run / "model.safetensors")


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)
