"""The one table of cases: what is compiled, and the reference that its graphs and its torch package must equal."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from reference.examples import LATENT_CHANNELS

MODELS = Path(__file__).parent / "models"
EXAMPLES = Path(__file__).parents[2] / "examples"
GREY = str(MODELS / "grey.ts")
Size = tuple[int, int, int]


@dataclass(frozen=True)
class Case:
    """What is compiled (`model`), the reference it must equal (`name`, `options`) and the image sizes tried."""

    model: str
    part: str
    name: str
    latent_channels: int = 12
    image_channels: int = 3
    options: Mapping[str, Any] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    # Why the ONNX target has no form for it.
    torch_only: str = ""
    # One image that is not square, a batch of three.
    sizes: tuple[Size, ...] = ((1, 24, 40), (3, 16, 8))

    def __str__(self) -> str:
        return f"{Path(self.model).stem}-{self.part}{''.join(self.flags)}"


# The reference computes in float64, seconds for each 10,000 pixels of a wide model: the paper's size of 256×256 and sides
# of hundreds of pixels are tried with those that are narrow.
LARGE_SIZES = ((1, 256, 256), (1, 200, 328), (3, 64, 96))
UNET_SIZES = ((1, 256, 256), (1, 192, 320), (3, 64, 128))
GREY_NETWORK = {"latent_channels": 6, "image_channels": 1}
CASES = [
    Case("s", "encoder", "s", sizes=LARGE_SIZES),
    Case("b", "encoder", "b"),
    Case("b", "encoder", "b", flags=("--opset", "21")),
    Case(
        "s",
        "encoder",
        "s",
        latent_channels=4,
        flags=("--latent", "4"),
        options={"latent_channels": 4},
    ),
    Case("m", "encoder", "m"),
    Case("l", "encoder", "l"),
    Case("b", "decoder", "b"),
    Case("b-smc", "decoder", "b-smc"),
    Case("nano", "decoder", "nano", sizes=LARGE_SIZES),
    Case("sd-vae", "encoder", "sd-vae", latent_channels=4),
    Case("sd-vae", "decoder", "sd-vae", latent_channels=4),
    Case("vae-small", "encoder", "vae-small", latent_channels=4, sizes=((1, 96, 200), (3, 32, 64))),
    Case("b", "discriminator", "unet", sizes=UNET_SIZES),
    Case(str(MODELS / "b-patchgan.ts"), "discriminator", "patchgan", sizes=LARGE_SIZES),
    Case(
        str(MODELS / "stylegan.ts"),
        "discriminator",
        "stylegan",
        options={"resolution": 32, "base": 24, "most": 40},
        torch_only="minibatch standard deviation joins the images of a batch",
    ),
    Case(GREY, "encoder", "s", 6, 1, {**GREY_NETWORK, "quant_conv": True}),
    Case(GREY, "decoder", "s-smc", 6, 1, {**GREY_NETWORK, "base": 32, "post_quant_conv": True}),
    Case(
        GREY,
        "discriminator",
        "unet",
        6,
        1,
        {"image_channels": 1, "base": 16, "multipliers": (1, 2, 4), "reduction": "mean"},
        sizes=UNET_SIZES,
    ),
    # A user's own blocks: widths from a loop, a module used three times, one block in two variants.
    *(
        Case(str(EXAMPLES / f"{name}.ts"), part, name, latent_channels, sizes=((1, 200, 328), (3, 64, 96)))
        for name, latent_channels in LATENT_CHANNELS.items()
        for part in ("encoder", "decoder")
    ),
    Case(str(EXAMPLES / "yolov10n.ts"), "network", "yolov10n", sizes=((1, 64, 96), (2, 32, 64))),
]


def inputs_of(case: Case, size: Size) -> np.ndarray:
    n, height, width = size
    shape = (
        (n, case.latent_channels, height // 8, width // 8)
        if case.part == "decoder"
        else (n, case.image_channels, height, width)
    )
    return np.random.default_rng(height).standard_normal(shape).astype(np.float32)


def outputs_of(case: Case, y: Any) -> dict[str, torch.Tensor]:
    """What a part of the reference gives, under the names that graphs have for it."""
    if case.part == "encoder":
        return {"mean": y[0], "logvar": y[1]}
    if case.part == "decoder":
        return {"image": y}
    return y if isinstance(y, dict) else {"pixel_logits": y}
