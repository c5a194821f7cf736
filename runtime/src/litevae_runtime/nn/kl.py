"""KL autoencoders that others published, from the config.json of diffusers' AutoencoderKL, without diffusers."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from .autoencoder import AutoencoderBase
from .kl_classes import KlDecoder, KlEncoder
from .statistics import flat_config

CLASS = "AutoencoderKL"

# What diffusers' class has where its config.json says nothing.
_DEFAULTS: Mapping[str, Any] = {
    "act_fn": "silu",
    "block_out_channels": [64],
    "down_block_types": ["DownEncoderBlock2D"],
    "in_channels": 3,
    "latent_channels": 4,
    "layers_per_block": 1,
    "mid_block_add_attention": True,
    "norm_num_groups": 32,
    "out_channels": 3,
    "scaling_factor": 0.18215,
    "up_block_types": ["UpDecoderBlock2D"],
}

# Keys that diffusers gave attention layers before 0.13, as in dsl/models/kl-keys.ts.
_OLD_KEYS = {
    "attentions.*.query": "attentions.*.to_q",
    "attentions.*.key": "attentions.*.to_k",
    "attentions.*.value": "attentions.*.to_v",
    "attentions.*.proj_attn": "attentions.*.to_out.0",
}

_BLOCKS = {
    "down_block_types": ("DownEncoderBlock2D", "AttnDownEncoderBlock2D"),
    "up_block_types": ("UpDecoderBlock2D", "AttnUpDecoderBlock2D"),
}


def unlike_ours(config: Mapping[str, Any]) -> str | None:
    """The first setting by which a config.json of AutoencoderKL says more than these classes have; None where there is none."""
    said = {**_DEFAULTS, **config}
    widths, levels = said["block_out_channels"], len(said["block_out_channels"])
    fits = {
        "act_fn": said["act_fn"] == "silu",
        "norm_num_groups": said["norm_num_groups"] == 32,
        "out_channels": said["out_channels"] == said["in_channels"],
        "block_out_channels": all(width % widths[0] == 0 for width in widths),
        **{
            name: len(said[name]) == levels and set(said[name]) <= set(known)
            for name, known in _BLOCKS.items()
        },
    }
    return next((f"{name}: {said[name]}" for name, fit in fits.items() if not fit), None)


def kl_autoencoder(config: Mapping[str, Any]) -> type[AutoencoderBase]:
    """The class of the autoencoder that a config.json describes, for which `unlike_ours` is None."""
    said = {**_DEFAULTS, **config}
    levels: dict[str, Any] = {
        "image_channels": said["in_channels"],
        "base": said["block_out_channels"][0],
        "multipliers": [width // said["block_out_channels"][0] for width in said["block_out_channels"]],
        "attention": said["mid_block_add_attention"],
    }
    attention_at = {
        name: [i for i, block in enumerate(said[name]) if block == attending]
        for name, (_, attending) in _BLOCKS.items()
    }
    sides = 2 ** (len(said["block_out_channels"]) - 1)

    class Autoencoder(AutoencoderBase):
        """Image [N, C, H, W] in [-1, 1] -> latent [N, nz, H/stride, W/stride] -> image."""

        # What litevae wrote names its model.
        name = str(flat_config(config).get("model", CLASS))
        latent_channels = said["latent_channels"]
        image_channels = said["in_channels"]
        stride = sides
        image_sides = ((sides, sides), (sides, sides))
        key_renames = _OLD_KEYS
        # The 1x1 convolutions are those that the weights bring.
        diffusers_config: Mapping[str, Any] = {
            **{key: value for key, value in said.items() if not key.startswith("_")},
            "_class_name": CLASS,
            "use_quant_conv": False,
            "use_post_quant_conv": False,
        }

        def __init__(self) -> None:
            super().__init__()
            self.encoder = KlEncoder(
                **levels,
                moments=2 * said["latent_channels"],
                blocks=said["layers_per_block"],
                attention_at=attention_at["down_block_types"],
            )
            self.decoder = KlDecoder(
                **levels,
                latent_channels=said["latent_channels"],
                blocks=said["layers_per_block"] + 1,
                attention_at=attention_at["up_block_types"],
            )

        def _moments(self, x: Tensor) -> Tensor:
            moments: Tensor = self.encoder(x)
            return moments

        def _image(self, x: Tensor) -> Tensor:
            image: Tensor = self.decoder(x)
            return image

    return Autoencoder


class DiffusersKl(torch.nn.Module):
    """Diffusers' own AutoencoderKL, for what `unlike_ours` names, with what a teacher needs of ours."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model
        self.name = CLASS
        self.latent_channels: int = model.config.latent_channels
        self.image_channels: int = model.config.in_channels
        self.stride = 2 ** (len(model.config.block_out_channels) - 1)
        self.encoder, self.decoder = model.encoder, model.decoder

    def enable_gradient_checkpointing(self) -> None:
        """As ImageAutoencoder.enable_gradient_checkpointing."""
        self.model.enable_gradient_checkpointing()

    def encoding(self, x: Tensor) -> tuple[Any, dict[str, Tensor]]:
        """As ImageAutoencoder.encoding."""
        return self.model.encode(x).latent_dist, {}

    def decoded(self, z: Tensor) -> Tensor:
        """As ImageAutoencoder.decoded."""
        image: Tensor = self.model.decode(z).sample
        return image
