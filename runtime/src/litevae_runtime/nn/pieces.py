"""Encoding and decoding an image or a tile at a time, as the switches say."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .beside import Taken
from .fitting import Sides, require_sides
from .tiling import Function, Margin, blended, cropped, least_tile, pieced, work

# How many pixels of the image before and after its own each output looks at, down the rows and along the columns, and what
# looks at all of them, in words: where something does, no tiles give what the whole image gives.
Reach = tuple[Margin, Margin, tuple[str, ...]]


@dataclass(frozen=True)
class Cut:
    """How encoding or decoding is cut."""

    # The value that is made.
    name: str
    # How many pixels one position of the input is.
    unit: int
    # Sides of the input that fit.
    sides: Sides
    reach: Reach | None

    @property
    def is_exact(self) -> bool:
        return self.reach is not None and not self.reach[2]

    def margins(self) -> tuple[Margin, Margin]:
        """In positions of the input, of a cut that is exact."""
        assert self.reach is not None
        rows, columns, _ = self.reach
        return self._positions(rows), self._positions(columns)

    def _positions(self, margin: Margin) -> Margin:
        before, after = (-(-pixels // self.unit) for pixels in margin)
        return before, after

    def least(self) -> int:
        """The least side in pixels of tiles that are exact."""
        both = zip(self.sides, self.margins(), strict=True)
        return self.unit * max(least_tile(sides, margin) for sides, margin in both)


class InPieces:
    """The switches of diffusers' autoencoders, `enable_slicing` and `enable_tiling`, for a model that says how it is cut."""

    name: str
    stride: int
    # The heights and widths that encoding and decoding take, each as the least and how far it is to the next; by default
    # all of them.
    image_sides: Sides = ((1, 1), (1, 1))
    latent_sides: Sides = ((1, 1), (1, 1))
    # Nothing where it is not known.
    encoder_reach: Reach | None = None
    decoder_reach: Reach | None = None
    # What the encoder takes besides the image, and the decoder besides the latent; what the encoder gives besides.
    encoder_takes: tuple[Taken, ...] = ()
    decoder_takes: tuple[Taken, ...] = ()
    encoder_gives: tuple[str, ...] = ()

    use_slicing: bool = False
    use_tiling: bool = False
    # The side of a tile in pixels, and, where tiles are blended, the share of it that the next one covers too.
    tile_sample_min_size: int = 512
    tile_overlap_factor: float = 0.25
    # The values of which it is still to be said how far blended ones lie from the whole image's.
    _to_measure: frozenset[str] = frozenset()
    # The values of whose tiles it was said that they take many times the work.
    _wasteful: frozenset[str] = frozenset()

    def enable_slicing(self) -> None:
        """One image of a batch at a time: less memory, the same result."""
        self.use_slicing = True

    def disable_slicing(self) -> None:
        self.use_slicing = False

    def enable_tiling(self, use_tiling: bool = True) -> None:
        """Images with a side above `tile_sample_min_size` go through in tiles.

        A half whose outputs look no further than its receptive field gets tiles with all of that around them: the result is that
        of the whole image. Where something looks at all of the image (the statistics of group norms, attention), no tiles
        give that. Overlaps are blended there, a warning names what it is, and another one, at the first image, says how far
        the result lies from that of a whole one.

        ValueError where `tile_sample_min_size` is below 1 or too small for exact tiles, where `tile_overlap_factor` is not in
        [0, 1). TypeError where `tile_sample_min_size` is no whole number, or `use_tiling` no bool, such as the side of a tile.
        """
        if not isinstance(use_tiling, bool):
            raise TypeError(
                f"enable_tiling takes True or False, not {use_tiling!r}: the side of a tile is tile_sample_min_size"
            )
        if use_tiling:
            self._require_tiles()
        self.use_tiling = use_tiling
        self._wasteful = frozenset()
        blending = [cut for cut in (self._encoding_cut(), self._decoding_cut()) if not cut.is_exact]
        self._to_measure = frozenset(cut.name for cut in blending) if use_tiling else frozenset()
        if use_tiling and blending:
            reasons = [
                f"{_MAKES[cut.name]}: {', '.join(cut.reach[2]) if cut.reach else 'how far it looks is not known'}"
                for cut in blending
            ]
            warnings.warn(
                f"{self.name} goes through large images in blended tiles of {self.tile_sample_min_size} pixels: the result "
                f"differs from that of the whole image ({'; '.join(reasons)})",
                stacklevel=2,
            )

    def disable_tiling(self) -> None:
        self.enable_tiling(False)

    def _encoding_cut(self) -> Cut:
        return Cut("moments", 1, self.image_sides, self.encoder_reach)

    def _decoding_cut(self) -> Cut:
        return Cut("image", self.stride, self.latent_sides, self.decoder_reach)

    def _in_pieces(self, cut: Cut, function: Function, given: Sequence[Tensor]) -> dict[str, Tensor]:
        """`function(*given)`, an image or a tile at a time as the switches say."""
        if self.use_slicing and len(given[0]) > 1:
            each = zip(*(value.split(1) for value in given), strict=True)
            found = [self._tiled(cut, function, one) for one in each]
            return {name: torch.cat([one[name] for one in found]) for name in found[0]}
        return self._tiled(cut, function, given)

    def _tiled(self, cut: Cut, function: Function, given: Sequence[Tensor]) -> dict[str, Tensor]:
        if not self.use_tiling:
            return function(*given)
        self._require_tiles()
        x = given[0]
        # In whole positions of the latent, of which every tile is made.
        side = max(1, self.tile_sample_min_size // self.stride) * self.stride // cut.unit
        if max(x.shape[-2:]) <= side:
            return function(*given)

        if cut.is_exact:
            self._warn_of_waste(cut, x, side)
            return pieced(function, given, side, cut.sides, cut.margins())
        height, width = (min(side, each) for each in x.shape[-2:])
        require_sides(height, width, [cut.sides], "tiles", self.name)
        if cut.name in self._to_measure:
            self._to_measure -= {cut.name}
            first = [value[:1] for value in given]
            self._measure(cut, function, cropped(first, (0, height), (0, width)))
        return self._blended(cut, function, given, side)

    def _warn_of_waste(self, cut: Cut, x: Tensor, side: int) -> None:
        """Where tiles read most of an image several times: of twice the least side a quarter is kept."""
        times = work(x.shape[-2:], side, cut.sides, cut.margins())
        if times > 4 and cut.name not in self._wasteful:
            self._wasteful |= {cut.name}
            warnings.warn(
                f"{self.name}, {_MAKES[cut.name]}: tiles of {self.tile_sample_min_size} pixels take {times:.0f} times the work "
                f"of the whole image; those of {2 * cut.least()} (tile_sample_min_size) take at most about 4 times",
                stacklevel=5,
            )

    def _blended(self, cut: Cut, function: Function, given: Sequence[Tensor], side: int) -> dict[str, Tensor]:
        # The overlap too is whole positions of the latent.
        positions = side * cut.unit // self.stride
        overlap = min(int(positions * self.tile_overlap_factor), positions - 1) * self.stride // cut.unit
        return blended(function, given, side, overlap)

    @torch.no_grad()
    def _measure(self, cut: Cut, function: Function, given: Sequence[Tensor]) -> None:
        """Says how far a tile in four tiles of its own lies from that tile as a whole: what there is memory for."""
        tile = given[0]
        half = max(1, max(tile.shape[-2:]) * cut.unit // self.stride // 2) * self.stride // cut.unit
        try:
            require_sides(half, half, [cut.sides], "tiles", self.name)
        except ValueError:
            return
        whole = function(*given)[cut.name]
        found = self._blended(cut, function, given, half)[cut.name]
        difference = (found - whole).float().square().mean().sqrt()
        share = difference / whole.float().std(correction=0).clamp(min=torch.finfo(torch.float32).tiny)
        warnings.warn(
            f"{self.name}, {_MAKES[cut.name]} in blended tiles: those of {half * cut.unit} pixels change {_VALUES[cut.name]} "
            f"of the first {tile.shape[-2] * cut.unit}×{tile.shape[-1] * cut.unit} pixels by {share.item():.2g} of their "
            "deviation (root mean square)",
            stacklevel=6,
        )

    def _require_tiles(self) -> None:
        """ValueError, or TypeError, where there are no tiles, or of these settings none, or they never come to an image's end."""
        if not isinstance(self.tile_sample_min_size, int):
            raise TypeError(
                f"tile_sample_min_size is {self.tile_sample_min_size!r}: a whole number of pixels is expected"
            )
        if not self.tile_sample_min_size >= 1:
            raise ValueError(
                f"tile_sample_min_size is {self.tile_sample_min_size}: a tile has at least one pixel"
            )
        for cut in (self._encoding_cut(), self._decoding_cut()):
            if cut.is_exact and self.tile_sample_min_size < cut.least():
                raise ValueError(
                    f"tile_sample_min_size is {self.tile_sample_min_size}: {_MAKES[cut.name]} with {self.name} is exact in tiles "
                    f"of at least {cut.least()} pixels, most of which are around what is kept"
                )
        if not 0 <= self.tile_overlap_factor < 1:
            raise ValueError(
                f"tile_overlap_factor is {self.tile_overlap_factor}: tiles share from 0 to less than 1 of their side"
            )


_MAKES = {"moments": "encoding", "image": "decoding"}
_VALUES = {"moments": "what encoding gives", "image": "the image"}
