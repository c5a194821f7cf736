"""The exponential moving average of a model's weights."""

import copy

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from ..recipe.fields import Ema


def averaged_copy(model: nn.Module) -> nn.Module:
    """A frozen copy in eval mode that `update_average` moves."""
    return copy.deepcopy(model).requires_grad_(False).eval()


def decay_at(step: int, ema: Ema) -> float:
    """The decay at a step: `ema.decay`, or less at first, since the average would remember its random start."""
    return min(ema.decay, (1 + step) / (10 + step)) if ema.warmup else ema.decay


@torch.no_grad()
def update_average(average: nn.Module, model: nn.Module, decay: float) -> None:
    """Moves the average: average ← decay·average + (1 − decay)·model; buffers are taken over.

    Of what is frozen in the model it stays as it is.
    """
    pairs = zip(average.parameters(), model.parameters(), strict=True)
    trained = [(kept.detach(), new.detach()) for kept, new in pairs if new.requires_grad]
    moved: list[Tensor] = [kept for kept, _ in trained]
    towards: list[Tensor] = [new for _, new in trained]
    get_ema_multi_avg_fn(decay)(moved, towards, 0)
    for kept, buffer in zip(average.buffers(), model.buffers(), strict=True):
        kept.copy_(buffer)
