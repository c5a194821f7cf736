"""A compiled package, and its benchmark as a function."""

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from training.runs import compile_package

QUICK = {"--device": "cpu", "--size": "8", "--repeats": "2", "--seconds": "0"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    out = compile_package("tiny", tmp_path_factory.mktemp("benchmark") / "out")
    sys.path.insert(0, str(out))
    yield out
    sys.path.remove(str(out))
    for name in [name for name in sys.modules if name.split(".")[0] == "litevae_tiny"]:
        del sys.modules[name]


@pytest.fixture
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The package with its rows measured in this process, where they can be interfered with."""
    processes = package("_runtime.benchmarking.processes")

    def in_process(model: Any, case: Any, settings: Any) -> Any:
        try:
            return package("_runtime.benchmarking.rows").Row(
                case, package("_runtime.benchmarking.measure").measure(model, case, settings), None
            )
        except Exception as error:
            return package("_runtime.benchmarking.rows").Row(case, None, processes.failure(error))

    monkeypatch.setattr(package("_runtime.benchmarking.run"), "measured_row", in_process)
    return package


def package(name: str) -> Any:
    return import_module(f"litevae_tiny.{name}")


def benchmark(*arguments: str | Path) -> int:
    quick = [text for option in QUICK.items() if option[0] not in arguments for text in option]
    code: int = package("benchmark").main([*quick, *map(str, arguments)])
    return code
