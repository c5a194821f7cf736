"""Attention."""

import torch.nn.functional as F
from torch import Tensor


def attention(q: Tensor, k: Tensor, v: Tensor, heads: int = 1) -> Tensor:
    """Scaled dot-product attention between all positions (Vaswani et al. 2017); all are [N, C, H, W]."""
    n, c, h, w = q.shape

    def tokens(x: Tensor) -> Tensor:
        """[N, C, H, W] -> [N, heads, H·W, C/heads]."""
        return x.permute(0, 2, 3, 1).reshape(n, h * w, heads, c // heads).contiguous().transpose(1, 2)

    mixed = F.scaled_dot_product_attention(tokens(q), tokens(k), tokens(v))
    return mixed.transpose(1, 2).reshape(n, h, w, c).permute(0, 3, 1, 2)
