"""The device of each of several processes."""

import torch
from accelerate import PartialState

from ..common.device import choose_device
from ..common.errors import InputError


def device_of(process: PartialState, name: str | None) -> torch.device:
    """Each process its own GPU; `name`, of `--device`, chooses another for a single process."""
    if process.num_processes == 1:
        return choose_device(name)
    if name not in (None, "cpu", process.device.type):
        raise InputError(
            f"--device {name} is for one process",
            expected=f"--device cpu or {process.device.type}, or none",
            found=f"{process.num_processes} processes",
            remedy="choose GPUs with CUDA_VISIBLE_DEVICES",
        )
    return process.device


def require_precision(precision: str, device: torch.device) -> None:
    """InputError where a device does not compute in it."""
    if precision == "fp16" and device.type == "cpu":
        raise InputError(
            "precision fp16 needs a GPU",
            expected="fp32 or bf16 on a CPU",
            found="--precision fp16",
            remedy="give --precision bf16",
        )
