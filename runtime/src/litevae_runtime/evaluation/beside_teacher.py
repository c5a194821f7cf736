"""A model beside the teacher whose latents it learned: how near these come, and what each decoder makes of both."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from ..common.text import text_table
from ..metrics.latents import LatentErrors
from ..metrics.psnr import psnr
from ..nn.beside import Values
from ..nn.teacher import Teacher
from .cost import cost_of
from .subject import Subject

# Whose decoder, and of whose latents, as values are called.
_PAIRS = [(decoder, latents) for decoder in ("model", "teacher") for latents in ("model", "teacher")]


def crossed(
    subject: Subject,
    teacher: Teacher,
    images: Tensor,
    latents: tuple[Tensor, Tensor],
    skips: Values,
    x_hat: Tensor,
) -> dict[str, Tensor]:
    """PSNR of images [N, C, H, W] by decoder and latents; those of the model are `latents[0]`, which it decodes with `skips` to
    `x_hat`."""
    own, taught = latents
    found = {
        ("model", "model"): x_hat,
        ("teacher", "model"): teacher.decode(own),
        ("teacher", "teacher"): teacher.decode(taught),
    }
    # A decoder that takes more than latents has nothing to take beside the teacher's.
    if not skips:
        found["model", "teacher"] = subject.decode(taught, {})
    return {f"psnr_{by}_of_{of}": psnr(image.clamp(-1, 1), images) for (by, of), image in found.items()}


def size_entry(side: int, errors: LatentErrors, means: Mapping[str, float | None]) -> dict[str, Any]:
    """A row of the result's `teacher.sizes`."""
    figures = {f"psnr_{by}_of_{of}": means.get(f"psnr_{by}_of_{of}") for by, of in _PAIRS}
    return {"size": side, "latent_error": errors.entry(), **figures}


def costs(subject: Subject, teacher: Teacher, side: int, device: torch.device) -> dict[str, Any]:
    """Of one image of a side, encoded and decoded by each."""
    images = torch.zeros(1, subject.image_channels, side, side, device=device)
    z, skips = subject.encode(images)
    taught = teacher.encode(images).mode()
    return {
        "size": side,
        "encoder": {
            "model": cost_of(lambda: subject.encode(images), subject.model, device),
            "teacher": cost_of(lambda: teacher.encode(images), teacher.model, device),
        },
        "decoder": {
            "model": cost_of(lambda: subject.decode(z, skips), subject.model, device),
            "teacher": cost_of(lambda: teacher.decode(taught), teacher.model, device),
        },
    }


def beside_text(entry: Mapping[str, Any]) -> str:
    """Tables of the result's `teacher`."""
    rows: list[Sequence[str]] = [
        ["size", "latent error", "by channel", *(f"{by} of {of}" for by, of in _PAIRS)]
    ]
    for size in entry["sizes"]:
        error = size["latent_error"]
        rows.append(
            [
                f"{size['size']}×{size['size']}",
                _number(error["relative"], 3),
                " ".join(_number(each, 2) for each in error["channels"]),
                *(_number(size[f"psnr_{by}_of_{of}"], 2) for by, of in _PAIRS),
            ]
        )
    cost = entry["cost"]
    costs: list[Sequence[str]] = [["", "", "params", "MACs", "ms/image"]]
    for part in ("encoder", "decoder"):
        for whose, each in cost[part].items():
            counts = ["–" if each[key] is None else f"{each[key]:,}" for key in ("parameters", "macs")]
            costs.append([part, whose, *counts, f"{each['milliseconds']:.1f}"])
    heading = (
        f"beside {entry['source']['model']}, {entry['source']['path']}: error of the latents' means over the teacher's standard "
        "deviation, and PSNR of each decoder of each one's latents"
    )
    return "\n\n".join(
        [
            f"{heading}\n{text_table(rows, right=range(1, len(rows[0])))}",
            f"one image of {cost['size']}×{cost['size']}\n{text_table(costs, right=(2, 3, 4))}",
        ]
    )


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"
