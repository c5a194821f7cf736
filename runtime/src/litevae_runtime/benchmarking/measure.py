"""One row: a network, an input, and passes over it with a clock."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import torch
from torch import Tensor, nn

from ..common.device import synchronize
from ..nn.beside import NOTHING, Values
from ..nn.image_autoencoder import ImageAutoencoder
from ..nn.trained import trained_autoencoder
from ..nn.used import skip_shapes
from .median import MOST_VALUES, median_interval
from .memory import PeakMemory
from .rows import Case, Measured, Settings

# The first pass compiles and allocates, and the second may still.
_WARM_UPS = 2
_AUTOCAST = {"bf16": torch.bfloat16, "fp16": torch.float16}


class Encoding(nn.Module):
    """Image [N, C, H, W] -> what a compiled encoder gives, such as mean and log-variance [N, nz, h, w], without skips."""

    def __init__(self, autoencoder: ImageAutoencoder) -> None:
        super().__init__()
        self.autoencoder = autoencoder

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        return self.autoencoder.posterior(image).tensors()


class Decoding(nn.Module):
    """Latent [N, nz, h, w] and skips -> image [N, C, H, W]."""

    def __init__(self, autoencoder: ImageAutoencoder) -> None:
        super().__init__()
        self.autoencoder = autoencoder

    def forward(self, latent: Tensor, skips: Values = NOTHING) -> Tensor:
        return self.autoencoder.decoded(latent, skips)


PARTS: dict[str, type[nn.Module]] = {"encoder": Encoding, "decoder": Decoding}


def measure(model: type[ImageAutoencoder], case: Case, settings: Settings) -> Measured:
    """Whatever torch raises where memory or a compiler is lacking goes through."""
    device = torch.device(settings.device or "cpu")
    tf32 = settings.precision == "tf32"
    torch.set_float32_matmul_precision("high" if tf32 else "highest")
    torch.backends.cudnn.allow_tf32 = tf32
    memory = PeakMemory(device)
    torch.manual_seed(0)
    autoencoder = model().eval() if settings.weights is None else trained_autoencoder(model, settings.weights)
    part = PARTS[case.part](autoencoder.enable_channels_last(settings.channels_last)).to(device)

    def laid_out(each: Tensor) -> Tensor:
        layout = torch.channels_last if settings.channels_last and each.dim() == 4 else torch.preserve_format
        return each.to(device, memory_format=layout)

    value, skips = example(model, case, settings)
    placed = {name: laid_out(each) for name, each in skips.items()}
    given = (laid_out(value), *([placed] if placed else []))
    if case.mode == "compiled":
        part.compile()
    with torch.no_grad(), _autocast(device, settings.precision):
        times = timed(lambda: part(*given), device, settings)
    return Measured(*median_interval(times), len(times), memory.bytes())


def example(
    model: type[ImageAutoencoder], case: Case, settings: Settings
) -> tuple[Tensor, dict[str, Tensor]]:
    """Seeded noise: images [batch, C, size, size] in [-1, 1], or latents of such images and their skips."""
    images = [case.batch, model.image_channels, settings.size, settings.size]
    if case.part == "encoder":
        return torch.rand(images) * 2 - 1, {}
    side = settings.size // model.stride
    latents = torch.randn(case.batch, model.latent_channels, side, side)
    return latents, {name: torch.randn(shape) for name, shape in skip_shapes(model, images).items()}


def _autocast(device: torch.device, precision: str) -> AbstractContextManager[object]:
    dtype = _AUTOCAST.get(precision)
    return torch.autocast(device.type, dtype or torch.bfloat16, enabled=dtype is not None)


def timed(run: Callable[[], object], device: torch.device, settings: Settings) -> list[float]:
    """Seconds of each run after those that warm up, which take a quarter of the time more."""

    def repeat(least: int, seconds: float) -> list[float]:
        times: list[float] = []
        begin = time.perf_counter()
        while len(times) < least or time.perf_counter() - begin < seconds:
            if len(times) == MOST_VALUES:
                break
            start = time.perf_counter()
            run()
            synchronize(device)
            times.append(time.perf_counter() - start)
        return times

    repeat(_WARM_UPS, settings.seconds / 4)
    return repeat(settings.repeats, settings.seconds)
