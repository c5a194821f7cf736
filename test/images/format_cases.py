"""BMP in its layouts, JPEGs that decoders warn of, and formats that are not read."""

import gzip
import struct
from typing import Any

import numpy as np
from image_cases import ALPHA, GREY, PHOTO, RGB, case, encoded, luma, on_white, pillow, signed
from PIL import Image

BGR = RGB[..., ::-1]
MASKS = (0xFF0000, 0xFF00, 0xFF, 0xFF000000)


def bitmaps() -> None:
    truth = signed(RGB)
    case("bmp of Pillow", encoded(PHOTO, "BMP"), truth)
    case("bmp of Pillow", encoded(PHOTO, "BMP"), luma(truth), 1)
    case("bmp grey of Pillow", encoded(PHOTO.convert("L"), "BMP"), signed(GREY), 1)
    case("bmp of 24 bits", bmp(BGR, 24), None, 4, refused="3 channels (RGB), not 4")
    case("bmp range", bmp(BGR, 24), signed(RGB, 0, 510), range=[0, 510])
    case("bmp with its first row first", bmp(BGR, 24, first=True), truth)
    for size in (12, 40, 52, 56, 108, 124):
        case(f"bmp of header {size}", bmp(BGR, 24, size=size), truth)
    rgba = np.dstack([BGR, ALPHA])
    case("bmp of 32 bits", bmp(rgba, 32), truth)
    for size in (56, 108, 124):
        case(f"bmp with alpha, {size}", bmp(rgba, 32, MASKS, size), on_white(truth, ALPHA / 255))
        case(f"bmp with alpha, {size}", bmp(rgba, 32, MASKS, size), signed(np.dstack([RGB, ALPHA])), 4)
    case("bmp with masks", bmp(rgba, 32, MASKS, 40), truth)
    five = RGB >> 3
    short = (five[..., 0].astype("<u2") << 10 | five[..., 1].astype("<u2") << 5 | five[..., 2]).astype("<u2")
    truth_of_five = signed((five.astype("u2") * 255 // 31).astype("u1"))
    case("bmp of 15 bits", bmp(short, 16), truth_of_five)
    case("bmp of 15 bits by masks", bmp(short, 16, (0x7C00, 0x3E0, 0x1F, 0)), truth_of_five)
    six = RGB[..., 1].astype("<u2") >> 2
    short = (five[..., 0].astype("<u2") << 11 | six << 5 | five[..., 2]).astype("<u2")
    green = (six * 255 // 63).astype("u1")
    both = np.dstack([five[..., 0].astype("u2") * 255 // 31, green, five[..., 2].astype("u2") * 255 // 31])
    case("bmp of 16 bits", bmp(short, 16, (0xF800, 0x7E0, 0x1F, 0)), signed(both))
    for bits in (1, 4, 8):
        few = PHOTO.quantize(2**bits)
        colours = (few.getpalette() or [])[: 3 * 2**bits]
        table = np.array(colours + [0] * (3 * 2**bits - len(colours)), "u1").reshape(-1, 3)[:, ::-1]
        shown = signed(np.asarray(few.convert("RGB")))
        for width in (128, 13):
            data = bmp(np.asarray(few)[:, :width], bits, table=np.pad(table, ((0, 0), (0, 1))))
            case(f"bmp of {bits} bits, {width}", data, shown[..., :width])
        case(f"bmp of {bits} bits, header 12", bmp(np.asarray(few), bits, size=12, table=table), shown)
    case(
        "bmp by run lengths",
        bmp(GREY, 8, method=1, table=np.zeros((256, 4), "u1")),
        refused="stored by method 1",
    )
    case("bmp of 2 bits", bmp(GREY >> 6, 2, table=np.zeros((4, 4), "u1")), refused="a BMP of 2 bits a pixel")
    case(
        "bmp of other masks",
        bmp(short, 16, (0xF00, 0xF0, 0xF, 0)),
        refused="a BMP of 16 bits a pixel, stored by method 3",
    )
    for cut in (1, 20_000):
        case(f"bmp cut off by {cut}", bmp(BGR, 24)[:-cut], refused="the file is cut off")
    for kept in (2, 20, 50):
        case(f"bmp of {kept} bytes", bmp(BGR, 24)[:kept], refused="a BMP whose header is damaged")
    case("bmp without its colours", bmp(GREY, 8), refused="a BMP whose header is damaged")


def bmp(
    pixels: np.ndarray,
    bits: int,
    masks: tuple[int, ...] = (),
    size: int = 40,
    method: int | None = None,
    table: np.ndarray | None = None,
    first: bool = False,
) -> bytes:
    height, width = pixels.shape[:2]
    rows = pixels.reshape(height, -1)
    if bits < 8:
        rows = np.packbits(
            np.unpackbits(rows[..., None], axis=-1)[..., 8 - bits :].reshape(height, -1), axis=-1
        )
    lines = [row.tobytes() for row in rows]
    lines = [line + bytes(-len(line) % 4) for line in lines]
    if size == 12:
        fields = struct.pack("<IHHHH", size, width, height, 1, bits)
    else:
        stored = method if method is not None else 3 if masks else 0
        rows_ = -height if first else height
        fields = struct.pack("<IiiHHIIiiII", size, width, rows_, 1, bits, stored, 0, 0, 0, 0, 0)
        of_masks = struct.pack("<4I", *masks) if masks else bytes(16)
        # Where the header is short, three masks follow it.
        fields += of_masks[:12] if masks and size == 40 else of_masks[: size - 40].ljust(size - 40, b"\0")
    colours = b"" if table is None else table.tobytes()
    start = 14 + len(fields) + len(colours)
    return (
        b"BM"
        + struct.pack("<III", 0, 0, start)
        + fields
        + colours
        + b"".join(lines if first else lines[::-1])
    )


def warned_of() -> None:
    """JPEGs whose decoder goes on, and those that are cut off."""
    whole = encoded(PHOTO, "JPEG", quality=95)
    at = whole.index(b"\xff\xda")
    truth = pillow(whole)
    case("jpg with stray bytes", whole[:at] + b"\0\1\2" + whole[at:], truth)
    case("jpg with stray bytes at its end", whole[:-2] + b"\0\0abc" + whole[-2:], truth)
    adobe = b"\xff\xee" + struct.pack(">H", 14) + b"Adobe\0\x64\0\0\0\0\2"
    case("jpg of an unknown transform", whole[:2] + adobe + whole[20:], truth)
    flipped = bytearray(whole)
    flipped[at + 900] ^= 85
    case("jpg with a damaged byte", bytes(flipped), None)
    case("jpg with a byte before its segments", whole[:2] + b"\0" + whole[2:], refused="none of the formats")
    for suffix, kind in (("jpg", "JPEG"), ("webp", "WEBP"), ("gif", "GIF")):
        data = encoded(PHOTO, kind)
        for cut in (30, len(data) - 40):
            case(f"{suffix} cut off by {cut}", data[:-cut], refused=f"a damaged {kind}: ")
    for kind in ("JPEG", "WEBP"):
        for number in (0, 9):
            exif = Image.Exif()
            exif[274] = number
            data = encoded(PHOTO, kind, exif=exif)
            case(f"jpg that is {kind} with exif {number}", data, pillow(data))


def others() -> None:
    """What either decoder would read alone."""
    drawing = (
        b'<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8"/></svg>'
    )
    files: dict[str, Any] = {
        "svg": drawing,
        "svgz": gzip.compress(drawing),
        "avif": b"\0\0\0\x1cftypavif" + bytes(90),
        "heic": b"\0\0\0\x18ftypheic" + bytes(90),
        "jp2": b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(90),
        "jxl": b"\xff\x0a" + bytes(90),
        "ppm": encoded(PHOTO, "PPM"),
        "pdf": b"%PDF-1.4\n",
        "html": b"<html>not found</html>",
        "npz": b"PK\3\4" + bytes(90),
        "zeros": bytes(90),
        "byte": b"\xff",
    }
    for name, data in files.items():
        case(f"{name} file", data, refused="none of the formats PNG, JPEG, WEBP, BMP, GIF, TIFF, NPY")
