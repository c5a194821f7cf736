"""What all autoencoders share, whatever their encoders give: decode, tiles, switches, and weights that travel."""

import warnings
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from typing import Any, Literal, Self, overload

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from .fitting import Sides, require_sides, scaled
from .posterior import DecoderOutput, Posterior
from .pretrained import Pretrained
from .tiling import blended


class ImageAutoencoder(Pretrained):
    """Image [N, C, H, W] in [-1, 1] -> latent [N, nz, H/stride, W/stride] -> image.

    It has the surface of diffusers' autoencoders and, with diffusers installed, is a ModelMixin and
    ConfigMixin.
    """

    # What every generated class says of itself.
    name: str
    latent_channels: int
    image_channels: int
    stride: int
    # The heights and widths that encoding and decoding take, each as the least and how far it is to the next; by default
    # all of them.
    image_sides: Sides = ((1, 1), (1, 1))
    latent_sides: Sides = ((1, 1), (1, 1))

    # What `_moments` gives the parameters of.
    posterior_type: type[Posterior]

    use_slicing: bool = False
    use_tiling: bool = False
    # The side of a tile in pixels, and the share of it that the next one covers too.
    tile_sample_min_size: int = 512
    tile_overlap_factor: float = 0.25

    def _moments(self, x: Tensor) -> Tensor:
        raise NotImplementedError

    def _image(self, x: Tensor) -> Tensor:
        raise NotImplementedError

    def posterior(self, x: Tensor) -> Posterior:
        """What encoding says of the latents of images [N, C, H, W], whatever the encoder gives.

        ValueError where channels or sides do not fit; it names the sides that do.
        """
        self._expect(x, self.image_channels, "images", self.image_sides)
        moments = self._in_pieces(self._encoded, x, 1, Fraction(1, self.stride), self.image_sides)
        return self.posterior_type(moments)

    @overload
    def decode(
        self, z: Tensor, return_dict: Literal[True] = True, generator: torch.Generator | None = None
    ) -> DecoderOutput: ...
    @overload
    def decode(
        self, z: Tensor, return_dict: Literal[False], generator: torch.Generator | None = None
    ) -> tuple[Tensor]: ...
    def decode(
        self, z: Tensor, return_dict: bool = True, generator: torch.Generator | None = None
    ) -> DecoderOutput | tuple[Tensor]:
        """The images of latents: `decode(z).sample`; in a plain tuple without `return_dict`.

        `generator` is there for diffusers' pipelines: nothing is drawn here. ValueError where channels or sides do not
        fit; it names the sides that do.
        """
        self._expect(z, self.latent_channels, "latents", self.latent_sides)
        image = self._in_pieces(self._decoded, z, self.stride, Fraction(self.stride), self.latent_sides)
        return DecoderOutput(image) if return_dict else (image,)

    def _expect_both(self, x: Tensor) -> None:
        """ValueError where images do not fit encoding, or what encoding makes of them does not fit decoding."""
        self._expect(
            x, self.image_channels, "images", self.image_sides, scaled(self.latent_sides, self.stride)
        )

    def _encoded(self, x: Tensor) -> Tensor:
        moments = self._moments(x)
        return self.get_submodule("quant_conv")(moments) if "quant_conv" in self._added else moments

    def _decoded(self, z: Tensor) -> Tensor:
        return self._image(
            self.get_submodule("post_quant_conv")(z) if "post_quant_conv" in self._added else z
        )

    def _in_pieces(
        self, function: Callable[[Tensor], Tensor], x: Tensor, unit: int, scale: Fraction, fitting: Sides
    ) -> Tensor:
        """`function(x)`, an image or a tile at a time as the switches say.

        `unit` is how many pixels one position is, `fitting` the sides that the function takes.
        """
        if self.use_slicing and len(x) > 1:
            return torch.cat([self._tiled(function, each, unit, scale, fitting) for each in x.split(1)])
        return self._tiled(function, x, unit, scale, fitting)

    def _tiled(
        self, function: Callable[[Tensor], Tensor], x: Tensor, unit: int, scale: Fraction, fitting: Sides
    ) -> Tensor:
        if not self.use_tiling:
            return function(x)
        self._require_tiles()
        # In whole positions of the latent, of which every tile is made.
        positions = max(1, self.tile_sample_min_size // self.stride)
        overlap = min(int(positions * self.tile_overlap_factor), positions - 1)
        side, shared = (count * self.stride // unit for count in (positions, overlap))
        height, width = x.shape[-2:]
        if max(height, width) <= side:
            return function(x)
        require_sides(min(side, height), min(side, width), [fitting], "tiles", self.name)
        return blended(function, x, side, shared, scale)

    def _require_tiles(self) -> None:
        """ValueError where tiles of these settings are none, or never come to an image's end."""
        if not self.tile_sample_min_size >= 1:
            raise ValueError(
                f"tile_sample_min_size is {self.tile_sample_min_size}: a tile has at least one pixel"
            )
        if not 0 <= self.tile_overlap_factor < 1:
            raise ValueError(
                f"tile_overlap_factor is {self.tile_overlap_factor}: tiles share from 0 to less than 1 of their side"
            )

    def enable_slicing(self) -> None:
        """One image of a batch at a time: less memory, the same result."""
        self.use_slicing = True

    def disable_slicing(self) -> None:
        self.use_slicing = False

    def enable_tiling(self, use_tiling: bool = True) -> None:
        """Images with a side above `tile_sample_min_size` go through in tiles, whose overlaps are blended.

        The result is not that of the whole image: tiles end before their surroundings do, and what looks at all of
        an image (the statistics of norms, attention) sees a tile. A warning says so. ValueError where
        `tile_sample_min_size` is below 1 or `tile_overlap_factor` not in [0, 1).
        """
        if use_tiling:
            self._require_tiles()
        self.use_tiling = use_tiling
        if use_tiling:
            warnings.warn(
                f"{self.name} encodes and decodes large images in blended tiles of "
                f"{self.tile_sample_min_size} pixels: "
                "the result differs from that of the whole image",
                stacklevel=2,
            )

    def disable_tiling(self) -> None:
        self.enable_tiling(False)

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
    if block.training and torch.is_grad_enabled():
        return checkpoint(plain, *inputs, use_reentrant=False)
    return plain(*inputs)
