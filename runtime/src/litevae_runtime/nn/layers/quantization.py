"""Values on levels and in codebooks, with gradients as if they were not (straight-through estimator, arXiv:1308.3432)."""

import math
from collections.abc import Sequence

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor, nn

from .loss_terms import add_loss_terms
from .rules import at_least_float32, without_autocast

_MARGIN = 1e-3
# Of the entries that an average follows: below it an entry stays as it is, since nothing was near it for long.
_LEAST_COUNT = 1e-6


def round_ste(x: Tensor) -> Tensor:
    """The nearest whole number, halves to even, with the gradient of `x`."""
    return x + (x.round() - x).detach()


def fsq(x: Tensor, levels: Sequence[int]) -> Tensor:
    """Every channel on one of its levels, which lie in [-1, 1] with 0 among them (arXiv:2309.15505).

    `x` is [N, C, ...] with one number of `levels` per channel; computed in float32 where `x` is narrower. Halfway between
    two levels rounding decides, so that two programs may differ there by one level.
    """
    reach = [(count - 1) * (1 + _MARGIN) / 2 for count in levels]
    offset = [0.0 if count % 2 else 0.5 for count in levels]
    shift = [math.atanh(middle / most) for middle, most in zip(offset, reach, strict=True)]

    def per_channel(values: Sequence[float]) -> Tensor:
        return wide.new_tensor(values).view(-1, *[1] * (x.dim() - 2))

    wide = at_least_float32(x)
    bounded = (wide + per_channel(shift)).tanh() * per_channel(reach) - per_channel(offset)
    return (round_ste(bounded) / per_channel([count // 2 for count in levels])).to(x.dtype)


def lfq(x: Tensor) -> Tensor:
    """1 where `x` [N, C, ...] is above 0, -1 elsewhere, with the gradient of `x` (arXiv:2310.05737 §3.1).

    It has the terms `commitment`, the mean square of x - code, and `entropy`, which is low where every value is sure of its
    code and codes are used alike: the mean entropy of the values less the entropy of their mean, in nats per channel.
    Choices of this project: a value is of code 1 with the probability that softmax gives it by the squares of its
    distances to both codes, and channels are taken as independent, as 2^C entries cannot be listed.
    """
    sign = x.sign()
    code = sign + sign.abs() - 1
    if torch.is_grad_enabled():
        wide = at_least_float32(x)
        logits = 4 * wide
        surely = torch.sigmoid(logits)
        each = (F.softplus(logits) - logits * surely).mean()
        mean = surely.transpose(0, 1).flatten(1).mean(1)
        together = (torch.special.entr(mean) + torch.special.entr(1 - mean)).mean()
        add_loss_terms(commitment=F.mse_loss(wide, code.to(wide.dtype)), entropy=each - together)
    return code.detach() + (x - x.detach())


class VectorQuantizer(nn.Module):
    """At every position the entry of a learned codebook that is nearest, with the gradient of the input (arXiv:1711.00937).

    [N, channels], [N, channels, L] or [N, channels, H, W] -> the same shape. `weight` [codes, channels] are the entries.
    It has the term `commitment`, the mean square of x - entry by which the encoder keeps to its entries, and with a
    `decay` of 0 the term `codebook`, the same by which the entries follow the encoder. With another decay they are a
    buffer, in training the exponential moving averages of what they were nearest to on all processes (App. A.1): `sums`
    [codes, channels] over `counts` [codes].
    """

    weight: Tensor
    counts: Tensor
    sums: Tensor

    def __init__(self, channels: int, codes: int, *, decay: float = 0.0) -> None:
        super().__init__()
        self.decay = decay
        entries = torch.empty(codes, channels).uniform_(-1 / codes, 1 / codes)
        if decay == 0:
            self.weight = nn.Parameter(entries)
            return
        self.register_buffer("weight", entries)
        self.register_buffer("counts", torch.ones(codes))
        self.register_buffer("sums", entries.clone())

    @torch.no_grad()
    def indices(self, x: Tensor) -> Tensor:
        """The places of the nearest entries, int64: [N], [N, L] or [N, H, W]."""
        with without_autocast(x):
            rows, entries = at_least_float32(x).movedim(1, -1), at_least_float32(self.weight)
            return (rows @ entries.mT - 0.5 * entries.square().sum(1)).argmax(-1)

    def entries(self, indices: Tensor) -> Tensor:
        """The entries at places [N, ...] as values [N, channels, ...]: what `forward` gives of an input with these `indices`."""
        return F.embedding(indices, self.weight).movedim(-1, 1)

    def forward(self, x: Tensor) -> Tensor:
        indices = self.indices(x)
        chosen = self.entries(indices)
        if torch.is_grad_enabled():
            with without_autocast(x):
                wide, entry = at_least_float32(x), at_least_float32(chosen)
                add_loss_terms(commitment=F.mse_loss(wide, entry.detach()))
                if self.decay == 0:
                    add_loss_terms(codebook=F.mse_loss(entry, wide.detach()))
        if self.training and self.decay > 0:
            self._follow(x, indices)
        # Its value is the entry's to the last bit.
        return chosen.detach().to(x.dtype) + (x - x.detach())

    @torch.no_grad()
    def _follow(self, x: Tensor, indices: Tensor) -> None:
        """Moves the averages by what is nearest to each entry; not at all where a number is not finite."""
        rows = at_least_float32(x).movedim(1, -1).flatten(0, -2)
        each = torch.cat([torch.ones_like(rows[:, :1]), rows], 1)
        found = each.new_zeros(len(self.weight), each.shape[1]).index_add_(0, indices.flatten(), each)
        if dist.is_available() and dist.is_initialized():
            dist.all_reduce(found)
        moves = (1 - self.decay) * found.isfinite().all()
        found = found.nan_to_num(0.0, 0.0, 0.0)
        self.counts.lerp_(found[:, 0].to(self.counts.dtype), moves.to(self.counts.dtype))
        self.sums.lerp_(found[:, 1:].to(self.sums.dtype), moves.to(self.sums.dtype))
        averages = self.sums / self.counts.clamp_min(_LEAST_COUNT).unsqueeze(1)
        self.weight.copy_(torch.where(self.counts.unsqueeze(1) > _LEAST_COUNT, averages, self.weight))
