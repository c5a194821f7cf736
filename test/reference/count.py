"""Exact parameter and MAC counts; `python -m reference.count` from `test/` prints them all."""

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from .build import Part, build


def count_params(module: nn.Module) -> int:
    """Learnable numbers, a shared one once; buffers do not count."""
    return sum(parameter.numel() for parameter in module.parameters())


def count_macs(module: nn.Module, shape: tuple[int, int, int, int]) -> int:
    """Multiply-adds of convolutions, linear layers and attention products for an input of `shape`."""
    meta = module.to("meta").eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        meta(torch.empty(shape, device="meta"))
    return counter.get_total_flops() // 2


def count(
    name: str, part: Part, latent_channels: int = 0, size: int = 256, **options: int
) -> tuple[int, int]:
    """(parameters, MACs at size²) of a part whose image has three channels."""
    if latent_channels:
        options["latent_channels"] = latent_channels
    with torch.device("meta"):
        module = build(name, part, **options)
    decodes = part == "decoder"
    shape = (1, latent_channels, size // 8, size // 8) if decodes else (1, 3, size, size)
    return count_params(module), count_macs(module, shape)


def main() -> None:
    print("| model | part | nz | size | params | MACs |\n|---|---|---|---|---|---|")

    def row(name: str, part: Part, latent_channels: int = 0, size: int = 256, **options: int) -> None:
        params, macs = count(name, part, latent_channels, size, **options)
        label = " ".join([name, *(f"{key}={value}" for key, value in options.items())])
        print(f"| {label} | {part} | {latent_channels or ''} | {size} | {params:,} | {macs:,} |")

    for latent_channels in (4, 12):
        for name in ("s", "b", "m", "l", "sd-vae", "vae-small"):
            row(name, "encoder", latent_channels)
        for name in ("sd-vae", "b-smc", "nano"):
            row(name, "decoder", latent_channels)
        row("b-smc", "decoder", latent_channels, attention=True)
    for levels, size in ((6, 256), (5, 128)):
        for base in (16, 32, 64):
            row("unet", "discriminator", size=size, levels=levels, base=base)
    for size in (256, 128):
        row("patchgan", "discriminator", size=size)


if __name__ == "__main__":
    main()
