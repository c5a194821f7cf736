"""Colour profiles that are made here, so that none has to be copied."""

import struct

import numpy as np

Colour = tuple[float, float, float]

GREY_GAMMA = 1.8


def display_p3() -> bytes:
    """Display P3's primaries, adapted to D50, with sRGB's curve."""
    t = np.linspace(0, 1, 1024)
    curve = np.where(t <= 0.04045, t / 12.92, ((t + 0.055) / 1.055) ** 2.4)
    primaries = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))
    return matrix_profile("P3", primaries, table(curve))


def adobe_rgb() -> bytes:
    """Adobe RGB (1998), whose curve is a power."""
    primaries = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
    return matrix_profile("Adobe", primaries, power(563 / 256))


def grey_gamma() -> bytes:
    """Grey with a power that is not sRGB's."""
    return profile(b"mntrGRAYXYZ ", [(b"kTRC", power(GREY_GAMMA))])


def matrix_profile(name: str, primaries: tuple[Colour, Colour, Colour], curve: bytes) -> bytes:
    colours = [(key, xyz(values)) for key, values in zip((b"rXYZ", b"gXYZ", b"bXYZ"), primaries, strict=True)]
    return profile(b"mntrRGB XYZ ", [*colours, *((key, curve) for key in (b"rTRC", b"gTRC", b"bTRC"))])


def cmyk_profile() -> bytes:
    """Inks to Lab by a table of 3 × 3 × 3 × 3: paper is white, inks multiply."""
    points, inks = 3, np.array([[55, -37, -50], [48, 74, -3], [89, -5, 93], [16, 0, 0]], float)
    grid = np.stack(np.meshgrid(*[np.linspace(0, 1, points)] * 4, indexing="ij"), -1).reshape(-1, 4)
    light = np.prod(1 - grid * (1 - inks[:, 0] / 100), axis=1) * 100
    shade = grid @ inks[:, 1:] * (light / 100)[:, None]
    lab = np.column_stack([light * 65280 / 100, (shade + 128) * 256]).round().clip(0, 65535).astype(">u2")
    head = b"mft2\0\0\0\0" + bytes([4, 3, points, 0])
    identity = b"".join(struct.pack(">i", round(value * 65536)) for value in np.eye(3).ravel())
    ramp = struct.pack(">HH", 0, 65535)
    lut = head + identity + struct.pack(">HH", 2, 2) + ramp * 4 + lab.tobytes() + ramp * 3
    return profile(b"prtrCMYKLab ", [(b"A2B0", lut)])


def profile(kind: bytes, own: list[tuple[bytes, bytes]]) -> bytes:
    """An ICC profile of version 2: device class, colour space and connection space, and its tags."""
    name = b"made\0"
    tags = [
        (b"desc", b"desc\0\0\0\0" + struct.pack(">I", len(name)) + name + b"\0" * 78),
        (b"cprt", b"text\0\0\0\0none\0"),
        (b"wtpt", xyz((0.9642, 1.0, 0.8249))),
        *own,
    ]
    offset, body, index = 128 + 4 + 12 * len(tags), b"", struct.pack(">I", len(tags))
    for key, data in tags:
        index += key + struct.pack(">II", offset + len(body), len(data))
        body += data + b"\0" * (-len(data) % 4)
    header = (
        struct.pack(">I", 128 + len(index) + len(body)) + b"\0" * 4 + struct.pack(">I", 0x02400000) + kind
    )
    header += struct.pack(">6H", 2024, 1, 1, 0, 0, 0) + b"acsp" + b"\0" * 28
    header += b"".join(s15(value) for value in (0.9642, 1.0, 0.8249))
    return header.ljust(128, b"\0") + index + body


def s15(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))


def xyz(values: Colour) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(s15(value) for value in values)


def table(curve: np.ndarray) -> bytes:
    values = (curve * 65535).round().astype(">u2").tobytes()
    return b"curv\0\0\0\0" + struct.pack(">I", len(curve)) + values


def power(gamma: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">I", 1) + struct.pack(">H", round(gamma * 256))
