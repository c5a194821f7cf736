"""What all autoencoders share, whatever their encoders give: decode, tiles, switches, and weights that travel."""

from collections.abc import Iterator
from functools import partial
from typing import Any, Literal, Self, overload

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from .beside import NOTHING, ORIGINAL, Values, require_given
from .fitting import Sides, require_sides, scaled
from .pieces import InPieces
from .posterior import DecoderOutput, Generators, Posterior
from .pretrained import Pretrained


class ImageAutoencoder(InPieces, Pretrained):
    """Image [N, C, H, W] in [-1, 1] -> latent [N, nz, H/stride, W/stride] -> image.

    It has the surface of diffusers' autoencoders and, with diffusers installed, is a ModelMixin and
    ConfigMixin.
    """

    # What every generated class says of itself.
    latent_channels: int
    image_channels: int
    # Terms of the training loss that layers of it have, by their names in recipe.losses.
    loss_terms: tuple[str, ...] = ()

    # What `_moments` gives the parameters of.
    posterior_type: type[Posterior]

    def _moments(self, *args: Any, **kwargs: Any) -> Any:
        """Of an image and what `encoder_takes`, in that order; with `encoder_gives` a dictionary of `moments` and these."""
        raise NotImplementedError

    def _image(self, *args: Any, **kwargs: Any) -> Any:
        """Of a latent and what `decoder_takes`, in that order."""
        raise NotImplementedError

    def posterior(self, x: Tensor) -> Posterior:
        """What encoding says of the latents of images [N, C, H, W], whatever the encoder gives.

        ValueError where channels or sides do not fit; it names the sides that do.
        """
        return self.encoding(x)[0]

    def encoding(self, x: Tensor, conditions: Values = NOTHING) -> tuple[Posterior, dict[str, Tensor]]:
        """The posterior of images [N, C, H, W] under the model's conditions, and what else of them decoding takes.

        That is what `decoded` is given beside a latent: the encoder's other outputs, the conditions, and the images where the
        decoder takes them as `original`. TypeError where a condition is missing or unknown, ValueError where shapes do not fit.
        """
        self._expect(x, self.image_channels, "images", self.image_sides)
        taken = [name for name, *_ in self.decoder_takes]
        also = [name for name in taken if name not in (ORIGINAL, *self.encoder_gives)]
        images = (len(x), x.shape[2], x.shape[3])
        given = require_given(f"encoding of {self.name}", self.encoder_takes, conditions, images, also)
        found = self._in_pieces(self._encoding_cut(), self._encoded, (x, *given))
        posterior = self.posterior_type(found.pop("moments"))
        known = {**conditions, ORIGINAL: x}
        return posterior, {**found, **{name: known[name] for name in taken if name in known}}

    def decoded(self, z: Tensor, skips: Values = NOTHING) -> Tensor:
        """The images of latents [N, nz, h, w] and what `encoding` gave beside these. TypeError and ValueError as there."""
        self._expect(z, self.latent_channels, "latents", self.latent_sides)
        images = (len(z), z.shape[2] * self.stride, z.shape[3] * self.stride)
        given = require_given(
            f"decoding of {self.name}", self.decoder_takes, skips, images, self.encoder_gives
        )
        found = self._in_pieces(self._decoding_cut(), self._decoded, (z, *given))
        return found["image"]

    @overload
    def decode(
        self,
        z: Tensor,
        return_dict: Literal[True] = True,
        generator: Generators = None,
        **skips: Tensor,
    ) -> DecoderOutput: ...
    @overload
    def decode(
        self,
        z: Tensor,
        return_dict: Literal[False],
        generator: Generators = None,
        **skips: Tensor,
    ) -> tuple[Tensor]: ...
    def decode(
        self,
        z: Tensor,
        return_dict: bool = True,
        generator: Generators = None,
        **skips: Tensor,
    ) -> DecoderOutput | tuple[Tensor]:
        """The images of latents: `decode(z).sample`; in a plain tuple without `return_dict`.

        `skips` are what the decoder takes besides: those of `encode`'s output, `decode(z, **encoded.skips)`. `generator` is there
        for diffusers' pipelines: nothing is drawn here. TypeError where one is missing or unknown, ValueError where channels or
        sides do not fit; it names the sides that do.
        """
        image = self.decoded(z, skips)
        return DecoderOutput(image) if return_dict else (image,)

    def _expect_both(self, x: Tensor) -> None:
        """ValueError where images do not fit encoding, or what encoding makes of them does not fit decoding."""
        self._expect(
            x, self.image_channels, "images", self.image_sides, scaled(self.latent_sides, self.stride)
        )

    def _encoded(self, x: Tensor, *given: Tensor) -> dict[str, Tensor]:
        found = self._moments(x, *given)
        named: dict[str, Tensor] = found if self.encoder_gives else {"moments": found}
        if "quant_conv" in self._added:
            named["moments"] = self.get_submodule("quant_conv")(named["moments"])
        return named

    def _decoded(self, z: Tensor, *given: Tensor) -> dict[str, Tensor]:
        latent = self.get_submodule("post_quant_conv")(z) if "post_quant_conv" in self._added else z
        return {"image": self._image(latent, *given)}

    def _expect(self, x: Tensor, channels: int, what: str, *fitting: Sides) -> None:
        """ValueError where channels or sides do not fit, or numbers are whole: bytes of an image would be taken for [-1, 1]."""
        if x.dim() != 4 or x.shape[1] != channels:
            raise ValueError(f"{what} are [N, {channels}, height, width] here, not {list(x.shape)}")
        if not x.is_floating_point():
            raise ValueError(f"{what} are floating-point numbers here, not {x.dtype}")
        require_sides(x.shape[2], x.shape[3], fitting, what, self.name)

    def enable_gradient_checkpointing(self, enabled: bool = True) -> Self:
        """Trades time for memory: the innermost blocks keep their inputs alone and run again in backward.

        Blocks with buffers, which a forward in training changes (running statistics, power iterations),
        are left as they are.
        """
        for block in _innermost_blocks(self):
            # A partial, and not a closure: it goes along with copies of the model, and pickles.
            block.__dict__.pop("forward", None)
            if enabled and next(block.buffers(), None) is None:
                block.__dict__["forward"] = partial(_checkpointed, block)
        return self

    def disable_gradient_checkpointing(self) -> None:
        self.enable_gradient_checkpointing(False)

    @property
    def is_gradient_checkpointing(self) -> bool:
        """Whether blocks run again in backward."""
        changed = (module.__dict__.get("forward") for module in self.modules())
        return any(isinstance(each, partial) and each.func is _checkpointed for each in changed)

    def enable_channels_last(self, enabled: bool = True) -> Self:
        """Weights in the memory format that tensor cores prefer; give inputs the same."""
        # Module.to takes a memory format too, but its annotations do not say so.
        layout = torch.channels_last if enabled else torch.contiguous_format
        for parameter in self.parameters():
            if parameter.dim() == 4:
                parameter.data = parameter.data.contiguous(memory_format=layout)
        return self


def _innermost_blocks(module: nn.Module) -> Iterator[nn.Module]:
    """The modules made of layers, and of lists of layers, alone."""
    children = [
        child
        for entry in module.children()
        for child in (entry.children() if isinstance(entry, nn.ModuleList) else [entry])
    ]
    blocks = [child for child in children if next(child.children(), None) is not None]
    if children and not blocks:
        yield module
    for block in blocks:
        yield from _innermost_blocks(block)


def _checkpointed(block: nn.Module, *inputs: Tensor) -> Any:
    plain = partial(type(block).forward, block)
    # A frozen block passes gradients on where what goes in has some.
    if torch.is_grad_enabled() and (block.training or any(each.requires_grad for each in inputs)):
        return checkpoint(plain, *inputs, use_reentrant=False)
    return plain(*inputs)
