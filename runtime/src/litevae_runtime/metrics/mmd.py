"""Maximum mean discrepancy of latents to a standard Gaussian (arXiv:2405.14477 Table 6).

The paper publishes neither the scale of its numbers nor its estimator; `ESTIMATOR` says what is computed here.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

# The bandwidths of Table 6.
SIGMAS = (25, 50, 100, 250, 500)

ESTIMATOR = (
    "unbiased U-statistic of MMD² with k(x, y) = exp(-|x - y|² / 2σ²) between the flattened posterior means of images, "
    "unscaled, and as many draws of a standard Gaussian of their dimension (seed 0)"
)

# Latents are kept for it, and their pairs are compared.
MOST_IMAGES = 5000

_ROWS = 512


def mmd2_to_gaussian(latents: Tensor, device: torch.device) -> list[dict[str, float]]:
    """`ESTIMATOR` for every bandwidth of SIGMAS, of latents [N, nz, h, w] with N of at least 2."""
    x = latents.flatten(1)
    y = torch.randn(x.shape, generator=torch.Generator().manual_seed(0))
    values = mmd2(x.to(device), y.to(device), SIGMAS)
    return [{"sigma": sigma, "mmd2": value} for sigma, value in zip(SIGMAS, values, strict=True)]


def mmd2(x: Tensor, y: Tensor, sigmas: Sequence[float], rows: int = _ROWS) -> list[float]:
    """The unbiased estimate of MMD² between samples x [n, d] and y [m, d] for every sigma; it can fall below 0.

    Gretton et al., "A kernel two-sample test", 2012, eq. 3. `rows` of x are compared at a time.
    """
    n, m = len(x), len(y)
    within_x = _kernel_sums(x, x, sigmas, rows, same=True) / (n * (n - 1))
    within_y = _kernel_sums(y, y, sigmas, rows, same=True) / (m * (m - 1))
    between = _kernel_sums(x, y, sigmas, rows, same=False) / (n * m)
    values: list[float] = (within_x + within_y - 2 * between).tolist()
    return values


def _kernel_sums(x: Tensor, y: Tensor, sigmas: Sequence[float], rows: int, same: bool) -> Tensor:
    """Sums over all pairs, float64 [len(sigmas)]; where `same`, without those of a point with itself."""
    sums = torch.zeros(len(sigmas), dtype=torch.float64)
    for i in range(0, len(x), rows):
        for j in range(0, len(y), rows):
            distances = _square_distances(x[i : i + rows].double(), y[j : j + rows].double())
            for place, sigma in enumerate(sigmas):
                kernel = torch.exp(distances / (-2 * sigma**2))
                if same and i == j:
                    kernel.fill_diagonal_(0)
                sums[place] += kernel.sum().cpu()
    return sums


def _square_distances(x: Tensor, y: Tensor) -> Tensor:
    """[n, m]. By a product of matrices, which in float64 has digits to spare."""
    squares = x.square().sum(dim=1)[:, None] + y.square().sum(dim=1)
    return (squares - 2 * x @ y.T).clamp_min(0)
