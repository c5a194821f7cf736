"""The metrics of an evaluation: which can be had here, and what is missing for the others."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from ..common.errors import InputError, WeightsError
from ..common.files import file_hash
from ..common.text import first_line
from ..losses.perceptual import Lpips, LpipsAlexNet, build_lpips
from ..metrics.frechet import Frechet
from ..metrics.imports import import_torchmetrics
from ..metrics.psnr import psnr
from ..metrics.registry import QUALITY
from ..metrics.ssim import SMALLEST_SIDE, ssim
from ..nn.builders import Builders
from ..nn.published import INCEPTION_FILE, PUBLISHED, fetch_command, published_file, weights_folder

# What pytorch-fid calls the same file.
_INCEPTION_FILES = (INCEPTION_FILE, "pt_inception-2015-12-05-6726825d.pth")


@dataclass(frozen=True)
class Missing:
    """A metric that is not given, wholly or at some sizes, and what would bring it."""

    metric: str
    reason: str
    file: str | None = None
    source: str | None = None
    place: str | None = None
    sizes: tuple[int, ...] | None = None

    def entry(self) -> dict[str, Any]:
        """As the result has it."""
        found = {
            "metric": self.metric,
            "reason": self.reason,
            "file": self.file,
            "from": self.source,
            "to": self.place,
            "sizes": None if self.sizes is None else list(self.sizes),
        }
        return found

    def __str__(self) -> str:
        at = "" if self.sizes is None else f" at {', '.join(map(str, self.sizes))}"
        return f"no {self.metric}{at}: {self.reason}"


@dataclass(frozen=True)
class ImageMetric:
    """(reconstructions, images) [N, C, H, W] in [-1, 1] -> [N]."""

    name: str
    measure: Callable[[Tensor, Tensor], Tensor]
    smallest_side: int = 1


@dataclass
class Instruments:
    """What measures images; `networks` are the files behind it, for the result."""

    each: list[ImageMetric] = field(default_factory=list)
    frechet: Frechet | None = None
    networks: dict[str, list[dict[str, str]] | None] = field(default_factory=dict)
    missing: list[Missing] = field(default_factory=list)


@dataclass(frozen=True)
class _Here:
    """What metrics are built of, and for."""

    networks: Builders
    channels: int
    # with the published files of weights
    folder: Path | None
    device: torch.device


def choose_instruments(
    metrics: Collection[str],
    networks: Builders,
    channels: int,
    sides: Sequence[int],
    folder: Path | None,
    device: torch.device,
) -> Instruments:
    """Those of `metrics` that these images and this machine allow. InputError where a file of weights is damaged."""
    chosen, here = Instruments(), _Here(networks, channels, folder, device)
    for quality in QUALITY:
        if quality.name in metrics:
            _ADD[quality.name](chosen, here)
    for metric in chosen.each:
        small = tuple(side for side in sides if side < metric.smallest_side)
        if small:
            reason = f"it needs sides of at least {metric.smallest_side} pixels"
            chosen.missing.append(Missing(metric.name, reason, sizes=small))
    return chosen


def _add_frechet(chosen: Instruments, here: _Here) -> None:
    chosen.networks["inception"] = None
    if here.channels != 3:
        chosen.missing.append(
            Missing("rfid", f"Inception sees RGB images, and these have {here.channels} channels")
        )
        return
    reason = _obstacle("image.fid", "torchmetrics", "torch_fidelity")
    if reason is not None:
        chosen.missing.append(Missing("rfid", reason))
        return
    found = [file for name in _INCEPTION_FILES if (file := published_file(name, here.folder)) is not None]
    if not found:
        chosen.missing.append(_unfetched("rfid", INCEPTION_FILE, here.folder))
        return
    chosen.frechet = Frechet(found[0], here.device)
    chosen.networks["inception"] = [_described(found[0])]


def _add_lpips(chosen: Instruments, here: _Here) -> None:
    kinds: tuple[tuple[str, Literal["vgg16", "alexnet"], type[Lpips]], ...] = (
        ("lpips_vgg", "vgg16", Lpips),
        ("lpips_alex", "alexnet", LpipsAlexNet),
    )
    for metric, network, kind in kinds:
        chosen.networks[network] = None
        if here.channels not in (1, 3):
            reason = f"LPIPS sees grey and RGB images, and these have {here.channels} channels"
            chosen.missing.append(Missing(metric, reason))
            continue
        files = {name: published_file(name, here.folder) for name in kind.files.values()}
        absent = [name for name, file in files.items() if file is None]
        chosen.missing += [_unfetched(metric, name, here.folder) for name in absent]
        if absent:
            continue
        try:
            loss = build_lpips(here.networks, network).load(here.folder).to(here.device)
        except WeightsError as error:
            raise InputError(f"{metric} has no weights: {error}") from error
        chosen.each.append(ImageMetric(metric, loss, loss.smallest_side))
        chosen.networks[network] = [_described(file) for file in files.values() if file is not None]


def _add_psnr(chosen: Instruments, here: _Here) -> None:
    chosen.each.append(ImageMetric("psnr", psnr))


def _add_ssim(chosen: Instruments, here: _Here) -> None:
    reason = _obstacle("functional.image", "torchmetrics")
    if reason is not None:
        chosen.missing.append(Missing("ssim", reason))
        return
    chosen.each.append(ImageMetric("ssim", ssim, SMALLEST_SIDE))


# By the names of the registry, all of them.
_ADD: Mapping[str, Callable[[Instruments, _Here], None]] = {
    "rfid": _add_frechet,
    "lpips": _add_lpips,
    "psnr": _add_psnr,
    "ssim": _add_ssim,
}


_EXTRA = "in the package's folder, pip install -e '.[evaluate]'"

# In no extra of the package: pip would fetch the torchvision that it asks for, and with it another torch.
_INSTALLS = {"torch_fidelity": "pip install --no-deps torch-fidelity"}


def _obstacle(module: str, *packages: str) -> str | None:
    """Why a module of torchmetrics cannot be used here, if it cannot."""
    absent = [name for name in packages if find_spec(name) is None]
    if absent:
        verb = "is" if len(absent) == 1 else "are"
        names = " and ".join(name.replace("_", "-") for name in absent)
        return f"{names} {verb} not installed: {' and '.join(_INSTALLS.get(name, _EXTRA) for name in absent)}"
    try:
        import_torchmetrics(module)
    # What packages raise that do not fit together.
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        first = first_line(error)
        return f"torchmetrics cannot be imported here ({first}): install one that fits this torch"
    return None


def _unfetched(metric: str, name: str, folder: Path | None) -> Missing:
    place = weights_folder(folder)
    reason = (
        f"{name} is not in {place}: {fetch_command(name)} fetches it there from {PUBLISHED[name]}; "
        "--networks or $LITEVAE_WEIGHTS name another folder"
    )
    return Missing(metric, reason, name, PUBLISHED[name], str(place))


def _described(file: Path) -> dict[str, str]:
    return {"file": file.name, "sha256": file_hash(file)}
