"""How the package's benchmark measures: the hardware's name, time, memory, and the interval of a median."""

from dataclasses import replace
from math import comb
from pathlib import Path
from typing import Any

import pytest
import torch
from benchmark.package import folder, here, package

__all__ = ["folder", "here"]


def test_a_gpu_is_named_with_its_driver(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device = package("_runtime.common.device")

    class Properties:
        name = "NVIDIA H100 80GB HBM3"
        total_memory = 85_520_809_984

    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: Properties())
    monkeypatch.setattr(torch.version, "cuda", "12.8")
    monkeypatch.setattr(device, "_output", lambda _: "570.86.15\n570.86.15\n")
    assert (
        device.hardware(torch.device("cuda")) == "NVIDIA H100 80GB HBM3, 80 GiB, driver 570.86.15, CUDA 12.8"
    )
    monkeypatch.setattr(device, "_output", lambda _: "")
    assert device.hardware(torch.device("cuda")) == "NVIDIA H100 80GB HBM3, 80 GiB, CUDA 12.8"


def test_a_gpu_is_waited_for_and_its_own_memory_counted(here: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    measure, memory, rows = (
        here("_runtime.benchmarking.measure"),
        here("_runtime.benchmarking.memory"),
        here("_runtime.benchmarking.rows"),
    )
    happened: list[str] = []
    cuda = torch.device("cuda")
    monkeypatch.setattr(torch.cuda, "synchronize", lambda _: happened.append("waited"))
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", lambda _: happened.append("reset"))
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda _: 12345)
    peak = memory.PeakMemory(cuda)
    settings = rows.Settings("cuda", 8, "fp32", False, None, 3, 0.0)
    assert len(measure.timed(lambda: happened.append("ran"), cuda, settings)) == 3
    # Two runs that warm up and three that count, each waited for.
    assert happened == ["reset", *["ran", "waited"] * 5]
    assert peak.bytes() == 12345
    assert memory.PeakMemory(torch.device("mps")).bytes() is None
    assert memory.how_measured(torch.device("mps")).startswith("not measured")


def test_time_is_given_until_it_has_passed(here: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    measure, rows = here("_runtime.benchmarking.measure"), here("_runtime.benchmarking.rows")
    now = [0.0]
    monkeypatch.setattr(measure.time, "perf_counter", lambda: now[0])

    def run() -> None:
        now[0] += 1.0

    settings = rows.Settings("cpu", 8, "fp32", False, None, 2, 40.0)
    assert measure.timed(run, torch.device("cpu"), settings) == [1.0] * 40
    assert now[0] == 50.0
    assert len(measure.timed(run, torch.device("cpu"), replace(settings, seconds=3000.0))) == 1000


@pytest.mark.parametrize("count", [1, 2, 5, 6, 7, 20, 101, 1000])
def test_the_interval_holds_the_median_as_often_as_it_says(folder: Path, count: int) -> None:
    values = [float(value) for value in reversed(range(count))]
    middle, low, high = package("_runtime.benchmarking.median").median_interval(values)
    assert middle == (count - 1) / 2
    assert low + high == count - 1

    def outside(rank: int) -> float:
        return 2 * sum(comb(count, below) for below in range(rank + 1)) / 2**count

    # The tightest pair that is sure enough.
    rank = int(low)
    assert outside(rank) <= 0.05 or rank == 0
    assert outside(rank + 1) > 0.05
