"""Attention."""

import torch
import torch.nn.functional as F
from torch import Tensor

from .rules import at_least_float32, without_autocast


def attention(q: Tensor, k: Tensor, v: Tensor, heads: int = 1) -> Tensor:
    """Scaled dot-product attention of all positions of `q` to all of `k` and `v` (Vaswani et al. 2017).

    Each is a map [N, C, H, W] or a sequence [N, C, L]. The output has the channels of `v` at the positions of `q`.
    """

    def tokens(x: Tensor) -> Tensor:
        """[N, C, H, W] or [N, C, L] -> [N, heads, H·W or L, C/heads]."""
        return x.flatten(2).transpose(1, 2).unflatten(2, (heads, -1)).contiguous().transpose(1, 2)

    mixed = F.scaled_dot_product_attention(tokens(q), tokens(k), tokens(v))
    return mixed.transpose(1, 2).flatten(2).transpose(1, 2).unflatten(2, q.shape[2:])


def linear_attention(q: Tensor, k: Tensor, v: Tensor, heads: int = 1, eps: float = 1e-15) -> Tensor:
    """Attention whose weights are relu(q)·relu(k), which costs as much per position however many there are (arXiv:2205.14756).

    Takes and gives what `attention` does. `eps` is added to the sum of the weights. Sums over positions leave float16, so that
    all is computed in float32.
    """

    def split(x: Tensor) -> Tensor:
        """[N, C, H, W] or [N, C, L] -> [N, heads, C/heads, H·W or L]."""
        return at_least_float32(x).flatten(2).unflatten(1, (heads, -1))

    with without_autocast(q):
        query, key, value = split(F.relu(q)), split(F.relu(k)), split(v)
        sums = torch.cat([value @ key.mT, key.sum(3).unsqueeze(2)], 2)
        mixed = sums @ query
        out = mixed[:, :, :-1] / (mixed[:, :, -1:] + eps)
    return out.flatten(1, 2).unflatten(2, q.shape[2:]).to(v.dtype)
