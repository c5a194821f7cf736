"""Watches the discriminator's logits for the two ways in which it stops teaching."""

import math
from typing import Literal

from ..losses.adversarial import Kind

State = Literal["healthy", "saturated", "collapsed"]

# Losses of a discriminator that answers 0 to everything.
CHANCE: dict[Kind, float] = {"hinge": 2.0, "logistic": 2 * math.log(2)}
# Logits beyond which an answer costs (nearly) nothing: softplus(−3) is 0.05.
MARGIN: dict[Kind, float] = {"hinge": 1.0, "logistic": 3.0}


class DiscriminatorHealth:
    """Running means of real and fake logits and of the discriminator's loss, and a warning when they go wrong.

    Saturated: both answers lie beyond the margin and the loss is below 5 % of chance. Collapsed: the loss is within 5 %
    of chance, and the logits lie within 0.1 of each other. `patience` updates in a row make an episode, which is warned of once.
    """

    def __init__(self, kind: Kind, patience: int = 20, momentum: float = 0.9) -> None:
        self.real = self.fake = self.loss = 0.0
        self._kind = kind
        self._patience = patience
        self._momentum = momentum
        self._updates = 0
        self._state: State = "healthy"
        self._streak = 0

    def update(self, real: float, fake: float, loss: float) -> str | None:
        """Takes mean logits (`mean_logit`) and loss of a logged step; a warning where an episode begins.

        Values that are not finite are left out: such steps are skipped and counted elsewhere.
        """
        if not all(map(math.isfinite, (real, fake, loss))):
            return None
        self._updates += 1
        # The plain mean until there are enough updates, so that the start at 0 leaves no trace.
        share = max(1 - self._momentum, 1 / self._updates)
        self.real += share * (real - self.real)
        self.fake += share * (fake - self.fake)
        self.loss += share * (loss - self.loss)
        state = self._classify()
        self._streak = self._streak + 1 if state == self._state else 1
        self._state = state
        return self._warning() if self._streak == self._patience else None

    def _classify(self) -> State:
        chance, margin = CHANCE[self._kind], MARGIN[self._kind]
        if self.real > margin and self.fake < -margin and self.loss < 0.05 * chance:
            return "saturated"
        if abs(self.real - self.fake) < 0.1 and abs(self.loss - chance) < 0.05 * chance:
            return "collapsed"
        return "healthy"

    def _warning(self) -> str | None:
        facts = (
            f"for {self._patience} logged steps (mean logit {self.real:+.2f} for images, {self.fake:+.2f} for reconstructions; "
            f"loss {self.loss:.3f}, at chance {CHANCE[self._kind]:.3f})"
        )
        match self._state:
            case "saturated":
                return (
                    f"the discriminator is certain of every image {facts}. It learns nothing more and the autoencoder cannot "
                    "follow it: lower adversarial.learning_rate, or shorten adversarial.warmup"
                )
            case "collapsed":
                return (
                    f"the discriminator tells nothing apart {facts}. What it teaches the autoencoder is noise: raise "
                    "adversarial.learning_rate or adversarial.warmup, or lower adversarial.weight"
                )
            case "healthy":
                return None
