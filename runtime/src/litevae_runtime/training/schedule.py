"""Where a run is at a step: everything that depends on the step alone, so that resuming needs one number."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from ..recipe.fields import Phase, Recipe


@dataclass(frozen=True, slots=True)
class At:
    """A step of the run; steps count from 0 over all phases."""

    step: int
    phase: Phase
    phase_index: int
    # Images seen before this step: the position in the stream of images.
    position: int
    learning_rate: float
    discriminator_learning_rate: float
    # Steps that have trained the discriminator before this one.
    discriminator_step: int


@dataclass(frozen=True, slots=True)
class Due:
    """What follows a step: each at its interval, at the end of a phase, and at the end of the run."""

    log: bool
    samples: bool
    validation: bool
    checkpoint: bool


class Schedule:
    """Phases in order, and within each the learning rate of arXiv:2405.14477 App. D with what the recipe adds."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self._ends = tuple(accumulate(phase.steps for phase in recipe.phases))

    @property
    def steps(self) -> int:
        return self._ends[-1]

    def end_of(self, phase_index: int) -> int:
        """The first step after a phase."""
        return self._ends[phase_index]

    def begin_of(self, phase_index: int) -> int:
        return self._ends[phase_index] - self.recipe.phases[phase_index].steps

    def at(self, step: int) -> At:
        """`step` may be `steps`, the end of the run; it then belongs to the last phase."""
        if not 0 <= step <= self.steps:
            raise ValueError(f"step {step} of a run of {self.steps}")
        phases = self.recipe.phases
        index = next((i for i, end in enumerate(self._ends) if step < end), len(phases) - 1)
        phase, within = phases[index], step - self.begin_of(index)
        before = phases[:index]
        factor = _learning_rate_factor(phase, within)
        discriminator_rate = self.recipe.adversarial.learning_rate or phase.learning_rate
        return At(
            step=step,
            phase=phase,
            phase_index=index,
            position=sum(earlier.steps * earlier.batch for earlier in before) + within * phase.batch,
            learning_rate=phase.learning_rate * factor,
            discriminator_learning_rate=discriminator_rate * factor,
            discriminator_step=sum(earlier.steps for earlier in before if earlier.discriminator)
            + (within if phase.discriminator else 0),
        )

    def due(self, at: At) -> Due:
        done = at.step + 1
        ends = done == self.end_of(at.phase_index)
        log, checkpoints = self.recipe.log, self.recipe.checkpoints
        return Due(
            log=ends or done % log.every == 0,
            samples=ends or done % log.samples_every == 0,
            validation=ends or done % checkpoints.validate_every == 0,
            checkpoint=ends or done % checkpoints.every == 0,
        )

    def from_step(self, step: int) -> Iterator[At]:
        return (self.at(later) for later in range(step, self.steps))


def _learning_rate_factor(phase: Phase, within: int) -> float:
    """Linear warm-up, then constant or half a cosine that would be 0 at the phase's end."""
    if within < phase.warmup:
        return (within + 1) / phase.warmup
    if phase.schedule == "constant":
        return 1.0
    progress = (within - phase.warmup) / max(1, phase.steps - phase.warmup)
    return 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
