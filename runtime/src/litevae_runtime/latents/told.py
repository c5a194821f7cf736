"""What an encoding prints: where the latents lie, how they are spread, how fast it went."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..common.text import counted, text_table
from .encoder import Timing


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
