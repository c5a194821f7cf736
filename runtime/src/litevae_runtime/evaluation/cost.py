"""What encoding and decoding cost: parameters, multiply-accumulates and time."""

import time
from collections.abc import Callable
from contextlib import suppress
from statistics import median
from typing import Any

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from ..common.device import synchronize

# Of the time of one image, after a run that is not counted.
_REPETITIONS = 5


@torch.no_grad()
def cost_of(run: Callable[[], object], model: nn.Module | None, device: torch.device) -> dict[str, Any]:
    """Of `run`, which takes one image or its latent: milliseconds, the median of five runs; and, of the modules of `model`
    that it uses, parameters and multiply-accumulates as torch counts them. These are None without a model.
    """
    parameters, macs = (None, None) if model is None else _counted(run, model)
    seconds = []
    run()
    for _ in range(_REPETITIONS):
        synchronize(device)
        began = time.perf_counter()
        run()
        synchronize(device)
        seconds.append(time.perf_counter() - began)
    return {"parameters": parameters, "macs": macs, "milliseconds": 1000 * median(seconds)}


def _counted(run: Callable[[], object], model: nn.Module) -> tuple[int, int | None]:
    used: dict[nn.Parameter, None] = {}

    def remember(module: nn.Module, *_: object) -> None:
        used.update(dict.fromkeys(module.parameters(recurse=False)))

    hooks = [module.register_forward_pre_hook(remember) for module in model.modules()]
    macs = None
    # Fused kernels of attention are not counted everywhere; what they are made of is.
    with suppress(NotImplementedError), sdpa_kernel(SDPBackend.MATH):
        with FlopCounterMode(display=False) as counter:
            run()
        macs = counter.get_total_flops() // 2
    for hook in hooks:
        hook.remove()
    return sum(parameter.numel() for parameter in used), macs
