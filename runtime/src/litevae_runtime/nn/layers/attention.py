"""Attention."""

import torch
import torch.nn.functional as F
from torch import Tensor

from .rules import at_least_float32, without_autocast


def attention(q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None = None, *, heads: int = 1) -> Tensor:
    """Scaled dot-product attention of all positions of `q` to all of `k` and `v` (Vaswani et al. 2017).

    Each is a map [N, C, H, W] or a sequence [N, C, L]. The output has the channels of `v` at the positions of `q`.
    `bias` [heads, positions of q, positions of k] is added to the scores.
    """

    def tokens(x: Tensor) -> Tensor:
        """[N, C, H, W] or [N, C, L] -> [N, heads, H·W or L, C/heads]."""
        return x.flatten(2).transpose(1, 2).unflatten(2, (heads, -1)).contiguous().transpose(1, 2)

    mixed = F.scaled_dot_product_attention(tokens(q), tokens(k), tokens(v), attn_mask=bias)
    return mixed.transpose(1, 2).flatten(2).transpose(1, 2).unflatten(2, q.shape[2:])


def window_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    table: Tensor | None = None,
    *,
    heads: int = 1,
    window_size: int,
    shift: int = 0,
) -> Tensor:
    """Attention within windows of `window_size` x `window_size` positions (Swin, arXiv:2103.14030).

    All are maps [N, C, H, W] whose sides the window divides; the output has the channels of `v`. With a `shift`, windows lie that
    far from the corner and go on at the other side, where positions that are no neighbours do not see each other. `table`
    [(2·window_size - 1)², heads] is the relative position bias.
    """

    def windows(x: Tensor) -> Tensor:
        """[N, C, H, W] -> [N, H/window, W/window, heads, window², C/heads]."""
        x = x.roll((-shift, -shift), (2, 3)) if shift else x
        x = x.unflatten(3, (-1, window_size)).unflatten(2, (-1, window_size)).unflatten(1, (heads, -1))
        return x.permute(0, 3, 5, 1, 4, 6, 2).flatten(4, 5).contiguous()

    query, key, value = windows(q), windows(k), windows(v)
    scores = (query * query.shape[-1] ** -0.5) @ key.mT
    if table is not None:
        scores = scores + _position_bias(table, window_size)
    if shift:
        scores = scores + _apart(q, window_size, shift)
    mixed = (scores.softmax(-1) @ value).unflatten(4, (window_size, window_size)).permute(0, 3, 6, 1, 4, 2, 5)
    out = mixed.flatten(5, 6).flatten(3, 4).flatten(1, 2)
    return out.roll((shift, shift), (2, 3)) if shift else out


def _position_bias(table: Tensor, size: int) -> Tensor:
    """[(2·size - 1)², heads] -> [heads, size², size²]: a number for every pair of positions in a window."""
    row, column = (
        each.flatten()
        for each in torch.meshgrid(*[torch.arange(size, device=table.device)] * 2, indexing="ij")
    )
    down, right = (each[:, None] - each + size - 1 for each in (row, column))
    return table[down * (2 * size - 1) + right].permute(2, 0, 1)


def _apart(x: Tensor, size: int, shift: int) -> Tensor:
    """-100 between positions of a window that were no neighbours before the map was rolled: [H/size, W/size, 1, size², size²]."""
    height, width = (torch.arange(side, device=x.device) >= side - shift for side in x.shape[2:])
    told = height[:, None] + 2 * width
    windows = told.unflatten(1, (-1, size)).unflatten(0, (-1, size)).transpose(1, 2).flatten(2)
    return -100.0 * (windows.unsqueeze(2) != windows.unsqueeze(3)).unsqueeze(2).to(x.dtype)


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
