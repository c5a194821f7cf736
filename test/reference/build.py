"""Factory of the built-in models and the examples by name and part."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

from torch import nn

from .discriminators import PatchGAN, StyleGAN2, UNetDiscriminator
from .examples import BODIES, example_decoder, example_encoder
from .litevae import LiteVAEEncoder
from .parts import DecoderPart, DiscriminatorPart, EncoderPart
from .sdvae import Decoder, Norm, SDEncoder
from .yolov10 import YOLOv10N

UNetSize = tuple[int, Sequence[int]]

# (base, multipliers) of the extractors and of the aggregator: arXiv:2405.14477 Tables 23-24.
VARIANTS: dict[str, tuple[UNetSize, UNetSize]] = {
    "s": ((16, (1, 2, 2)), (16, (1, 2, 2))),
    "b": ((32, (1, 2, 3)), (32, (1, 2, 3))),
    "m": ((64, (1, 2, 4)), (32, (1, 2, 3))),
    "l": ((64, (1, 2, 4)), (64, (1, 2, 4))),
}

# Base, multipliers and blocks per level of the encoder.
SD_ENCODERS: dict[str, tuple[int, Sequence[int], int]] = {
    "sd-vae": (128, (1, 2, 4, 4), 2),
    "vae-small": (96, (1, 2, 2, 3), 1),
}

# Levels to multipliers: six for 256², five for 128².
UNET_MULTIPLIERS: dict[int, Sequence[int]] = {6: (1, 2, 4, 8, 8, 16), 5: (1, 2, 4, 8, 16)}

MODELS = (*VARIANTS, *(f"{variant}-smc" for variant in VARIANTS), *SD_ENCODERS, "nano")
DISCRIMINATORS = ("unet", "patchgan", "stylegan")
EXAMPLES = tuple(BODIES)
# What is no autoencoder.
NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "yolov10n": YOLOv10N,
    "yolov10n-inference": lambda: YOLOv10N(training_too=False),
}
NAMES = (*MODELS, *DISCRIMINATORS, *NETWORKS)

Part = Literal["encoder", "decoder", "discriminator", "network"]


def build(name: str, part: Part, **options: Any) -> nn.Module:
    """The part of the model `name`; `options` are those of `encoder`, `decoder` or `discriminator` below.

    The names in MODELS and EXAMPLES have an encoder and a decoder, those in DISCRIMINATORS a discriminator,
    those in NETWORKS a network. The seed of
    the weights is torch's own; see `randomize`.
    """
    if name in EXAMPLES:
        return {"encoder": example_encoder, "decoder": example_decoder}[part](name, **options)
    known, make = PARTS[part]
    if name not in known:
        raise ValueError(f"no {part} is named {name!r}: one of {', '.join(known)}")
    return make(name, **options)


def default_latent_channels(name: str) -> int:
    return 4 if name in SD_ENCODERS else 12


def encoder(
    name: str,
    *,
    latent_channels: int | None = None,
    image_channels: int = 3,
    quant_conv: bool = False,
    extractor: UNetSize | None = None,
    aggregator: UNetSize | None = None,
    base: int | None = None,
    multipliers: Sequence[int] | None = None,
    blocks: int | None = None,
) -> EncoderPart:
    """`extractor`, `aggregator` resize a LiteVAE encoder; `base`, `multipliers`, `blocks` an SD-VAE one."""
    latent = latent_channels or default_latent_channels(name)
    body: nn.Module
    if name in SD_ENCODERS:
        assert extractor is None and aggregator is None, f"{name} has no wavelet UNets"
        size = SD_ENCODERS[name]
        body = SDEncoder(latent, image_channels, base or size[0], multipliers or size[1], blocks or size[2])
    else:
        assert base is None and multipliers is None and blocks is None, f"{name} has no SD-VAE encoder"
        variant = VARIANTS["s" if name == "nano" else name.removesuffix("-smc")]
        body = LiteVAEEncoder(extractor or variant[0], aggregator or variant[1], latent, image_channels)
    return EncoderPart(body, latent, quant_conv)


def decoder(
    name: str,
    *,
    latent_channels: int | None = None,
    image_channels: int = 3,
    post_quant_conv: bool = False,
    norm: Norm | None = None,
    attention: bool | None = None,
    base: int | None = None,
    multipliers: Sequence[int] = (1, 2, 4, 4),
    blocks: int = 3,
) -> DecoderPart:
    """`norm` defaults to the name's own; `attention` to True with "group" and False with "smc"."""
    latent = latent_channels or default_latent_channels(name)
    own_norm: Norm = "smc" if name == "nano" or name.endswith("-smc") else "group"
    width = base or (24 if name == "nano" else 128)
    body = Decoder(latent, image_channels, width, multipliers, blocks, norm or own_norm, attention)
    return DecoderPart(body, latent, post_quant_conv)


def discriminator(
    name: str,
    *,
    image_channels: int = 3,
    base: int | None = None,
    levels: int = 6,
    multipliers: Sequence[int] | None = None,
    reduction: Literal["sum", "mean"] = "sum",
    resolution: int = 256,
    most: int = 512,
) -> DiscriminatorPart:
    """`levels`, `multipliers`, `reduction` are the UNet's, `resolution`, `most` StyleGAN's.

    `base` defaults to 32 in the UNet, to 64 in PatchGAN and to 32768 / `resolution` in StyleGAN.
    """
    if name == "stylegan":
        return DiscriminatorPart(StyleGAN2(image_channels, resolution, base, most))
    if name == "patchgan":
        return DiscriminatorPart(PatchGAN(image_channels, base or 64))
    sizes = multipliers or UNET_MULTIPLIERS[levels]
    return DiscriminatorPart(UNetDiscriminator(image_channels, base or 32, sizes, reduction))


def network(name: str) -> nn.Module:
    return NETWORKS[name]()


PARTS: dict[str, tuple[Sequence[str], Callable[..., nn.Module]]] = {
    "encoder": (MODELS, encoder),
    "decoder": (MODELS, decoder),
    "discriminator": (DISCRIMINATORS, discriminator),
    "network": (tuple(NETWORKS), network),
}
