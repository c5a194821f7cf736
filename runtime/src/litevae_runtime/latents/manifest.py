"""The manifest of a folder of latents, and what an encoding that begins there finds."""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..common.errors import InputError
from ..common.files import write_text
from ..common.sealed import sealed
from ..data.fingerprint import differences
from ..nn.statistics import LatentStatistics
from .layout import BEGUN, FORMAT, MANIFEST, PARTS, is_ours
from .parts import Part, shard_entries
from .reading import read_sealed
from .settings import changes
from .sums import Sums


@dataclass(frozen=True)
class Beginning:
    """What an encoding is of: the settings, the images, and the latents' form."""

    key: str
    settings: Mapping[str, Any]
    # `fingerprint` of the images, and the hash of their labels.
    data: Mapping[str, Any]
    classes: Mapping[str, Any]
    latent: Mapping[str, Any]
    # What config.json beside the weights says of their latents.
    model: LatentStatistics

    def entry(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "key": self.key,
            "settings": self.settings,
            "data": self.data,
            "classes": self.classes,
            "latent": self.latent,
            "model": self.model.config(),
        }


def begin(folder: Path, beginning: Beginning) -> bool:
    """Makes the folder fit the encoding; whether it holds all of it already.

    InputError where it holds something else: another encoding, or one of other images.
    """
    folder.mkdir(parents=True, exist_ok=True)
    others = [path.name for path in sorted(folder.iterdir()) if not is_ours(path)]
    if others:
        raise InputError(
            f"{folder} holds other files",
            expected="a new folder, or one that encode wrote",
            found=", ".join(others[:3]) + (f" and {len(others) - 3} more" if len(others) > 3 else ""),
            remedy="give another --output",
        )
    for partial in (*folder.glob("*.partial"), *(folder / PARTS).glob("*.partial")):
        partial.unlink()
    done, begun = folder / MANIFEST, folder / PARTS / BEGUN
    if done.is_file() or begun.is_file():
        _require_same(folder, read_sealed(done if done.is_file() else begun), beginning)
    elif any(folder.glob("latents-*.safetensors")):
        raise InputError(
            f"{folder} holds latents of which nothing says how they were encoded",
            expected=f"{MANIFEST} beside them, or {PARTS}/{BEGUN}",
            found="neither",
            remedy="give another --output, or remove that folder",
        )
    if done.is_file():
        # Killed after the manifest was written.
        shutil.rmtree(folder / PARTS, ignore_errors=True)
        return True
    begun.parent.mkdir(exist_ok=True)
    write_text(begun, sealed(beginning.entry()))
    return False


def _require_same(folder: Path, before: Mapping[str, Any], now: Beginning) -> None:
    if before["key"] != now.key:
        raise InputError(
            f"{folder} holds latents of another encoding",
            expected=f"key {before['key'][:12]}…, as when it was begun",
            found=f"\n{' ' * 12}".join(
                [f"key {now.key[:12]}…", *changes(before["settings"], dict(now.settings))]
            ),
            remedy="give another --output, or remove that folder",
        )
    data = before["data"]
    changed = differences(data, dict(now.data))
    if not changed and data["labels_sha256"] != now.data["labels_sha256"]:
        changed = ["the images have other classes"]
    if changed:
        raise InputError(
            f"the images are not those of which {folder} holds latents",
            expected=f"the {data['images']:,} images of {data['place']}, as they were",
            found=changed[0],
            remedy="give another --output, or remove that folder; or put the images back as they were",
        )


def finish(folder: Path, beginning: Beginning, parts: Sequence[Part], channels: int) -> dict[str, Any]:
    """Writes the manifest of shards that are whole, and removes what was kept of each beside it."""
    sums = Sums.all_of((Sums.from_entry(part.sums) for part in parts), channels)
    images = sum(part.images for part in parts)
    statistics = sums.statistics(images)
    manifest = {
        **beginning.entry(),
        "images": images,
        "enlarged": sum(part.enlarged for part in parts),
        "corrupt": [each for part in parts for each in part.corrupt],
        "statistics": {
            **statistics.config(),
            "covariance": sums.covariance().tolist(),
            "values": sums.count,
        },
        "shards": shard_entries(parts),
    }
    # What JSON has no numbers for must not come out as something that is none.
    json.dumps(manifest, allow_nan=False)
    write_text(folder / MANIFEST, sealed(manifest))
    shutil.rmtree(folder / PARTS)
    return manifest
