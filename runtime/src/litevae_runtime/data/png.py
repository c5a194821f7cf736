"""The chunks of a PNG, checked before its pixels are decoded: decoders differ in what they pass over.

`src/images/png.ts` has the same rules.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from ..common.errors import CorruptImageError

# Bits that a sample can have, and samples of a pixel, by colour type (PNG, third edition, §11.2.1).
_GREY, _RGB, _PALETTE = 0, 2, 3
_KINDS = {0: ((1, 2, 4, 8, 16), 1), 2: ((8, 16), 3), 3: ((1, 2, 4, 8), 1), 4: ((8, 16), 2), 6: ((8, 16), 4)}

_SIGNATURE = b"\x89PNG\r\n\x1a\n"

# The chunks that pixels are made of.
_PIXELS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT")

# Beside them: what colours mean, and what is up. Where these are damaged the pixels are whole.
_BESIDE = (b"iCCP", b"eXIf")

# Of a name's first letter: that pixels can be read without the chunk.
_ANCILLARY = 32

# A profile is no larger.
_LARGEST_PROFILE = 1 << 24

# The passes of an interlaced image (§8.2): their first column and row, and how many on the next ones are.
_ADAM7 = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)


@dataclass(frozen=True)
class Png:
    """A PNG of pixels alone, and what lies beside them."""

    data: bytes
    exif: bytes
    profile: bytes | None
    bits: int
    is_interlaced: bool
    compressed: bytes
    # Of the pixels, and of the byte that stands before each row, before they were compressed.
    length: int

    def require_pixels(self) -> None:
        """CorruptImageError where there are fewer than its header says."""
        inflate, rest, missing = zlib.decompressobj(), self.compressed, self.length
        while missing > 0:
            part = inflate.decompress(rest, min(missing, 1 << 20))
            if not part:
                raise CorruptImageError("a damaged PNG: it lacks some of its pixels")
            missing, rest = missing - len(part), inflate.unconsumed_tail


def plain_png(data: bytes) -> Png:
    """CorruptImageError where a chunk that pixels need is damaged, missing or unknown; what they do not need is left out."""
    first: dict[bytes, bytes] = {}
    compressed = []
    for kind, body in _chunks(data):
        if kind == b"IDAT":
            compressed.append(body)
        first.setdefault(kind, body)
    header = first.get(b"IHDR", b"")
    if len(header) != 13 or next(iter(first)) != b"IHDR":
        raise _damaged(b"IHDR")
    width, height, bits, colour, compression, filters, interlace = struct.unpack(">IIBBBBB", header)
    sizes, samples = _KINDS.get(colour, ((), 0))
    if not width or not height or bits not in sizes or compression or filters or interlace > 1:
        raise _damaged(b"IHDR")
    kept = {b"IHDR": header}
    if colour == _PALETTE:
        kept[b"PLTE"] = first.get(b"PLTE", b"")
        if len(kept[b"PLTE"]) % 3 or not 0 < len(kept[b"PLTE"]) <= 3 * 256:
            raise _damaged(b"PLTE")
    if b"tRNS" in first and colour in (_GREY, _RGB, _PALETTE):
        kept[b"tRNS"] = clear = first[b"tRNS"]
        most = len(kept[b"PLTE"]) // 3 if colour == _PALETTE else 2 * samples
        if not clear or len(clear) > most or (colour != _PALETTE and len(clear) < most):
            raise _damaged(b"tRNS")
    kept |= {b"IDAT": b"".join(compressed), b"IEND": b""}
    passes = _ADAM7 if interlace else ((0, 0, 1, 1),)
    sides = [(-(-(width - x) // across), -(-(height - y) // down)) for x, y, across, down in passes]
    return Png(
        _SIGNATURE + b"".join(_written(kind, body) for kind, body in kept.items()),
        first.get(b"eXIf", b""),
        _profile(first.get(b"iCCP", b"")),
        bits,
        bool(interlace),
        kept[b"IDAT"],
        sum(
            down * (1 + -(-across * samples * bits // 8)) for across, down in sides if across > 0 and down > 0
        ),
    )


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Those of pixels and beside them, with what is in them. A file may end without its last, which is empty."""
    at = len(_SIGNATURE)
    while at + 12 <= len(data):
        kind, end = data[at + 4 : at + 8], at + 12 + int.from_bytes(data[at : at + 4], "big")
        if kind == b"IEND":
            return
        if end > len(data):
            raise CorruptImageError("the file is cut off")
        if kind in _PIXELS or kind in _BESIDE:
            if zlib.crc32(data[at + 4 : end - 4]) == int.from_bytes(data[end - 4 : end], "big"):
                yield kind, data[at + 8 : end - 4]
            elif kind in _PIXELS:
                raise _damaged(kind)
        elif not kind[0] & _ANCILLARY:
            raise CorruptImageError(
                f"a PNG with the chunk {_named(kind)}, without which its pixels are not to be read, and which is unknown",
                "save it as a PNG anew",
            )
        at = end


def _written(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")


def _profile(iccp: bytes) -> bytes | None:
    """The colour profile in a chunk: a name, how it is compressed, and the profile."""
    _, _, stored = iccp.partition(b"\0")
    if stored[:1] != b"\0":
        return None
    try:
        inflate = zlib.decompressobj()
        profile = inflate.decompress(stored[1:], _LARGEST_PROFILE)
    except zlib.error:
        return None
    return profile if inflate.eof else None


def _damaged(kind: bytes) -> CorruptImageError:
    return CorruptImageError(f"a PNG whose chunk {_named(kind)} is damaged or missing")


def _named(kind: bytes) -> str:
    return kind.decode("latin1")
