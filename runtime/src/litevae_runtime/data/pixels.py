"""What the numbers in image files mean: the declaration, and how samples become float32 in [-1, 1]."""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from ..common.errors import CorruptImageError, InputError
from ..recipe.rules import check_samples

Array = npt.NDArray[Any]
Planes = npt.NDArray[np.float32]

# Rounding may take floats a little outside of their range.
_SLACK = 5e-5

# The share of [-1, 1] under which a declared range is likely to be missing.
LEAST_SPREAD = 0.25


class Declared(Protocol):
    """The fields of a recipe's `data` that declare what samples mean."""

    @property
    def profile(self) -> Literal["srgb", "raw"]: ...
    @property
    def range(self) -> tuple[float, float] | None: ...
    @property
    def nodata(self) -> float | None: ...
    @property
    def fill(self) -> float | None: ...


@dataclass(frozen=True, slots=True)
class PixelRule:
    """`Declared` with its defaults, where there is no recipe."""

    profile: Literal["srgb", "raw"] = "srgb"
    range: tuple[float, float] | None = None
    nodata: float | None = None
    fill: float | None = None


def settings_of(rule: Declared) -> dict[str, Any]:
    """The fields as config.json beside weights has them, under `PIXELS`."""
    settings = {name: getattr(rule, name) for name in _FIELDS}
    return settings | {"range": None if rule.range is None else list(rule.range)}


def declared(given: Mapping[str, Any], otherwise: Mapping[str, Any]) -> PixelRule:
    """The rule of fields that are given, and of others where they are None.

    Raises:
        InputError: they contradict each other.
        TypeError, ValueError: those of `otherwise` are none.
    """
    defaults = asdict(PixelRule())
    found = {name: otherwise.get(name, default) for name, default in defaults.items()}
    found |= {name: value for name, value in given.items() if value is not None}
    if found["profile"] not in ("srgb", "raw"):
        raise ValueError(f"profile: {found['profile']}")
    if found["range"] is not None:
        low, high = found["range"]
        found["range"] = (low, high)
    numbers = [*(found["range"] or ()), found["nodata"], found["fill"]]
    if any(type(number) not in (int, float, type(None)) for number in numbers):
        raise ValueError(f"not all of {numbers} are numbers")
    rule = PixelRule(**found)
    check_samples(rule.range, rule.fill)
    return rule


def departure(rule: Declared, trained: Declared, file: Path) -> str | None:
    """What a person is told where images are read otherwise than those that weights were trained on, as `file` says."""
    now, before = settings_of(rule), settings_of(trained)
    changed = ", ".join(f"{name} {before[name]} → {now[name]}" for name in now if now[name] != before[name])
    return f"note: pixels are read otherwise than {file} says: {changed}" if changed else None


@contextmanager
def reading(file: Path, key: str) -> Iterator[None]:
    """InputError where `file`, of which something is read inside, does not say in `key` what samples mean."""
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, AttributeError, InputError) as error:
        raise InputError(
            f"{file} cannot be read",
            expected=f"{key}, which says what samples mean",
            found=str(error),
            remedy="correct it, or move it away",
        ) from error


# Where nothing is declared.
BY_TYPE = PixelRule()

# Where config.json has it.
PIXELS = "pixels"
_FIELDS = tuple(each.name for each in fields(PixelRule))


def is_plain(rule: Declared) -> bool:
    """Whether nothing but the type says what samples mean, so that 8 bits can be computed with as they are."""
    return rule.range is None and rule.nodata is None


def to_signed(samples: Array, rule: Declared) -> Planes:
    """Samples of any shape as float32 in [-1, 1].

    `rule.range` becomes [-1, 1]; without it that is the range of 8-bit and 16-bit integers, and [0, 1] for floats and
    booleans. Samples that are `rule.nodata` or NaN become `rule.fill`. CorruptImageError where samples lie outside of
    the range, have none, or are missing without a `fill`.
    """
    low, high = _range_of(samples.dtype) if rule.range is None else rule.range
    values, missing = samples, _missing(samples, rule.nodata)
    if missing.any():
        if rule.fill is None:
            raise CorruptImageError(
                f"{np.count_nonzero(missing):,} of {samples.size:,} samples are missing (NaN or nodata)",
                "declare what takes their place (fill), or repair them",
            )
        # float64 holds every sample of up to 32 bits and the value that is declared.
        values = np.where(missing, np.float64(rule.fill), samples)
    least, most = float(values.min()), float(values.max())
    slack = _SLACK * (high - low)
    # Infinity lies outside as well.
    if not (least >= low - slack and most <= high + slack):
        raise CorruptImageError(
            f"values from {least:.6g} to {most:.6g}, outside of [{low:.6g}, {high:.6g}]",
            "declare the range that they can have (range)",
        )
    if high - low == 255 and low == 0 and values.dtype == np.uint8:
        return values.astype(np.float32) / np.float32(127.5) - np.float32(1)
    return ((values.astype(np.float64) - low) * (2 / (high - low)) - 1).astype(np.float32)


def opacity(alpha: Array, rule: Declared) -> Planes:
    """Alpha in [0, 1], by its type: `rule.range` says what colours can have, and is asked where the type has no range."""
    by_type = alpha.dtype.kind == "f" or alpha.dtype.itemsize <= 2
    return (to_signed(alpha, BY_TYPE if by_type else PixelRule(range=rule.range)) + 1) / np.float32(2)


def _missing(samples: Array, nodata: float | None) -> npt.NDArray[np.bool_]:
    missing = np.isnan(samples) if samples.dtype.kind == "f" else np.zeros(samples.shape, bool)
    if nodata is None:
        return missing
    # What a file of float32 holds of a number such as -3.4e38 is that number in float32.
    if samples.dtype.kind != "f":
        return samples == nodata
    with np.errstate(over="ignore"):
        return missing | (samples == samples.dtype.type(nodata))


def _range_of(dtype: np.dtype[Any]) -> tuple[float, float]:
    kind, bits = dtype.kind, 8 * dtype.itemsize
    if kind in "fb":
        return 0, 1
    if kind in "iu" and bits <= 16:
        limits = np.iinfo(dtype)
        return float(limits.min), float(limits.max)
    raise CorruptImageError(
        f"samples of type {dtype}, whose range is unknown", "declare the range that they can have (range)"
    )


class Spread:
    """How much of [-1, 1] images use: the least and the greatest value that were seen."""

    def __init__(self) -> None:
        self.least, self.most = math.inf, -math.inf

    def add(self, least: float, most: float) -> None:
        self.least, self.most = min(self.least, least), max(self.most, most)

    def warning(self, declare: str) -> str | None:
        """What a person is told where it is less than a quarter; `declare` says how a range is declared here."""
        if not self.most - self.least < 2 * LEAST_SPREAD or self.most < self.least:
            return None
        return (
            f"the images use [{self.least:.3g}, {self.most:.3g}] of [-1, 1], less than a quarter: "
            f"if their samples have fewer bits than their type, declare their range with {declare}"
        )
