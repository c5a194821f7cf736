"""A compiled package of a small model."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from conftest import ROOT, litevae, package

SMALL = ROOT / "test" / "torch" / "models" / "small.ts"
PARTS = ("encoder", "decoder", "discriminator")


def compile_to(out: Path, model: str | Path, *flags: str | Path) -> Path:
    result = litevae("compile", model, "-o", out, *flags)
    assert result.returncode == 0, result.stderr
    return out


def run(*command: str | Path, cwd: Path) -> str:
    finished = subprocess.run(
        [sys.executable, *map(str, command)], cwd=cwd, text=True, capture_output=True, check=False
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("small") / "out"
    return compile_to(out, SMALL, "--target", "onnx,torch", "--parts", ",".join(PARTS))


@pytest.fixture(scope="module")
def module(folder: Path) -> Iterator[ModuleType]:
    with package(folder) as imported:
        yield imported


@pytest.fixture
def model(module: ModuleType, folder: Path) -> Any:
    return module.Autoencoder.from_pretrained(folder)
