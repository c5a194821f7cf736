"""Encoded latents as a PyTorch data set, for training a diffusion model on them."""

import operator
import os
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, SupportsIndex

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor
from torch.utils.data import Dataset

from ..common.errors import InputError
from ..common.files import file_hash
from ..data.noise import noise_for
from ..data.order import keyed_int
from ..nn.posterior import DiagonalGaussian, PointPosterior, Posterior
from ..nn.statistics import LatentStatistics
from .layout import GAUSSIAN, LABEL, NAME, NAME_END, POSITION, mirrored, read_names
from .reading import read_manifest

# Open files per process; systems commonly allow 1,024.
_OPEN_FILES = 64

# A channel that is always the same has no deviation to divide by.
_LEAST_STD = 1e-12

# Of noise and of the choice of the mirrored image: 63 bits, as `noise_for` takes them.
_SEED_MASK = (1 << 63) - 1


class LatentDataset(Dataset[tuple[Tensor, int]]):
    """Latents and labels from a folder that `python -m PACKAGE.encode` wrote: `(latent [C, h, w] float32, label)`.

    A latent is a draw from the image's moments, normalised. Which draw it is, and whether it is the mirrored image's, depends on
    `seed`, the epoch and the image's position alone: not on the order, the worker, the number of processes or torch's generators.

    Args:
        folder: what `--output` named.
        seed: of draws and mirroring, a whole number from 0.
        sample: draws from the moments; their means otherwise.
        flip: takes the mirrored image's moments for half of the images, where the folder has them.
        normalize: "channel" gives every channel mean 0 and deviation 1 by the folder's statistics; "model" is what the
            weights' config.json says of their latents (`Autoencoder.normalize`); "none" leaves latents as the decoder takes them.
        check: reads every file and holds it against its SHA-256 first; that it is there, with as many bytes as were written,
            is looked at anyway.

    Raises:
        InputError: the folder holds no latents, they are not finished, or files of it are missing, cut off or damaged.
        ValueError: `seed` or `normalize` is none of the above.
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        seed: int = 0,
        sample: bool = True,
        flip: bool = True,
        normalize: Literal["channel", "model", "none"] = "channel",
        check: bool = False,
    ) -> None:
        if not isinstance(seed, int) or seed < 0:
            raise ValueError(f"seed is a whole number from 0, not {seed!r}")
        self.folder = Path(folder).expanduser()
        self.manifest: dict[str, Any] = read_manifest(self.folder)
        self.statistics = _statistics(self.manifest, normalize)
        self._seed, self._sample = seed, sample
        self._tensors: list[str] = self.manifest["latent"]["tensors"]
        self._posterior: type[Posterior] = (
            DiagonalGaussian if tuple(self._tensors) == GAUSSIAN else PointPosterior
        )
        self._flip = flip and self.manifest["settings"]["flip"]
        # Shared, so that workers that stay from epoch to epoch see it too.
        self._epoch = torch.zeros(1, dtype=torch.int64).share_memory_()
        self._shards = self.manifest["shards"]
        _require_files(self.folder, self._shards, check)
        counts = torch.tensor([shard["images"] for shard in self._shards], dtype=torch.int64)
        self._ends = counts.cumsum(0)
        self._labels, self._positions = self._columns()
        self._forget()

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        if not isinstance(index, SupportsIndex):
            raise TypeError(
                f"one image at a time, by a whole number, not {index!r}: torch.utils.data.Subset has several"
            )
        index = operator.index(index)
        if not -len(self) <= index < len(self):
            raise IndexError(f"image {index} of {len(self):,}")
        index %= len(self)
        flipped = self._flip and keyed_int(b"flip", self._key(), self.position(index)) % 2 == 1
        z = self.draw(index, flipped=flipped) if self._sample else self._of(index, flipped).mode()[0]
        return self.statistics.normalize(z[None])[0], self.label(index)

    def draw(self, index: int, *, flipped: bool = False) -> Tensor:
        """The draw of this epoch, or of its mirrored image, [C, h, w] as the decoder takes it."""
        posterior = self._of(index, flipped)
        # A draw of its own for the mirrored image, and none that neighbours have.
        seed = keyed_int(b"noise", self._key(), int(flipped)) & _SEED_MASK
        shape = tuple(posterior.mode().shape[1:])
        return posterior.draw(
            noise_for(self._positions[index : index + 1], shape, seed, torch.device("cpu"))
        )[0]

    def mean_and_std(self, index: int) -> Tensor:
        """Of the posterior, [2·C, h, w]; a latent without a distribution has deviation 0."""
        posterior = self._of(index, False)
        return torch.cat([posterior.mode(), posterior.std], dim=1)[0]

    def _of(self, index: int, flipped: bool) -> Posterior:
        return self._posterior(self.moments(index, flipped=flipped)[None])

    def _key(self) -> int:
        """Of this epoch."""
        return keyed_int(b"latents", self._seed, int(self._epoch))

    def set_epoch(self, epoch: int) -> None:
        """Other draws and mirrored images from now on, in workers that are running too."""
        self._epoch[0] = epoch

    def moments(self, index: int, *, flipped: bool = False) -> Tensor:
        """What is stored of an image, float32: means and then log-variances [2·C, h, w], or the latent [C, h, w]."""
        shard, row = self._place(index)
        file = self._opened(shard)
        names = [mirrored(name) if flipped else name for name in self._tensors]
        return torch.cat([file.get_slice(name)[row : row + 1].float() for name in names], dim=1)[0]

    def label(self, index: int) -> int:
        """The image's class; -1 where it is not known."""
        return int(self._labels[index])

    def position(self, index: int) -> int:
        """The image's place in the set that was encoded, in which corrupt images count too."""
        return int(self._positions[index])

    def name(self, index: int) -> str:
        """The image's path in the set that was encoded."""
        shard, row = self._place(index)
        file = self._opened(shard)
        return read_names(file.get_tensor(NAME), file.get_tensor(NAME_END))[row]

    @property
    def classes(self) -> list[str] | None:
        """The names of the labels 0, 1, …; None where labels are numbers of the set's own, or there are none."""
        names: list[str] | None = self.manifest["classes"]["names"]
        return names

    def denormalize(self, z: Tensor) -> Tensor:
        """Latents [N, C, h, w] as the decoder takes them, of what a diffusion model gives."""
        return self.statistics.denormalize(z)

    def _columns(self) -> tuple[Tensor, Tensor]:
        labels, positions = [torch.zeros(0, dtype=torch.int64)], [torch.zeros(0, dtype=torch.int64)]
        for shard in self._shards:
            place = self.folder / shard["file"]
            try:
                with safe_open(place, framework="pt") as file:
                    labels.append(file.get_tensor(LABEL))
                    positions.append(file.get_tensor(POSITION))
            except SafetensorError as error:
                raise InputError(f"{place} is damaged", found=str(error), remedy=_REMEDY) from error
        return torch.cat(labels), torch.cat(positions)

    def _place(self, index: int) -> tuple[int, int]:
        """The shard of an image, and its row there."""
        shard = int(torch.searchsorted(self._ends, index, right=True))
        return shard, index - (int(self._ends[shard - 1]) if shard else 0)

    def _opened(self, shard: int) -> Any:
        if self._process != os.getpid():
            self._forget()
        file = self._files.pop(shard, None) or safe_open(
            self.folder / self._shards[shard]["file"], framework="pt"
        )
        self._files[shard] = file
        if len(self._files) > _OPEN_FILES:
            self._files.popitem(last=False)
        return file

    def _forget(self) -> None:
        """Each process opens its own files."""
        self._process = os.getpid()
        self._files: OrderedDict[int, Any] = OrderedDict()

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_files": OrderedDict()}


def _statistics(manifest: dict[str, Any], normalize: str) -> LatentStatistics:
    channels = manifest["latent"]["channels"]
    if normalize == "none":
        return LatentStatistics()
    if normalize == "model":
        return LatentStatistics.from_config(manifest["model"], channels) or LatentStatistics()
    if normalize != "channel":
        raise ValueError(f'normalize is "channel", "model" or "none", not {normalize!r}')
    measured = LatentStatistics.from_config(manifest["statistics"], channels)
    assert measured is not None and measured.latents_std is not None
    spread = tuple(max(std, _LEAST_STD) for std in measured.latents_std)
    # The factor is for all channels together; these have each its own.
    return replace(
        measured, scaling_factor=1.0, shift_factor=0.0, latents_std=spread, normalization="channel"
    )


_REMEDY = "copy the folder again, or encode again: with the settings and images that it was made with, into it or another"


def _require_files(folder: Path, shards: list[dict[str, Any]], check: bool) -> None:
    for shard in shards:
        file = folder / shard["file"]
        size = file.stat().st_size if file.is_file() else None
        if size != shard["bytes"]:
            raise InputError(
                f"{file} is not whole",
                expected=f"{shard['bytes']:,} bytes, as the manifest says",
                found="no such file" if size is None else f"{size:,} bytes",
                remedy=_REMEDY,
            )
        if check and (digest := file_hash(file)) != shard["sha256"]:
            raise InputError(
                f"{file} is damaged",
                expected=f"SHA-256 {shard['sha256']}, as the manifest says",
                found=f"SHA-256 {digest}",
                remedy=_REMEDY,
            )
