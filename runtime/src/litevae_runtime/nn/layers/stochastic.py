"""What training alone does: random depth."""

from torch import Tensor, nn


class StochasticDepth(nn.Module):
    """Zeroes whole images with probability `rate` and divides the others by 1 - `rate`, in training (arXiv:1603.09382)."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.rate == 0:
            return x
        kept = x.new_empty(len(x), *[1] * (x.dim() - 1)).bernoulli_(1 - self.rate)
        # At rate 1 nothing is left to divide.
        return x * (kept / (1 - self.rate) if self.rate < 1 else kept)
