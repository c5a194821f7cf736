"""What an evaluation will give, held against what it was asked for and against the result that its file holds already."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..common.errors import InputError
from ..common.text import counted
from ..metrics.registry import AT_ONE_SIZE, FIGURES
from .instruments import Instruments, Missing
from .result import FORMAT

# Of metrics that are measured at one size, whichever it is.
_ANY = 0

# Metrics and the sides where they are given.
Given = set[tuple[str, int]]


def planned(instruments: Instruments, sides: Sequence[int], *, mmd: bool, imbalance: bool) -> Given:
    """What can be measured here of what was asked for."""
    found = {(each.name, side) for each in instruments.each for side in sides if side >= each.smallest_side}
    if instruments.frechet is not None:
        found |= {("rfid", side) for side in sides}
    return found | {(name, _ANY) for name, asked in (("mmd", mmd), ("imbalance", imbalance)) if asked}


def given(result: Mapping[str, Any]) -> Given:
    """What a result has numbers for; a PSNR that is infinite for every image is one."""
    found = {
        (name, entry["size"])
        for entry in result["sizes"]
        for name in FIGURES
        if entry[name] is not None or (name == "psnr" and entry["psnr_infinite"])
    }
    return found | {(name, _ANY) for name in AT_ONE_SIZE if result[name] is not None}


def require_any(found: Given, missing: Sequence[Missing]) -> None:
    """InputError where nothing that was asked for can be had: a result without a number helps nobody."""
    if not found:
        raise InputError(
            "none of --metrics can be measured here",
            found=f"\n{' ' * 12}".join(map(str, missing)),
            remedy="correct what is named, or give other --metrics; nothing was written",
        )


def require_no_loss(output: Path, plan: Given, sides: Sequence[int], images: int) -> None:
    """InputError where `output` holds sizes, metrics or images that the new result would not have."""
    earlier = earlier_result(output)
    if earlier is None:
        return
    lost = given(earlier) - plan
    sizes = sorted({side for _, side in lost if side not in (_ANY, *sides)})
    metrics = sorted({name for name, side in lost if side in (_ANY, *sides)})
    data = earlier["protocol"]["data"]
    more = data["images"] + data["skipped"] > images
    parts = [
        f"sizes {', '.join(map(str, sizes))}" if sizes else "",
        f"metrics {', '.join(metrics)}" if metrics else "",
        f"{counted(data['images'], 'image')} instead of {images:,}" if more else "",
    ]
    if any(parts):
        raise InputError(
            f"{output} holds a result that this one would not replace in full",
            expected="a result with all that is there, or --output",
            found="; ".join(part for part in parts if part),
            remedy=f"keep both with --output {_free(output)}, or write over it with --output {output}",
        )


def earlier_result(output: Path) -> dict[str, Any] | None:
    """The result that a file holds; None where it is none, or of a form that is not read here."""
    # Reading would wait for whoever writes into a pipe or a terminal.
    if not output.is_file():
        return None
    try:
        result = json.loads(output.read_text(encoding="utf-8"))
        if result["format"] != FORMAT:
            return None
        given(result)
        int(result["protocol"]["data"]["images"]) + int(result["protocol"]["data"]["skipped"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    found: dict[str, Any] = result
    return found


def _free(output: Path) -> Path:
    """A name beside it that `litevae report` takes for an evaluation as well."""
    number = 2
    while (free := output.with_stem(f"{output.stem}-{number}")).exists():
        number += 1
    return free
