"""What an encoding prints and logs: where the latents lie, how they are spread, how fast it went."""

import json
import shlex
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..common.json_lines import append_line
from ..common.manifest import MANIFEST as COMPILED
from ..common.text import counted, text_table
from ..common.versions import versions_of
from ..data.pixels import Spread
from ..nn.image_autoencoder import ImageAutoencoder
from .encoder import Encoder, Timing
from .layout import LOG
from .parts import Part

# Of what the last bits are made.
OTHER_BITS = "last bits follow from --batch, the number of threads and the kind of device; the statistics are measured anew"

_PACKAGES = ("torch", "accelerate", "numpy", "pillow", "tifffile", "safetensors")


def finished_text(folder: Path, manifest: Mapping[str, Any]) -> str:
    """Of a manifest: the latents' form and their statistics by channel."""
    latent, statistics = manifest["latent"], manifest["statistics"]
    shape = f"[{latent['channels']}, {latent['height']}, {latent['width']}]"
    flip = " and of the mirrored ones" if manifest["settings"]["flip"] else ""
    parts = [
        (
            f"{folder}: {' and '.join(latent['tensors'])} {shape} of {counted(manifest['images'], 'image')}{flip}, "
            f"{latent['dtype']}, in {counted(len(manifest['shards']), 'file')}"
        ),
        f"key {manifest['key']}",
        f"scaling_factor {statistics['scaling_factor']:.6g}, shift_factor {statistics['shift_factor']:.6g}",
    ]
    rows: list[Sequence[str]] = [["channel", "latents_mean", "latents_std"]]
    pairs = zip(statistics["latents_mean"], statistics["latents_std"], strict=True)
    rows += [[str(channel), f"{mean:.6g}", f"{std:.6g}"] for channel, (mean, std) in enumerate(pairs)]
    return "\n".join(parts) + "\n\n" + text_table(rows, right=range(3))


def timing_text(timings: Sequence[Timing], device: str) -> str:
    """`120 images in 10.3 s: 11.7 images/s on 2 × cpu, 0.2 s (2.1 %) of each waiting for data`."""
    images, seconds = sum(each.images for each in timings), max(each.seconds for each in timings)
    total, waited = sum(each.seconds for each in timings), sum(each.waited for each in timings)
    pace = images / seconds if seconds else 0.0
    share = waited / total if total else 0.0
    return (
        f"\n{counted(images, 'image')} in {seconds:.1f} s: {pace:.1f} images/s on {len(timings)} × {device}, "
        f"{waited / len(timings):.1f} s ({share:.1%}) waiting for data"
    )


def untrained(place: Path) -> str | None:
    """What a person is told of weights that nobody trained."""
    with suppress(OSError, ValueError, TypeError, KeyError):
        seed = json.loads((place / COMPILED).read_text(encoding="utf-8"))["weights"]["seed"]
        return f"warning: the weights in {place} are untrained (seed {seed}): give --weights RUN"
    return None


def beside(model: type[ImageAutoencoder]) -> str | None:
    """What a person is told of models whose latents do not suffice to decode."""
    names = ", ".join(name for name, *_ in model.decoder_takes)
    return f"warning: decoding takes {names} besides latents, which is not stored" if names else None


def other_threads(found: Sequence[Part], threads: int | None) -> str | None:
    """What a person is told where files were made with other numbers of threads than this process has."""
    others = sorted({part.threads for part in found if part.threads is not None} - {threads})
    if threads is None or not others:
        return None
    had = " and ".join(map(str, others))
    return (
        f"note: existing files were made with {had} {'thread' if others == [1] else 'threads'}, and new ones with "
        f"{threads} (OMP_NUM_THREADS): their last bits may differ from those of one encoding"
    )


def notes(manifest: Mapping[str, Any], timings: Sequence[Timing]) -> list[str]:
    """What a person should know of the images."""
    spread = Spread()
    for timing in timings:
        spread.add(timing.spread.least, timing.spread.most)
    narrow = spread.warning("--range")
    found = [] if narrow is None else [f"warning: {narrow}"]
    corrupt, size = manifest["corrupt"], manifest["settings"]["size"]
    if corrupt:
        first = f"{corrupt[0]['name']}: {corrupt[0]['reason']}"
        found.append(
            f"warning: {counted(len(corrupt), 'image')} could not be used and left out, the first {first}"
        )
    if manifest["enlarged"]:
        was = "was" if manifest["enlarged"] == 1 else "were"
        found.append(f"note: {counted(manifest['enlarged'], 'image')} smaller than {size} {was} enlarged")
    return found


def log(folder: Path, encoder: Encoder, timings: Sequence[Timing], machines: Sequence[str]) -> None:
    """Adds a line: when, by what command, on what, how fast. It is no part of the latents' bytes."""
    seconds = max(timing.seconds for timing in timings)
    images = sum(timing.images for timing in timings)
    with suppress(OSError):
        append_line(
            folder / LOG,
            {
                "time": datetime.now(UTC).isoformat(timespec="seconds"),
                "command": shlex.join(sys.orig_argv),
                "processes": machines,
                "batch": encoder.batch,
                "workers": encoder.workers,
                "versions": versions_of(_PACKAGES),
                "images": images,
                "seconds": seconds,
                "images_per_second": images / seconds if seconds else 0.0,
                "waited_seconds": sum(timing.waited for timing in timings) / len(timings),
            },
        )
