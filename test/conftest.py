"""Runs the built compiler on seeded reference weights."""

import importlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import onnxruntime
import pytest
import torch
from reference.build import build
from reference.randomize import randomize
from safetensors.torch import save_file
from support.warm_litevae import warm_litevae
from torch import nn

ROOT = Path(__file__).resolve().parents[1]
CLI = ROOT / "dist" / "bin" / "litevae.js"

# Workers share the cores, with the processes that they start: threads beyond those would wait for each other.
if WORKERS := os.environ.get("PYTEST_XDIST_WORKER_COUNT"):
    torch.set_num_threads(max(1, (os.cpu_count() or 1) // int(WORKERS)))
    os.environ.setdefault("OMP_NUM_THREADS", str(torch.get_num_threads()))

Compiled = tuple[Path, nn.Module]


def session_of(graph: Path) -> onnxruntime.InferenceSession:
    """The graph in onnxruntime, with as many threads as torch has here: others would spin beside the other workers."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def litevae(*arguments: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Runs the command line in the folder `cwd`; the output is in the result."""
    assert CLI.exists(), "the compiler is not built: run npm test, or npm run build"
    return warm_litevae(CLI).run([str(argument) for argument in arguments], cwd)


@contextmanager
def package(folder: Path) -> Iterator[ModuleType]:
    """The generated package in a compiled folder."""
    [path] = [entry for entry in folder.iterdir() if entry.is_dir()]
    sys.path.insert(0, str(folder))
    try:
        yield importlib.import_module(path.name)
    finally:
        sys.path.remove(str(folder))
        for name in [name for name in sys.modules if name.split(".")[0] == path.name]:
            del sys.modules[name]


@pytest.fixture(scope="module", autouse=True)
def _folders_end(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[None]:
    """Folders that a module's fixtures wrote go with it, but for a failure's: of all modules they were gigabytes."""
    root, failed = tmp_path_factory.getbasetemp(), request.session.testsfailed
    before = set(root.iterdir())
    yield
    if request.session.testsfailed == failed:
        for folder in set(root.iterdir()) - before:
            _forget_packages(folder)
            shutil.rmtree(folder, ignore_errors=True)


def _forget_packages(folder: Path) -> None:
    """What was imported from a folder that goes: the next module's package of the same name is another."""
    sys.path[:] = [path for path in sys.path if not Path(path).is_relative_to(folder)]
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file is not None and Path(file).is_relative_to(folder):
            del sys.modules[name]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Compiled]:
    """`compiled(model, part, name, **options)` gives the folder compiled from `model` with the random weights of
    the reference that `name` and `options` build, and that reference in float64."""

    def make(
        model: str, part: str, name: str, *flags: str, target: str = "onnx,torch", **options: object
    ) -> Compiled:
        torch.manual_seed(0)
        module = build(name, part, **options)  # type: ignore[arg-type]
        randomize(module, seed=1)
        folder = tmp_path_factory.mktemp("compiled")
        weights = folder / "weights.safetensors"
        save_file({key: value.contiguous() for key, value in module.state_dict().items()}, weights)
        result = litevae(
            "compile",
            model,
            "-o",
            folder / "out",
            "--target",
            target,
            "--parts",
            part,
            "--weights",
            weights,
            *flags,
        )
        assert result.returncode == 0, result.stderr
        return folder / "out", module.double().eval()

    return make
