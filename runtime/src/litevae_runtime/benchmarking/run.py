"""A benchmark from its checks to its file."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from ..common.device import choose_device, hardware
from ..common.errors import InputError
from ..common.files import write_text
from ..nn.image_autoencoder import ImageAutoencoder
from ..nn.sizes import check_sides
from ..nn.trained import trained_autoencoder
from .memory import how_measured
from .processes import measured_row
from .rows import FORMAT, Case, Row, Settings
from .table import published_table, rows_table


def benchmark(
    autoencoder: type[ImageAutoencoder],
    cases: Sequence[Case],
    settings: Settings,
    output: Path | None,
    paper: Mapping[str, Any],
) -> list[Row]:
    """Measures the cases and prints a table; InputError where none of them could be right.

    `output` has the rows so far after every one of them; `paper` are figures that are printed below them.
    """
    device = choose_device(settings.device)
    settings = replace(settings, device=str(device))
    _check_precision(settings.precision, device)
    check_sides(autoencoder, [settings.size], "--size")
    if settings.weights is not None:
        trained_autoencoder(autoencoder, settings.weights)
    model = autoencoder.name
    about: dict[str, Any] = {
        "format": FORMAT,
        "model": model,
        "runtime": f"torch {torch.__version__}",
        "hardware": hardware(device),
        "size": settings.size,
        "precision": settings.precision,
        "channels_last": settings.channels_last,
        "memory": how_measured(device),
    }
    layout = ", channels_last" if settings.channels_last else ""
    print(f"hardware  {about['hardware']}")
    print(f"runtime   {about['runtime']}, {settings.precision}{layout}")
    print(f"model     {model}, {settings.size}×{settings.size}")
    print(f"memory    {about['memory']}", flush=True)
    rows: list[Row] = []
    for count, case in enumerate(cases, start=1):
        print(f"[{count}/{len(cases)}] {case}", file=sys.stderr, flush=True)
        rows.append(measured_row(autoencoder, case, settings))
        if output is not None:
            _write(output, {**about, "rows": [row.json() for row in rows]})
    print(f"\n{rows_table(rows)}\n\n{published_table(paper)}")
    if output is not None:
        print(f"written to {output}", file=sys.stderr)
    return rows


def _check_precision(precision: str, device: torch.device) -> None:
    if device.type == "cpu" and precision in ("tf32", "fp16"):
        raise InputError(
            f"precision {precision} needs a GPU",
            expected="fp32 or bf16 on a CPU",
            found=f"--precision {precision}, --device {device}",
            remedy="give --precision bf16",
        )


def _write(file: Path, result: dict[str, Any]) -> None:
    try:
        write_text(file, json.dumps(result, indent=2) + "\n")
    except OSError as error:
        raise InputError(
            f"{file} cannot be written", found=str(error), remedy="give another --output"
        ) from error
