"""Measuring whole processes, and two sessions side by side."""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Process:
    """Wall time in seconds and peak resident memory in bytes of one finished process."""

    seconds: float
    peak_bytes: int


def run_process(command: Sequence[str], cwd: str) -> Process:
    """Runs a command to its end; raises with its output when it fails."""
    launch = [sys.executable, "-S", "-E", str(Path(__file__).with_name("launch.py"))]
    result = subprocess.run([*launch, *command], cwd=cwd, text=True, capture_output=True, check=False)
    if result.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}:\n{result.stderr}")
    return Process(**json.loads(result.stdout))


@dataclass(frozen=True)
class Paired:
    """Medians in seconds of two functions called in turn, the median of the ratios first / second of each turn, and a
    95 % bootstrap interval of that median."""

    first: float
    second: float
    ratio: float
    low: float
    high: float


def paired(first: Callable[[], object], second: Callable[[], object], turns: int) -> Paired:
    """Calls both `turns` times, in alternating order, so that what else the machine does hits both alike."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(2):
        first()
        second()
    for turn in range(turns):
        for which in (0, 1) if turn % 2 == 0 else (1, 0):
            begin = time.perf_counter()
            (first, second)[which]()
            times[which].append(time.perf_counter() - begin)
    ratios = np.array(times[0]) / np.array(times[1])
    draws = np.random.default_rng(0).choice(ratios, (2000, turns))
    low, high = np.percentile(np.median(draws, axis=1), [2.5, 97.5])
    return Paired(
        statistics.median(times[0]),
        statistics.median(times[1]),
        float(np.median(ratios)),
        float(low),
        float(high),
    )
