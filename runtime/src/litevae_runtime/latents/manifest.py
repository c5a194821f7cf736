"""The manifest of a folder of latents, and what an encoding that begins there finds."""

import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import load_file

from ..common.errors import InputError
from ..common.files import write_text
from ..common.sealed import sealed
from ..common.text import counted
from ..data.fingerprint import differences
from ..nn.statistics import LatentStatistics
from .layout import BEGUN, FORMAT, MANIFEST, PARTS, is_ours, shard_number
from .parts import Part, shard_entries, sums_of
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


def require_fits(folder: Path, beginning: Beginning) -> None:
    """InputError where it holds something else: other files, another encoding, or one of other images."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise InputError(
            f"{folder} is no folder",
            expected="a new folder, or one that encode wrote",
            found="a file of that name",
            remedy="give another --output",
        )
    others = [path.name for path in sorted(folder.iterdir()) if not is_ours(path)]
    if others:
        raise InputError(
            f"{folder} holds other files",
            expected="a new folder, or one that encode wrote",
            found=", ".join(others[:3]) + (f" and {len(others) - 3} more" if len(others) > 3 else ""),
            remedy="give another --output",
        )
    done, begun = folder / MANIFEST, folder / PARTS / BEGUN
    if done.is_file() or begun.is_file():
        _require_same(folder, read_sealed(done if done.is_file() else begun), beginning)
    elif any(folder.glob("latents-*.safetensors")):
        raise InputError(
            f"{folder} holds latents, but nothing says how they were encoded",
            expected=f"{MANIFEST} beside them, or {PARTS}/{BEGUN}",
            found="neither",
            remedy="give another --output, or remove that folder",
        )


def begin(folder: Path, beginning: Beginning) -> dict[str, Any] | None:
    """Makes a folder that fits the encoding ready for it; its manifest where it was finished before."""
    folder.mkdir(parents=True, exist_ok=True)
    require_fits(folder, beginning)
    for partial in (*folder.glob("*.partial"), *(folder / PARTS).glob("*.partial")):
        partial.unlink()
    done, begun = folder / MANIFEST, folder / PARTS / BEGUN
    if done.is_file():
        # Killed after the manifest was written, or while files were made anew.
        shutil.rmtree(folder / PARTS, ignore_errors=True)
        begun.parent.mkdir()
        return read_sealed(done)
    begun.parent.mkdir(exist_ok=True)
    write_text(begun, sealed(beginning.entry()))
    return None


def forsake(folder: Path) -> None:
    """Leaves nothing of an encoding that was refused before it made a file."""
    if not (folder / MANIFEST).exists() and not any(folder.glob("latents-*.safetensors")):
        shutil.rmtree(folder / PARTS, ignore_errors=True)


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
            f"{folder} holds latents of other images",
            expected=f"the {data['images']:,} images of {data['place']}, as they were",
            found=changed[0],
            remedy="give another --output, or remove that folder; or put the images back as they were",
        )


def finish(folder: Path, beginning: Beginning, parts: Sequence[Part], channels: int) -> dict[str, Any]:
    """Writes the manifest of shards that are whole, and removes what was kept of each beside it."""
    images = sum(part.images for part in parts)
    sums = (Sums.from_entry(part.sums) for part in parts)
    manifest = {
        **beginning.entry(),
        "images": images,
        "enlarged": sum(part.enlarged for part in parts),
        "corrupt": [each for part in parts for each in part.corrupt],
        "statistics": _statistics(sums, channels, images),
        "shards": shard_entries(parts),
    }
    return _written(folder, manifest)


def restore(folder: Path, manifest: dict[str, Any], made: Sequence[Part]) -> dict[str, Any]:
    """The manifest of a finished folder in which files were made anew: as it was, where they have the bytes that it says.

    Statistics of others, made on another device or by another number of threads, are measured over all files again.
    """
    by_number = {part.number: part for part in made}
    for shard in manifest["shards"]:
        part = by_number.get(shard_number(shard["file"]))
        if part is not None and part.images != shard["images"]:
            raise InputError(
                f"{folder / shard['file']} cannot be made anew",
                expected=f"its {counted(shard['images'], 'image')}, as they were",
                found="; ".join(f"{each['name']}: {each['reason']}" for each in part.corrupt[:3]),
                remedy="put the images back as they were; or copy the folder again, or encode into another",
            )
    anew = {each["file"]: each for each in shard_entries(made)}
    shards = [anew.get(shard["file"], shard) for shard in manifest["shards"]]
    if shards == manifest["shards"]:
        shutil.rmtree(folder / PARTS)
        return manifest
    latent = manifest["latent"]
    stored = (load_file(folder / shard["file"]) for shard in shards)
    sums = (sums_of(moments, latent["tensors"], latent["channels"]) for moments in stored)
    statistics = _statistics(sums, latent["channels"], manifest["images"])
    return _written(folder, {**manifest, "statistics": statistics, "shards": shards})


def _statistics(sums: Iterable[Sums], channels: int, images: int) -> dict[str, Any]:
    total = Sums.all_of(sums, channels)
    return {
        **total.statistics(images).config(),
        "covariance": total.covariance().tolist(),
        "values": total.count,
    }


def _written(folder: Path, manifest: dict[str, Any]) -> dict[str, Any]:
    # What JSON has no numbers for must not come out as something that is none.
    json.dumps(manifest, allow_nan=False)
    write_text(folder / MANIFEST, sealed(manifest))
    shutil.rmtree(folder / PARTS)
    return manifest
