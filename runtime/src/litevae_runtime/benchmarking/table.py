"""What a person reads of a benchmark."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..common.text import text_table
from .median import LEAST_FOR_INTERVAL
from .rows import Row

_HEAD = ("part", "mode", "batch", "images/s", "s/batch", "95 % interval", "repeats", "peak, MiB")
_RIGHT = range(2, 8)


def rows_table(rows: Sequence[Row]) -> str:
    """Medians with their intervals; where some have none a last column says why."""
    lines = [_HEAD, *map(_cells, rows)]
    if any(row.error for row in rows):
        reasons = ["why not", *(row.error or "" for row in rows)]
        lines = [(*line, reason) for line, reason in zip(lines, reasons, strict=True)]
    return text_table(lines, _RIGHT)


def _cells(row: Row) -> tuple[str, ...]:
    case, found = row.case, row.measured
    about = (case.part, case.mode, str(case.batch))
    if found is None:
        return (*about, *["–"] * 5)
    memory = "–" if found.peak_memory_bytes is None else f"{found.peak_memory_bytes / 2**20:,.0f}"
    return (
        *about,
        _number(case.batch / found.median),
        _number(found.median),
        f"{_number(found.low)} … {_number(found.high)}{'' if found.repeats >= LEAST_FOR_INTERVAL else ' (range)'}",
        str(found.repeats),
        memory,
    )


def _number(value: float) -> str:
    """Four significant digits, never with an exponent."""
    if value >= 1000:
        return f"{value:,.0f}"
    text = f"{value:.4g}"
    return f"{value:.7f}" if "e" in text else text


def published_table(paper: Mapping[str, Any]) -> str:
    """The paper's encoders, under a heading that says they are not of this machine."""
    head = ("model", "parameters, M", "GPU, MB", "images/s")
    rows = [
        (row["model"], f"{row['params']:.2f}", f"{row['gpuMegabytes']:,}", f"{row['imagesPerSecond']:g}")
        for row in paper["throughput"]
    ]
    return (
        f"Published, not measured here: {paper['source']} Table 3, encoders, batch 32 on an RTX 6000\n\n"
        + text_table([head, *rows], range(1, 4))
    )
