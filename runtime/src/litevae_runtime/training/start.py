"""The start of a run: what there is to go on from, the machine, the images, and what a person is told."""

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import torch
from accelerate import Accelerator
from accelerate.utils import DistributedDataParallelKwargs

from ..common.device import needs_cpu
from ..common.errors import InputError
from ..common.text import first_line
from ..data.corrupt import probe
from ..data.images import open_images
from ..data.sets import Split, split
from ..losses.kl_conventions import kl_in_conventions
from ..recipe.fields import Recipe
from ..recipe.parts import parts_of
from ..running.same_images import require_same_images
from ..running.together import together
from .networks import Networks

_PRECISION = {"fp32": "no", "bf16": "bf16", "fp16": "fp16"}


def make_accelerator(recipe: Recipe, cpu: bool) -> Accelerator:
    """Accelerate's view of the machine: processes, device, precision."""
    if recipe.precision == "fp16" and (cpu or not torch.cuda.is_available()):
        raise InputError(
            "precision fp16 needs a GPU",
            expected="fp32 or bf16 on a CPU",
            found="precision: fp16",
            remedy="add --set precision=bf16",
        )
    absent = [name for name in recipe.log.trackers if find_spec(name) is None]
    if absent:
        raise InputError(
            f"{' and '.join(absent)} of log.trackers is not installed",
            found=f"log.trackers: {', '.join(recipe.log.trackers)}",
            remedy=f"pip install {' '.join(absent)}, or --set log.trackers=[]",
        )
    try:
        return Accelerator(
            mixed_precision=_PRECISION[recipe.precision],
            cpu=needs_cpu(cpu),
            # Images are drawn by position: no generator has to agree between processes.
            rng_types=[],
            kwargs_handlers=[
                # The discriminator runs twice before its backward pass, which a broadcast in between would disturb.
                DistributedDataParallelKwargs(
                    gradient_as_bucket_view=True,
                    broadcast_buffers=False,
                    # Weights that some phase trains are frozen in another.
                    find_unused_parameters=len({parts_of(phase, recipe) for phase in recipe.phases}) > 1,
                )
            ],
        )
    except (ImportError, ValueError) as error:
        raise InputError(
            f"Accelerate cannot start: {first_line(error)}",
            remedy="install what it names, or change precision",
        ) from error


def open_split(
    accelerator: Accelerator, path: str, recipe: Recipe, channels: int, cache: Path | None
) -> Split:
    """Training and validation images of `--data`, for a model of so many channels.

    Indices of shards lie in `cache`: the main process makes them, and the others, and later starts, read them.
    """
    found: list[Split] = []
    for turn in (True, False):
        with together(accelerator):
            if accelerator.is_main_process == turn:
                found.append(_opened_split(path, recipe, channels, cache))
    with together(accelerator):
        require_same_images(accelerator, [found[0].images, found[0].validation])
    return found[0]


def _opened_split(path: str, recipe: Recipe, channels: int, cache: Path | None) -> Split:
    images = open_images(path, channels, cache, recipe.data)
    resolution = max(phase.resolution for phase in recipe.phases)
    spread = probe(images, recipe.data.corrupt_share, resolution)
    parts = replace(split(images, recipe.data, recipe.seed, cache), warning=spread.warning("data.range"))
    if recipe.data.validation_folder is not None:
        probe(parts.validation, recipe.data.corrupt_share, resolution)
    return parts


def _taught(recipe: Recipe, networks: Networks) -> list[str]:
    """The teacher, and what phases train where they differ in that."""
    teacher, phases = networks.teaching.teacher, zip(recipe.phases, networks.parts.of_phases, strict=True)
    alone = [f"{phase.name} trains the {parts} alone" for phase, parts in phases if parts != "both"]
    return [*([] if teacher is None else [str(teacher)]), *(["; ".join(alone)] if alone else [])]


def describe(accelerator: Accelerator, recipe: Recipe, networks: Networks, images: Split) -> str:
    """What runs where, on what, and how much the KL divergence weighs in each convention."""
    model = networks.autoencoder
    count = sum(parameter.numel() for parameter in model.parameters())
    trained = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    lines = [
        f"{model.name}: {count:,} parameters"
        + ("" if trained == count else f", {trained:,} of them trained")
        + (
            ""
            if networks.discriminator is None
            else f"; discriminator {recipe.discriminator}: "
            f"{sum(parameter.numel() for parameter in networks.discriminator.parameters()):,}"
        ),
        *_taught(recipe, networks),
        f"{images.images}; {images.note}",
        *([] if images.warning is None else [f"warning: {images.warning}"]),
        f"{accelerator.num_processes} × {accelerator.device.type}, {recipe.precision}",
    ]
    weighed = recipe.phases if recipe.losses.kl > 0 else []
    for resolution in dict.fromkeys(phase.resolution for phase in weighed):
        conventions = kl_in_conventions(
            recipe.losses.kl,
            model.latent_channels,
            model.stride,
            resolution,
            model.image_channels,
        )
        lines.append(f"KL weight at {resolution}²: {conventions}")
    return "\n".join(lines)
