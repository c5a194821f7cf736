"""Which format a file has, by its first bytes. `src/images/formats.ts` has the same rules."""

from ..common.errors import CorruptImageError

_STARTS = {
    "PNG": (b"\x89PNG\r\n\x1a\n",),
    "JPEG": (b"\xff\xd8\xff",),
    "GIF": (b"GIF87a", b"GIF89a"),
    "TIFF": (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    "NPY": (b"\x93NUMPY",),
    "BMP": (b"BM",),
}


def format_of(data: bytes) -> str:
    """As Pillow names it, or NPY; CorruptImageError where it is none that is read."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    for name, starts in _STARTS.items():
        if data.startswith(starts):
            return name
    raise CorruptImageError("none of the formats PNG, JPEG, WEBP, BMP, GIF, TIFF, NPY")
