"""Terms of the training loss that layers have, such as the commitment of an encoder to a codebook."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor

# Innermost last: a training step within another's forward would have its own.
_collected: list[dict[str, Tensor]] = []


@contextmanager
def loss_terms() -> Iterator[dict[str, Tensor]]:
    """What layers that run within it hand to `add_loss_terms`: scalars, summed over the calls, by name in recipe.losses."""
    found: dict[str, Tensor] = {}
    _collected.append(found)
    try:
        yield found
    finally:
        _collected.pop()


def add_loss_terms(**terms: Tensor) -> None:
    """Hands scalars with their gradients to the innermost `loss_terms`; outside of one it does nothing.

    A layer calls it wherever gradients are kept: a forward pass that gradient checkpointing repeats, outside of `loss_terms`,
    has to compute the same.
    """
    if not _collected:
        return
    found = _collected[-1]
    for name, term in terms.items():
        found[name] = found[name] + term if name in found else term
