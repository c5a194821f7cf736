"""PNGs with chunks that decoders pass over or refuse, each in its own way."""

import struct
import zlib

import numpy as np
from image_cases import (
    ALPHA,
    GREY,
    HEIGHT,
    PHOTO,
    RGB,
    WIDTH,
    by_lcms,
    case,
    chunk,
    iccp,
    on_white,
    png,
    signed,
    three,
)
from PIL import Image
from profiles import display_p3

BEFORE, ROWS = 33, b"".join(b"\0" + row.tobytes() for row in RGB)


def chunks() -> None:
    """What says nothing of the pixels may be damaged; what they need must be whole."""
    truth = signed(RGB)
    whole = png(RGB, 2, 8)
    for kind in (
        "tEXt",
        "zTXt",
        "gAMA",
        "cHRM",
        "sRGB",
        "pHYs",
        "bKGD",
        "hIST",
        "sBIT",
        "acTL",
        "fcTL",
        "zzZZ",
    ):
        for body in (b"hello world", b""):
            for found in (chunk(kind.encode(), body), broken(kind.encode(), body)):
                case(
                    f"png {kind} {body!r} {found == broken(kind.encode(), body)}",
                    inserted(whole, found),
                    truth,
                )
    case("png text behind its pixels", whole[:-12] + broken(b"tEXt", b"a\0b") + whole[-12:], truth)
    for kind in ("iCCP", "eXIf"):
        for body in (b"junk", b"", b"name\0\0" + zlib.compress(bytes(500))[:-6], b"name\0\1" + bytes(9)):
            case(f"png {kind} of {body[:6]!r}", inserted(whole, chunk(kind.encode(), body)), truth)
    case("png damaged iCCP", inserted(whole, broken(b"iCCP", iccp(display_p3())[8:-4])), truth)
    case("png two profiles", inserted(whole, iccp(display_p3()), iccp(b"junk")), by_lcms(PHOTO, display_p3()))
    for kind in ("CgBI", "ABCD"):
        data = inserted(whole, chunk(kind.encode(), b"hello"))
        case(
            f"png {kind}",
            data,
            refused=f"a PNG with the chunk {kind}, without which its pixels are not to be read",
        )
    case("png text before its header", whole[:8] + chunk(b"tEXt", b"a\0b") + whole[8:], truth)
    case("png two headers", inserted(whole, whole[8:BEFORE]), truth)
    case(
        "png header of 14 bytes",
        header(whole[16:29] + b"\0", whole),
        refused="chunk IHDR is damaged or missing",
    )
    for at, value in ((8, 3), (9, 5), (10, 1), (11, 1), (12, 2)):
        fields = bytearray(whole[16:29])
        fields[at] = value
        refused = "chunk IHDR is damaged or missing"
        case(f"png header with {value} at {at}", header(bytes(fields), whole), refused=refused)
    large = header(struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0), whole)
    case("png of too many pixels", large, refused="an image of more than 178,956,970 pixels")


def palettes() -> None:
    few = PHOTO.quantize(16)
    indices, colours = np.asarray(few), bytes((few.getpalette() or [])[:48])
    truth = signed(np.asarray(few.convert("RGB")))
    case("png palette by hand", png(indices, 3, 4, chunk(b"PLTE", colours)), truth)
    two = [chunk(b"PLTE", colours), chunk(b"PLTE", colours[::-1])]
    case("png two palettes", png(indices, 3, 8, *two), truth)
    for body in (colours[:25], b"", bytes(900)):
        refused = "a PNG whose chunk PLTE is damaged or missing"
        case(f"png palette of {len(body)}", png(indices, 3, 8, chunk(b"PLTE", body)), refused=refused)
    case("png palette missing", png(indices, 3, 8), refused="a PNG whose chunk PLTE is damaged or missing")
    for kind, array, body in (
        (3, indices, bytes(30)),
        (3, indices, b""),
        (2, RGB, b"\0\1\0"),
        (0, GREY, bytes(6)),
    ):
        data = png(array, kind, 8, chunk(b"PLTE", colours), chunk(b"tRNS", body))
        case(
            f"png tRNS of {len(body)} in {kind}", data, refused="a PNG whose chunk tRNS is damaged or missing"
        )
    rgba = np.dstack([RGB, ALPHA])
    case("png rgba with tRNS", png(rgba, 6, 8, chunk(b"tRNS", bytes(6))), on_white(signed(RGB), ALPHA / 255))
    case("png grey with a palette", png(GREY, 0, 8, chunk(b"PLTE", colours)), three(signed(GREY)))
    case(
        "png palette for four",
        png(indices, 3, 8, chunk(b"PLTE", colours)),
        None,
        4,
        refused="3 channels (RGB), not 4",
    )


def pixels() -> None:
    """Fewer than there should be, in parts, or with more behind them."""
    truth = signed(RGB)
    whole = png(RGB, 2, 8)
    stored = zlib.compress(ROWS)
    pieces = [chunk(b"IDAT", stored[at : at + 1000]) for at in range(0, len(stored), 1000)]
    end = whole[-12:]
    case("png in pieces", whole[:BEFORE] + b"".join(pieces) + chunk(b"IDAT", b"") + end, truth)
    case(
        "png in pieces with text between", whole[:BEFORE] + chunk(b"tEXt", b"a\0b").join(pieces) + end, truth
    )
    case("png with junk behind its pixels", whole[:BEFORE] + chunk(b"IDAT", stored + b"junk") + end, truth)
    case("png with more rows", whole[:BEFORE] + chunk(b"IDAT", zlib.compress(ROWS + bytes(900))) + end, truth)
    for rows in (HEIGHT - 1, HEIGHT - 20, 1):
        for kind, array, bits in ((2, RGB, 8), (0, GREY, 8), (2, RGB.astype("u2") * 257, 16)):
            data = png(array[:rows], kind, bits)
            taller = header(struct.pack(">IIBBBBB", WIDTH, HEIGHT, bits, kind, 0, 0, 0), data)
            case(f"png of {rows} rows, {kind} {bits}", taller, refused="a damaged PNG: ")
    fewer = (
        whole[:28]
        + b"\1"
        + struct.pack(">I", zlib.crc32(whole[12:28] + b"\1"))
        + chunk(b"IDAT", zlib.compress(bytes(4000)))
    )
    case("png interlaced with fewer rows", fewer + end, refused="a damaged PNG: ")
    black = np.zeros_like(RGB)
    case("png black", png(black, 2, 8), signed(black))
    case("png without its end", whole[:-12], truth)
    for cut in (20, 4000):
        case(f"png cut off by {cut}", whole[:-cut], refused="the file is cut off")
    flipped = bytearray(whole)
    flipped[-16 - 4000] ^= 1
    case("png with a flipped bit", bytes(flipped), refused="a PNG whose chunk IDAT is damaged or missing")


def orientations() -> None:
    """By EXIF's BYTE, SHORT and LONG; other types, numbers and places say nothing."""
    turned = Image.Transpose.ROTATE_90
    stored, truth = np.asarray(PHOTO.transpose(turned)), signed(RGB)
    upright = signed(stored)
    whole = png(stored, 2, 8)
    for kind, packing in ((1, "B"), (3, "H"), (4, "I")):
        for order in "<>":
            data = inserted(whole, chunk(b"eXIf", exif(order, kind, packing, 6)))
            case(f"png exif of type {kind}, {order}", data, truth)
    named = b"Exif\0\0" + exif("<", 3, "H", 6)
    case("png exif with JPEG's name before it", inserted(whole, chunk(b"eXIf", named)), truth)
    two = [chunk(b"eXIf", exif("<", 3, "H", number)) for number in (6, 1)]
    case("png two exif", inserted(whole, *two), truth)
    for number in (0, 9, 65535):
        case(f"png exif {number}", inserted(whole, chunk(b"eXIf", exif(">", 3, "H", number))), upright)
    case("png exif of type 8", inserted(whole, chunk(b"eXIf", exif("<", 8, "h", 6))), upright)
    case("png exif cut off", inserted(whole, chunk(b"eXIf", exif("<", 3, "H", 6)[:16])), upright)
    case("png damaged exif", inserted(whole, broken(b"eXIf", exif("<", 3, "H", 6))), upright)


def exif(order: str, kind: int, packing: str, number: int) -> bytes:
    value = struct.pack(f"{order}{packing}", number).ljust(4, b"\0")
    magic = b"II*\0" if order == "<" else b"MM\0*"
    return magic + struct.pack(f"{order}IHHHI", 8, 1, 274, kind, 1) + value + bytes(4)


def inserted(whole: bytes, *added: bytes) -> bytes:
    return whole[:BEFORE] + b"".join(added) + whole[BEFORE:]


def header(fields: bytes, whole: bytes) -> bytes:
    return whole[:8] + chunk(b"IHDR", fields) + whole[BEFORE:]


def broken(kind: bytes, body: bytes) -> bytes:
    """A chunk whose checksum does not hold."""
    return chunk(kind, body)[:-4] + b"\0\0\0\1"


def checksums() -> None:
    """Of the pixels, behind them: what lacks it has them all, what has another has others."""
    header = png(RGB, 2, 8)[:BEFORE]
    stream = zlib.compress(ROWS)
    for kept in (0, 3):
        data = header + chunk(b"IDAT", stream[: len(stream) - 4 + kept]) + chunk(b"IEND", b"")
        case(f"png with {kept} bytes of its checksum", data, signed(RGB))
    wrong = header + chunk(b"IDAT", stream[:-4] + b"\0\0\0\0") + chunk(b"IEND", b"")
    case("png with another checksum", wrong, refused="a damaged PNG")
    short = header + chunk(b"IDAT", zlib.compress(ROWS[:-40])[:-4]) + chunk(b"IEND", b"")
    case("png that lacks pixels and their checksum", short, refused="a damaged PNG")
