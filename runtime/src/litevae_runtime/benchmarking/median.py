"""The median of repeated measurements, and how far it can be trusted."""

from collections.abc import Sequence
from statistics import median

# With fewer values no two of them hold the true median with 95 % confidence.
LEAST_FOR_INTERVAL = 6
# Beyond this many the first term of the distribution below would underflow.
MOST_VALUES = 1000


def median_interval(values: Sequence[float]) -> tuple[float, float, float]:
    """The median, and the two values between which the true one lies with at least 95 % confidence.

    They are order statistics: nothing is assumed of the distribution. Of fewer than six values they are
    the lowest and the highest.
    """
    ordered, count = sorted(values), len(values)
    # The true median lies below the value of rank r, counted from 0, where at most r values are below the
    # median: with the binomial distribution's P(at most r of count), and as probably above its mirror image.
    term = 0.5**count
    below, rank = term, 0
    while True:
        term *= (count - rank) / (rank + 1)
        below += term
        if 2 * below > 0.05:
            return median(ordered), ordered[rank], ordered[count - 1 - rank]
        rank += 1
