"""Shards of latents as they are made: what is known of each lies beside it, until the manifest has it."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import torch
from safetensors import SafetensorError
from torch import Tensor

from ..common.errors import InputError
from ..common.files import file_hash, write_text, written_whole
from ..common.sealed import opened, sealed
from ..data.corrupt import CorruptImage
from ..nn.weight_files import save_weights
from .layout import LABEL, NAME, NAME_END, PARTS, POSITION, mirrored, part_name, shard_name, stored_names
from .sums import Sums


@dataclass(frozen=True)
class Part:
    """A shard that is whole. `file` is None where all of its images are corrupt."""

    number: int
    file: str | None
    file_sha256: str | None
    bytes: int
    images: int
    enlarged: int
    corrupt: list[dict[str, Any]]
    sums: dict[str, Any]
    # Of the processor that encoded it, whose last bits they decide; None of other devices, and where an older version wrote it.
    threads: int | None = None

    def text(self, key: str) -> str:
        return sealed({"key": key, **asdict(self)})

    @classmethod
    def read(cls, folder: Path, number: int, key: str) -> Self | None:
        """Of a shard that lies there as it was written; None where it has to be made."""
        try:
            fields = opened((folder / PARTS / part_name(number)).read_text(encoding="utf-8"))
        except (OSError, ValueError, TypeError):
            return None
        if fields.pop("key", None) != key:
            return None
        part = cls(**fields)
        return part if part.file is None or has_hash(folder / part.file, part.file_sha256) else None


def has_hash(file: Path, digest: str | None) -> bool:
    """Whether a file is there with the bytes of this SHA-256."""
    with suppress(OSError):
        return file_hash(file) == digest
    return False


def sums_of(moments: Mapping[str, Tensor], names: Sequence[str], channels: int) -> Sums:
    """Of the moments `names` of a shard, and of those of the mirrored images where it has them."""
    both = [names, [mirrored(name) for name in names]]
    kinds = [[moments[name] for name in kind] for kind in both if kind[0] in moments]
    return Sums.all_of((Sums.of(kind) for kind in kinds), channels)


class Rows:
    """What is encoded of one shard, in the order of the images."""

    def __init__(self, names: Sequence[str], dtype: torch.dtype, threads: int | None) -> None:
        self._names = names
        self._dtype = dtype
        self._threads = threads
        self._moments: dict[str, list[Tensor]] = {}
        self._positions: list[int] = []
        self._enlarged = 0
        self._corrupt: list[CorruptImage] = []

    def add(self, positions: Sequence[int], plain: Sequence[Tensor], flipped: Sequence[Tensor]) -> None:
        """Moments [N, C, h, w] of the images at `positions`, and those of the mirrored images where they are wanted."""
        self._positions += positions
        for names, tensors in ((self._names, plain), ([mirrored(name) for name in self._names], flipped)):
            # There are none of mirrored images that are not wanted.
            for name, tensor in zip(names, tensors, strict=False):
                self._moments.setdefault(name, []).append(self._stored(tensor))

    def note(self, enlarged: int, corrupt: Iterable[CorruptImage]) -> None:
        self._enlarged += enlarged
        self._corrupt += corrupt

    def _stored(self, tensor: Tensor) -> Tensor:
        found = tensor.detach().float().cpu()
        stored = found.to(self._dtype)
        if not torch.isfinite(stored).all():
            wide = bool(torch.isfinite(found).all())
            raise InputError(
                "the encoder gives numbers that are not finite"
                if not wide
                else f"the encoder gives numbers that {str(self._dtype).removeprefix('torch.')} does not hold",
                expected="finite numbers",
                found="NaN or infinity" if not wide else f"up to {found.abs().max().item():.6g}",
                remedy="check the weights, and give --precision fp32"
                if not wide
                else "give --dtype float32 or bfloat16",
            )
        return stored

    def write(
        self, folder: Path, number: int, key: str, labels: Sequence[int], names: Sequence[str], channels: int
    ) -> Part:
        """Writes the shard, and then what is known of it; `labels` and `names` are those of `positions`."""
        moments = {name: torch.cat(tensors) for name, tensors in self._moments.items()}
        if not moments:
            part = self._part(number, None, None, 0, Sums.nothing(channels))
        else:
            file = folder / shard_name(number)
            letters, ends = stored_names(names)
            beside = {
                LABEL: torch.tensor(labels, dtype=torch.int64),
                POSITION: torch.tensor(self._positions, dtype=torch.int64),
                NAME: letters,
                NAME_END: ends,
            }
            with written_whole(file) as partial:
                try:
                    save_weights({**moments, **beside}, partial)
                except SafetensorError as error:
                    # How the library tells of a disk that is full.
                    raise OSError(str(error)) from error
            sums = sums_of(moments, self._names, channels)
            part = self._part(number, file.name, file_hash(file), file.stat().st_size, sums)
        write_text(folder / PARTS / part_name(number), part.text(key))
        return part

    @property
    def positions(self) -> Sequence[int]:
        """Of the images that are in it."""
        return self._positions

    def _part(self, number: int, file: str | None, digest: str | None, size: int, sums: Sums) -> Part:
        corrupt = [
            {"position": each.position, "name": each.name, "reason": each.reason}
            for each in sorted(self._corrupt)
        ]
        return Part(
            number,
            file,
            digest,
            size,
            len(self._positions),
            self._enlarged,
            corrupt,
            sums.entry(),
            self._threads,
        )


def shard_entries(parts: Iterable[Part]) -> list[Mapping[str, Any]]:
    """The manifest's `shards`."""
    return [
        {"file": part.file, "sha256": part.file_sha256, "bytes": part.bytes, "images": part.images}
        for part in parts
        if part.file is not None
    ]
