"""What is measured, how, and what comes of it."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

FORMAT = "litevae-benchmark-1"


@dataclass(frozen=True, slots=True)
class Case:
    """What one row measures."""

    part: str  # encoder or decoder
    mode: str  # eager or compiled
    batch: int

    def __str__(self) -> str:
        return f"{self.part}, {self.mode}, batch {self.batch}"


@dataclass(frozen=True, slots=True)
class Settings:
    """What all rows have in common."""

    # As torch calls it; None is the first GPU, or the CPU.
    device: str | None
    # Side of the square images; latents are as the encoder makes them of those.
    size: int
    # fp32, tf32, or autocast over float32 weights: bf16, fp16.
    precision: str
    channels_last: bool
    weights: Path | None
    # A row is repeated so often at least, and until so much time has passed.
    repeats: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds of one pass over a batch: median and its 95 % interval, over so many repetitions."""

    median: float
    low: float
    high: float
    repeats: int
    # None where the device does not say.
    peak_memory_bytes: int | None


@dataclass(frozen=True, slots=True)
class Row:
    """A case with what was measured, or why nothing was."""

    case: Case
    measured: Measured | None
    error: str | None

    def json(self) -> dict[str, Any]:
        found = self.measured
        return {
            **asdict(self.case),
            "images_per_second": None if found is None else self.case.batch / found.median,
            "seconds_median": None if found is None else found.median,
            "seconds_low": None if found is None else found.low,
            "seconds_high": None if found is None else found.high,
            "repeats": 0 if found is None else found.repeats,
            "peak_memory_bytes": None if found is None else found.peak_memory_bytes,
            "error": self.error,
        }
