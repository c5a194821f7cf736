"""Maps as sequences of tokens, and back."""

from typing import Literal

from torch import Tensor


def tokens(x: Tensor) -> Tensor:
    """[N, C, H, W] -> [N, C, H·W], row by row; [N, C] -> [N, C, 1]."""
    return x.flatten(2) if x.dim() > 2 else x.unsqueeze(2)


def untokens(x: Tensor, like: Tensor) -> Tensor:
    """[N, C, H·W] -> [N, C, H, W], with the sides of the map `like`."""
    return x.unflatten(2, like.shape[2:])


def matmul(a: Tensor, b: Tensor, transposed: Literal["none", "first", "second"] = "none") -> Tensor:
    """[N, A, B] and [N, B, L] -> [N, A, L], the first or the second taken transposed."""
    return (a.mT if transposed == "first" else a) @ (b.mT if transposed == "second" else b)
