"""Root modules: one per part of a model, their attribute names are the first component of every key."""

from torch import Tensor, nn

LOGVAR_RANGE = (-30.0, 20.0)


class EncoderPart(nn.Module):
    """Image [N, C, H, W] -> (mean, logvar), each [N, nz, H/8, W/8] (arXiv:2405.14477 §4.1)."""

    def __init__(self, encoder: nn.Module, latent_channels: int, quant_conv: bool = False) -> None:
        super().__init__()
        self.encoder = encoder
        moments = 2 * latent_channels
        self.quant_conv = nn.Conv2d(moments, moments, 1) if quant_conv else None

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        moments = self.encoder(image)
        if self.quant_conv is not None:
            moments = self.quant_conv(moments)
        mean, logvar = moments.chunk(2, dim=1)
        return mean, logvar.clamp(*LOGVAR_RANGE)


class DecoderPart(nn.Module):
    """Latent [N, nz, h, w] -> image [N, C, 8h, 8w]."""

    def __init__(self, decoder: nn.Module, latent_channels: int, post_quant_conv: bool = False) -> None:
        super().__init__()
        self.post_quant_conv = nn.Conv2d(latent_channels, latent_channels, 1) if post_quant_conv else None
        self.decoder = decoder

    def forward(self, latent: Tensor) -> Tensor:
        return self.decoder(latent if self.post_quant_conv is None else self.post_quant_conv(latent))


class DiscriminatorPart(nn.Module):
    """Image [N, C, H, W] -> `pixel_logits` and, for the UNet, `global_logit`."""

    def __init__(self, discriminator: nn.Module) -> None:
        super().__init__()
        self.discriminator = discriminator

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        return self.discriminator(image)
