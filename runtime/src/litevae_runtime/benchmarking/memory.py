"""The most memory that a row's process had at a time, beyond what it held before it made the network."""

import sys
from pathlib import Path

import torch

_STATUS = Path("/proc/self/status")


def how_measured(device: torch.device) -> str:
    """For the result's `memory`: what its peak_memory_bytes are."""
    if device.type in ("cuda", "xpu"):
        return "allocated on the device: weights, input, activations, workspace; torch's own counter"
    if device.type != "cpu":
        return f"not measured: torch has no counter of the peak on {device.type}"
    if _resident("VmHWM") is None:
        return "not measured: this system does not tell a process its peak"
    return "growth of the process's resident memory: weights, input, activations, workspace, libraries loaded meanwhile"


class PeakMemory:
    """Begins to watch when it is made, in a process of its own for every row."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._before = _resident("VmRSS") or 0
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)

    def bytes(self) -> int | None:
        if self._device.type == "cuda":
            return torch.cuda.max_memory_allocated(self._device)
        if self._device.type == "xpu":
            return torch.xpu.max_memory_allocated(self._device)
        if self._device.type != "cpu":
            return None
        peak = _resident("VmHWM")
        return None if peak is None else peak - self._before


def _resident(which: str) -> int | None:
    """Bytes of Linux's VmRSS (now) or VmHWM (at most so far); macOS tells the second alone, Windows none.

    Linux's getrusage would count what the parent held, since the child begins as its copy.
    """
    if _STATUS.is_file():
        for line in _STATUS.read_text().splitlines():
            if line.startswith(f"{which}:"):
                return int(line.split()[1]) * 1024
    if sys.platform == "darwin":
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return None
