"""The result of an evaluation: evaluation.json and what it says of how it was made."""

import math
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from accelerate import PartialState

from ..common.device import hardware
from ..common.text import counted
from ..common.versions import compiler_version, versions_of
from ..metrics import frechet, imbalance, mmd
from ..metrics.registry import PER_IMAGE, QUALITY
from .measure import Evaluation, Side
from .subject import Precision

FORMAT = "litevae-evaluation-1"

_PACKAGES = (
    "torch",
    "torchmetrics",
    "torch-fidelity",
    "accelerate",
    "numpy",
    "pillow",
    "tifffile",
    "safetensors",
)


def protocol(
    evaluation: Evaluation,
    sides: Sequence[Side],
    precision: Precision,
    metrics: Sequence[str],
    package: Path,
) -> dict[str, Any]:
    """Everything that a number depends on besides the weights."""
    return {
        "data": {
            **evaluation.data.protocol(),
            "images": sides[0].images,
            "skipped": len(sides[0].corrupt),
            # The same images are used at every side, and their formats with them.
            "formats": dict(sorted(sides[0].formats.items())),
            "enlarged": {str(side.side): side.enlarged for side in sides},
        },
        "resize": "bicubic, antialiased, shorter side (Pillow)",
        "crop": "centre",
        "range": [0, 1],
        "reconstruction": "decode(mean), clamped; in 8 bits for rFID alone",
        "metrics": list(metrics),
        **{metric.name: metric.definition for metric in QUALITY},
        "networks": evaluation.instruments.networks,
        "versions": {
            "python": platform.python_version(),
            "litevae": compiler_version(package),
            **versions_of(_PACKAGES),
            **evaluation.subject.runtime,
        },
        "device": f"{evaluation.device.type}: {hardware(evaluation.device)}",
        "precision": precision,
        "processes": PartialState().num_processes,
    }


def size_entry(side: Side) -> dict[str, Any]:
    """A row of the result's `sizes`."""
    means = {name: mean(side.values.get(name, {})) for name in PER_IMAGE}
    infinite = sum(math.isinf(value) for value in side.values.get("psnr", {}).values())
    return {
        "size": side.side,
        "images": side.images,
        "rfid": side.rfid,
        **means,
        "psnr_infinite": infinite if "psnr" in side.values else None,
    }


def mmd_entry(side: Side, values: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """The result's `mmd`."""
    samples = 0 if side.latents is None else len(side.latents)
    return {"size": side.side, "estimator": mmd.ESTIMATOR, "samples": samples, "values": list(values)}


def imbalance_entry(side: Side, module: str, image: str) -> dict[str, Any] | None:
    """The result's `imbalance`; None where the maps of most positions are 0, which leaves nothing to compare with."""
    value, by_channels = (mean(side.values.get(name, {})) for name in ("imbalance", "imbalance_channels"))
    if value is None:
        return None
    return {
        "size": side.side,
        "module": module,
        "value": value,
        "value_channels": by_channels,
        "definition": imbalance.DEFINITION,
        "image": image,
    }


def mean(values: Mapping[int, float]) -> float | None:
    """Over the images whose value is finite; None where none is."""
    finite = [value for value in values.values() if math.isfinite(value)]
    return math.fsum(finite) / len(finite) if finite else None


def notes(sizes: Sequence[Mapping[str, Any]], sides: Sequence[Side]) -> list[str]:
    """What a reader of the numbers should know; `sides` are those that were measured."""
    corrupt = sides[0].corrupt
    narrow = sides[0].spread.warning("--range")
    found = [] if narrow is None else [narrow]
    few = min((entry["images"] for entry in sizes if entry["rfid"] is not None), default=frechet.FEATURES)
    if few < frechet.FEATURES:
        found.append(
            f"rFID of {counted(few, 'image')} says little: papers use 5,000 to 50,000, and with fewer than "
            f"{frechet.FEATURES:,} the covariances lack rank"
        )
    for entry in sizes:
        if entry["psnr_infinite"]:
            same = f"{entry['psnr_infinite']:,} of {counted(entry['images'], 'image')}"
            found.append(
                f"at {entry['size']}×{entry['size']} {same} come back exactly: their PSNR is infinite and left out"
            )
    if corrupt:
        left = "is" if len(corrupt) == 1 else "are"
        first = f"{corrupt[0].name}: {corrupt[0].reason}"
        found.append(
            f"{counted(len(corrupt), 'image')} could not be used and {left} left out, the first {first}"
        )
    enlarged = [
        f"{side.enlarged:,} of {counted(side.images, 'image')} at {side.side}×{side.side}"
        for side in sides
        if side.enlarged
    ]
    if enlarged:
        found.append(f"images smaller than the side are enlarged: {', '.join(enlarged)}")
    return found
