"""Files of layouts that one of the decoders below takes otherwise than the other: what is white, opaque, up, or left out."""

import io
import struct
from typing import Any

import numpy as np
import tifffile
from image_cases import (
    ALPHA,
    DEEP,
    FIVE,
    GREY,
    HEIGHT,
    PHOTO,
    RGB,
    WIDTH,
    by_lcms,
    case,
    chunk,
    encoded,
    luma,
    npy,
    on_white,
    png,
    signed,
    three,
    tiff,
)
from PIL import Image
from profiles import display_p3

UNIT = GREY / np.float32(255)
ALPHA16 = ALPHA.astype("u2") * 257
RGBA = np.dstack([RGB, ALPHA])
LA = np.dstack([GREY, ALPHA])


def white_is_zero() -> None:
    """What is declared is of the samples in the file."""
    white: dict[str, Any] = {"photometric": "miniswhite"}
    integers = [GREY, DEEP[..., 0], GREY.astype("i2") * 100 - 9000, (GREY.astype("i2") - 128).astype("i1")]
    for samples in (*integers, UNIT):
        low, high = (0, 1) if samples is UNIT else (np.iinfo(samples.dtype).min, np.iinfo(samples.dtype).max)
        least, most, gap = float(samples.min()), float(samples.max()), float(samples[3, 3])
        filled = np.where(samples == samples[3, 3], samples.min(), samples)
        for options in (white, {**white, "compression": "zlib"}):
            data, name = tiff(samples, **options), f"tif white is zero {samples.dtype}"
            case(name, data, -signed(samples, low, high), 1)
            case(f"{name} range", data, -signed(samples, least, most), 1, range=[least, most])
            case(f"{name} nodata", data, three(-signed(filled, low, high)), nodata=gap, fill=least)
    over = on_white(-signed(GREY), ALPHA / 255)
    for deep in (LA, LA.astype("u2") * 257):
        data = tiff(deep, extrasamples=["unassalpha"], **white)
        case(f"tif white is zero with alpha {deep.dtype}", data, over, 1)
    case("tif white is zero in pages", tiff(np.moveaxis(RGB, -1, 0), **white), -signed(RGB))


def opacity() -> None:
    """Alpha fills its type, whatever range colours have, and colours are divided by it before a profile converts them."""
    twelve = DEEP >> 4
    rule: dict[str, Any] = {"range": [0, 4095]}
    data = png(np.dstack([twelve, ALPHA16]), 6, 16)
    case("png 12 bits of 16 with alpha", data, on_white(signed(twelve, 0, 4095), ALPHA / 255), **rule)
    key = int(twelve[4, 4, 0])
    data = png(twelve[..., 0], 0, 16, chunk(b"tRNS", struct.pack(">H", key)))
    truth = on_white(signed(twelve[..., 0], 0, 4095), twelve[..., 0] != key)
    case("png key of 12 bits of 16", data, truth, 1, **rule)
    over = on_white(signed(RGB, 0, 510), ALPHA / 255)
    case("png range with alpha", encoded(Image.fromarray(RGBA), "PNG"), over, range=[0, 510])
    floats = np.dstack([RGB, ALPHA / 255]).astype("f4")
    for samples in (floats, RGBA.astype("u4")):
        data = tiff(samples, photometric="rgb", extrasamples=["unassalpha"])
        truth = on_white(signed(RGB), ALPHA / 255)
        case(f"tif range with alpha {samples.dtype}", data, truth, range=[0, 255])
    opaque = np.clip(ALPHA, 1, 255) / 255
    once = np.dstack([RGB / 255 * opaque[..., None], opaque])
    truth = on_white(by_lcms(PHOTO, display_p3()), opaque)
    options: dict[str, Any] = {
        "photometric": "rgb",
        "extrasamples": ["assocalpha"],
        "iccprofile": display_p3(),
    }
    for samples in (once.astype("f4"), (once * 65535).round().astype("u2")):
        data = tiff(samples, **options)
        case(f"tif premultiplied {samples.dtype} with a profile", data, truth, tolerance=3)
        case(f"tif premultiplied {samples.dtype} with a profile", data, luma(truth), 1, tolerance=3)
    case("png range with a profile", encoded(PHOTO, "PNG", icc_profile=display_p3()), None, range=[-10, 300])


def own_layouts() -> None:
    """TIFFs that Pillow or libvips reads otherwise, or not at all."""
    exact: dict[str, Any] = {"tolerance": 0.01}
    options: dict[str, Any]
    for order in "<>":
        for dtype in ("u8", "i8"):
            for options in ({}, {"compression": "zlib", "predictor": 2, "tile": (32, 48)}):
                data = tiff(RGB.astype(dtype), photometric="rgb", byteorder=order, **options)
                case(f"tif {order}{dtype} {options}", data, signed(RGB), range=[0, 255], **exact)
        for options in ({}, {"tile": (32, 48)}, {"rowsperstrip": 7, "compression": "zlib"}):
            data = tiff(RGB, photometric="rgb", bigtiff=True, byteorder=order, **options)
            case(f"tif big {order} {options}", data, signed(RGB))
        planes = np.moveaxis(LA, -1, 0)
        apart: dict[str, Any] = {"photometric": "minisblack", "planarconfig": "separate"}
        data = tiff(planes, extrasamples=["unassalpha"], byteorder=order, **apart)
        case(f"tif la planar {order}", data, three(on_white(signed(GREY), ALPHA / 255)))
    holes = np.where(GREY < 50, -1, GREY.astype("i8"))
    filled = signed(np.where(holes < 0, 0, holes))
    case("tif i8 nodata", tiff(holes), filled, 1, range=[0, 255], nodata=-1, fill=0)
    case("tif u8", tiff(GREY.astype("u8")), None, 1, refused="samples of type uint64, whose range is unknown")
    inks = np.asarray(PHOTO.convert("CMYK"))
    deep = tiff(inks.astype("u2") * 257, photometric="separated")
    case("tif cmyk of 16", deep, signed(inks), 4)
    case("tif cmyk of 16", deep, None, refused="a TIFF of 4 channels, not 3")
    five = np.dstack([inks, ALPHA])
    data = tiff(five, photometric="separated", extrasamples=["unassalpha"])
    case("tif cmyk with alpha", data, signed(five), 5)
    case("tif cmyk with alpha", data, None, refused="a TIFF of 5 channels, not 3")
    case("tif zstd", encoded(PHOTO, "TIFF", compression="zstd"), signed(RGB))
    maps = np.stack([np.arange(256), np.arange(255, -1, -1), np.arange(256) // 2]).astype("u2")
    case("tif palette of 8 bits", tiff(GREY, photometric="palette", colormap=maps), signed(maps.T[GREY]))
    turned = [(274, "H", 1, 3, True)]
    pages = np.moveaxis(FIVE, -1, 0)
    data = tiff(pages, photometric="minisblack", extratags=turned)
    case("tif of which one page is turned", data, None, 5, refused="a TIFF whose pages differ")
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        for page in pages[:, ::-1, ::-1]:
            writer.write(page, photometric="minisblack", extratags=turned, metadata=None, contiguous=False)
    case("tif of which all pages are turned", file.getvalue(), signed(FIVE), 5)
    void = tiff(DEEP[..., 0], extratags=[(339, "H", 1, 4, True)])
    case("tif of no sample format", void, signed(DEEP[..., 0], 0, 65535), 1)
    case(
        "tif of 12 bits",
        packed(GREY.astype("u2") * 16, 12),
        None,
        1,
        refused="a TIFF with samples of 12 bits",
    )


def packed(samples: np.ndarray, bits: int) -> bytes:
    """A grey TIFF by hand: tifffile writes such samples with a package more."""
    rows = (samples[..., None] >> np.arange(bits - 1, -1, -1) & 1).astype("u1").reshape(HEIGHT, -1)
    data = np.packbits(rows, axis=-1).tobytes()
    fields = [(256, 4, WIDTH), (257, 4, HEIGHT), (258, 3, bits), (259, 3, 1), (262, 3, 1), (273, 4, 8)]
    fields += [(277, 3, 1), (278, 4, HEIGHT), (279, 4, len(data))]
    index = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in fields)
    return (
        b"II*\0" + struct.pack("<I", 8 + len(data)) + data + struct.pack("<H", len(fields)) + index + bytes(4)
    )


def left_out() -> None:
    """Colours under what is transparent in a GIF, what lies around its first frame, and chunks behind a PNG's pixels."""
    palette = PHOTO.quantize(32)
    colours = np.asarray(palette.convert("RGB"))
    clear = np.asarray(palette) == 3
    data = encoded(palette, "GIF", transparency=3)
    shown = np.where(clear[..., None], 0, np.dstack([colours, np.full_like(GREY, 255)]))
    case("gif transparent", data, signed(shown), 4)
    case("gif transparent", data, None, nodata=0, refused="samples are missing")
    around = ((0, 10), (0, 20), (0, 0))
    truth = signed(np.pad(colours, around))
    case("gif around its frame", on_screen(encoded(palette, "GIF"), WIDTH + 20, HEIGHT + 10), truth)
    data = on_screen(data, WIDTH + 20, HEIGHT + 10)
    case("gif around its frame, transparent", data, signed(np.pad(shown, around)), 4)
    for bits in (1, 2, 8):
        few = GREY >> (8 - bits)
        key = int(np.median(few))
        data = png(few, 0, bits, chunk(b"tRNS", struct.pack(">H", key)))
        both = np.concatenate(
            [signed(few, 0, 2**bits - 1), signed((few != key)[None, ..., None] * 1, 0, 1)[0]]
        )
        case(f"png key of {bits} bits", data, both, 2)
    exif = Image.Exif()
    exif[274] = 6
    whole = png(np.asarray(PHOTO.transpose(Image.Transpose.ROTATE_90)), 2, 8)
    end = len(whole) - 12
    data = whole[:end] + chunk(b"eXIf", exif.tobytes()[6:]) + whole[end:]
    case("png exif behind its pixels", data, signed(RGB))
    case("npy two ends alike", npy(RGB[:3]), signed(RGB[:3]))


def on_screen(gif: bytes, width: int, height: int) -> bytes:
    """A GIF whose frame lies in the corner of so large a screen."""
    return gif[:6] + struct.pack("<HH", width, height) + gif[10:]
