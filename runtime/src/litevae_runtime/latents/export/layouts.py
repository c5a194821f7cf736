"""The layouts: LightningDiT's (arXiv:2501.01423) and that of SiT's trainer with REPA (arXiv:2410.06940)."""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ...common.errors import InputError
from ...common.files import write_text, written_whole
from ...common.text import counted
from ...nn.weight_files import save_weights
from ..classes import UNLABELLED
from ..dataset import LatentDataset
from ..settings import DTYPES


def export(latents: Path, layout: str, output: Path, seed: int) -> str:
    """Writes all of `latents` into a new folder; returns what was written. InputError where the layout cannot hold them."""
    dataset = LatentDataset(latents, seed=seed, normalize="none", check=True)
    labels = _labels(dataset)
    folder = output.expanduser()
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise InputError(
            f"{folder} is there already", expected="a new folder", remedy="give another --output"
        )
    _LAYOUTS[layout][0](dataset)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return _LAYOUTS[layout][1](dataset, labels, folder)
    except OSError as error:
        raise InputError(
            f"{folder} cannot be written to",
            found=error.strerror or str(error),
            remedy="give a folder of yours, on a disk with room, in --output",
        ) from error


def _labels(dataset: LatentDataset) -> Tensor:
    """Those of the images; 0 where the set has no classes at all, as trainers of one class want it."""
    labels = torch.tensor([dataset.label(index) for index in range(len(dataset))], dtype=torch.int64)
    without = int((labels == UNLABELLED).sum())
    if without == len(labels):
        print("note: the set has no classes: every label is written as 0", file=sys.stderr)
        return torch.zeros_like(labels)
    if without:
        raise InputError(
            f"{counted(without, 'image')} of {len(labels):,} have no class",
            expected="a class for every image, or for none",
            found=f"the first is {dataset.name(int((labels == UNLABELLED).nonzero()[0]))}",
            remedy="put images into folders of their classes, or give each in a shard a .cls; then encode into another folder",
        )
    return labels


def _require_flipped(dataset: LatentDataset) -> None:
    if not dataset.manifest["settings"]["flip"]:
        raise InputError(
            "LightningDiT's trainer takes the mirrored image for half of the images",
            expected="latents that were encoded with --flip",
            found=f"{dataset.folder} without them",
            remedy="encode into another folder with --flip",
        )


def _lightningdit(dataset: LatentDataset, labels: Tensor, folder: Path) -> str:
    """`latents` and `latents_flip` [n, C, h, w], draws as the decoder takes them, and `labels` [n], in safetensors files; their
    mean and deviation [1, C, 1, 1] in latents_stats.pt."""
    first, dtype = 0, DTYPES[dataset.manifest["latent"]["dtype"]]
    for number, shard in enumerate(dataset.manifest["shards"]):
        rows = range(first, first + shard["images"])
        first = rows.stop
        tensors = {
            name: torch.stack([dataset.draw(index, flipped=flipped) for index in rows]).to(dtype)
            for name, flipped in (("latents", False), ("latents_flip", True))
        }
        file = folder / f"latents_rank00_shard{number:05d}.safetensors"
        with written_whole(file) as partial:
            save_weights({**tensors, "labels": labels[rows.start : rows.stop]}, partial)
    mean, std = (
        torch.tensor(dataset.manifest["statistics"][name]).view(1, -1, 1, 1)
        for name in ("latents_mean", "latents_std")
    )
    with written_whole(folder / "latents_stats.pt") as partial:
        torch.save({"mean": mean, "std": std}, partial)
    files = counted(len(dataset.manifest["shards"]), "file")
    return (
        f"{folder}: draws of {counted(len(dataset), 'image')} and of the mirrored ones in {files}, and latents_stats.pt\n"
        f"in LightningDiT's configuration: data_path: {folder}, latent_norm: true, latent_multiplier: 1.0"
    )


def _repa(dataset: LatentDataset, labels: Tensor, folder: Path) -> str:
    """`vae-sd/00000/img-mean-std-00000000.npy` and so on, [2·C, h, w] float32 of means and standard deviations, and
    `vae-sd/dataset.json` with a name and a label each."""
    place = folder / "vae-sd"
    place.mkdir()
    listed = []
    for index in range(len(dataset)):
        number = f"{index:08d}"
        name = f"{number[:5]}/img-mean-std-{number}.npy"
        (place / name).parent.mkdir(exist_ok=True)
        np.save(place / name, dataset.mean_and_std(index).numpy())
        listed.append([name, int(labels[index])])
    write_text(place / "dataset.json", json.dumps({"labels": listed}))
    statistics = dataset.manifest["statistics"]
    pairs = [*zip(statistics["latents_mean"], statistics["latents_std"], strict=True)]
    scale, bias = (
        [f"{value:.6g}" for value in each] for each in ([1 / s for _, s in pairs], [-m / s for m, s in pairs])
    )
    return (
        f"{place}: means and deviations of {counted(len(dataset), 'image')}, and dataset.json\n"
        f"in REPA's train.py: latents_scale = [{', '.join(scale)}]\n"
        f"                    latents_bias = [{', '.join(bias)}]"
    )


_LAYOUTS: Mapping[
    str, tuple[Callable[[LatentDataset], None], Callable[[LatentDataset, Tensor, Path], str]]
] = {
    "lightningdit": (_require_flipped, _lightningdit),
    "repa": (lambda _: None, _repa),
}
