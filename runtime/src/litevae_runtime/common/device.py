"""What the machine gives."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import torch

from .errors import InputError
from .text import first_line

# The kinds of device that the package's commands know how to wait for and to name.
_KINDS = ("cpu", "cuda", "mps", "xpu")


def choose_device(name: str | None) -> torch.device:
    """The device of that name, such as `cuda:1`; without one the first GPU, or the CPU where torch sees none."""
    wanted = name or ("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(wanted)
        if device.type not in _KINDS:
            raise RuntimeError(f"its kind, {device.type}, is not one of {', '.join(_KINDS)}")
        torch.empty(0, device=device)
    # What torch raises differs between devices that it lacks, that it was not built for and that are not there.
    except (RuntimeError, AssertionError, ValueError, NotImplementedError) as error:
        raise InputError(
            f"device {wanted} cannot be used",
            expected="cpu, or one that torch can use here, such as cuda or cuda:1",
            found=first_line(error),
            remedy="give --device cpu, or install a torch for this GPU and its driver",
        ) from error
    return device


def needs_cpu(cpu: bool) -> bool:
    """Whether Accelerate has to be told to use the CPU: `cpu` asks for it, or several processes have no GPU to share work on.

    Left alone it connects no processes then, and each would do all of the work. A Mac's GPU has no way to connect them.
    """
    several = int(os.environ.get("WORLD_SIZE", "1")) > 1
    return cpu or (several and not torch.cuda.is_available() and not torch.xpu.is_available())


def hardware(device: torch.device) -> str:
    """For people: `NVIDIA H100 80GB HBM3, 80 GiB, driver 570.86.15, CUDA 12.6`, or `AMD EPYC, 2 threads`."""
    if device.type == "cuda":
        properties = torch.cuda.get_device_properties(device)
        platform_version = f"CUDA {torch.version.cuda}" if torch.version.cuda else f"ROCm {torch.version.hip}"
        parts = [properties.name, f"{properties.total_memory / 2**30:.0f} GiB", _driver(), platform_version]
        return ", ".join(part for part in parts if part)
    if device.type == "cpu":
        threads = torch.get_num_threads()
        return f"{_processor()}, {threads} thread{'' if threads == 1 else 's'}"
    return f"{_processor()}, {device.type}"


def _driver() -> str:
    """`driver 570.86.15`; empty where nvidia-smi does not say."""
    query = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    first, *_ = [*_output(query).splitlines(), ""]
    return f"driver {first.strip()}" if first.strip() else ""


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    if sys.platform == "darwin":
        named = _output(["sysctl", "-n", "machdep.cpu.brand_string"]).strip()
        if named:
            return named
    return platform.processor() or platform.machine()


def _output(command: list[str]) -> str:
    """What a command prints; empty where it is not there or fails."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout
    except (OSError, subprocess.SubprocessError):
        return ""


def synchronize(device: torch.device) -> None:
    """Waits until the device has done what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
    elif device.type == "xpu":
        torch.xpu.synchronize(device)


def peak_memory_gb(device: torch.device) -> float:
    """The most that was allocated on the device, or held by the process on a CPU, in 1e9 bytes."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 1e9
    if sys.platform == "win32":
        return 0.0
    import resource

    # Bytes on macOS, kilobytes elsewhere.
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9


def reset_peak_memory(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
