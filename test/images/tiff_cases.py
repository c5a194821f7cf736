"""TIFFs by hand: what their tags say or do not."""

import io
import struct
from typing import Any

import numpy as np
import tifffile
from image_cases import (
    ALPHA,
    DEEP,
    GREY,
    HEIGHT,
    PHOTO,
    RGB,
    WIDTH,
    case,
    encoded,
    on_white,
    png,
    signed,
    three,
    tiff,
)
from PIL import Image

UNIT = (RGB / np.float32(255)).astype("f4")
Tags = dict[int, tuple[str, list[int]]]
TYPES = {"B": 1, "H": 3, "I": 4}


def tags_of(array: np.ndarray, **changes: Any) -> Tags:
    """Of samples [H, W, C] in one strip without compression; a change names a tag as `t259`, and None takes it away."""
    count, bits = array.shape[-1], array.itemsize * 8
    kind = {"u": 1, "i": 2, "f": 3}[array.dtype.kind]
    fields: Tags = {
        256: ("I", [array.shape[1]]),
        257: ("I", [array.shape[0]]),
        258: ("H", [bits] * count),
        259: ("H", [1]),
        262: ("H", [2 if count == 3 else 1]),
        277: ("H", [count]),
        278: ("I", [array.shape[0]]),
        284: ("H", [1]),
        339: ("H", [kind] * count),
    }
    for name, values in changes.items():
        if values is None:
            del fields[int(name[1:])]
        else:
            fields[int(name[1:])] = ("I" if name in ("t278", "t322", "t323") else "H", list(values))
    return fields


def assembled(
    fields: Tags, stored: list[bytes], places: list[int] | None = None, sizes: list[int] | None = None
) -> bytes:
    """With those strips or tiles, and what the file says of their places and sizes where that is not so."""
    tiled = 322 in fields
    starts = np.cumsum([8, *map(len, stored)]).tolist()[:-1]
    sizes = [*map(len, stored)] if sizes is None else sizes
    fields = fields | {324 if tiled else 273: ("I", places or starts)}
    if sizes:
        fields |= {325 if tiled else 279: ("I", sizes)}
    body, directory = b"".join(stored), b""
    for tag, (kind, values) in sorted(fields.items()):
        value = struct.pack(f"<{len(values)}{kind}", *values)
        if len(value) > 4:
            body, value = body + value, struct.pack("<I", 8 + len(body))
        directory += struct.pack("<HHI", tag, TYPES[kind], len(values)) + value.ljust(4, b"\0")
    head = struct.pack("<2sHI", b"II", 42, 8 + len(body))
    return head + body + struct.pack("<H", len(fields)) + directory + bytes(4)


def strips(array: np.ndarray, rows: int) -> list[bytes]:
    return [array[y : y + rows].tobytes() for y in range(0, len(array), rows)]


def tags() -> None:
    """Orientations that there are none of, what is said once for all samples, and what is not said."""
    for number in (0, 9, 10, 65535):
        for array in (RGB, GREY[..., None], DEEP, UNIT):
            data = assembled(tags_of(array, t274=[number]), [array.tobytes()])
            low, high = (0, 1) if array is UNIT else (0, np.iinfo(array.dtype).max)
            truth = signed(array, low, high)
            case(f"tif orientation {number} {array.dtype}", data, truth, array.shape[-1], tolerance=0.02)
        one, other = (struct.pack("<HHIHH", 274, 3, 1, value, 0) for value in (1, number))
        data = encoded(PHOTO, "TIFF", compression="jpeg", quality=90, tiffinfo={274: 1})
        assert one in data
        case(f"tif orientation {number} of jpeg", data.replace(one, other), None)
    for array in (RGB, DEEP):
        for changes in (
            {"t258": [array.itemsize * 8]},
            {"t339": [1]},
            {"t339": None},
            {"t284": None},
            {"t259": None},
        ):
            data = assembled(tags_of(array, **changes), [array.tobytes()])
            case(
                f"tif {changes} {array.dtype}",
                data,
                signed(array, 0, np.iinfo(array.dtype).max),
                tolerance=0.02,
            )
        for changes in ({"t262": None}, {"t258": [8, 8]}):
            data = assembled(tags_of(array, **changes), [array.tobytes()])
            case(
                f"tif {changes} {array.dtype}", data, refused="a TIFF that does not say what its samples are"
            )
        data = assembled(tags_of(array, t338=[2]), [array.tobytes()])
        case(
            f"tif rgb with alpha in three {array.dtype}",
            data,
            refused="a TIFF with fewer samples than its colours need",
        )
    for predictor in (2, 3):
        data = assembled(tags_of(DEEP, t317=[predictor]), [DEEP.tobytes()])
        case(f"tif predictor {predictor} without compression", data, signed(DEEP, 0, 65535), tolerance=0.02)
    data = assembled(tags_of(DEEP, t266=[2]), [DEEP.tobytes()])
    case("tif of 16 bits, bits turned", data, refused="a TIFF whose bits lie the other way around")
    indices = np.asarray(PHOTO.quantize(256))[..., None]
    for colours in (None, [1] * 300):
        data = assembled(
            tags_of(indices, t262=[3], **({} if colours is None else {"t320": colours})), [indices.tobytes()]
        )
        case(
            f"tif palette of {colours and len(colours)}",
            data,
            refused="a TIFF without the colours of its palette",
        )
    once = (RGB * (ALPHA / 255)[..., None]).round().astype("u1")
    both = np.dstack([once, ALPHA])
    data = assembled(tags_of(both, t262=[2], t338=[1]), [both.tobytes()])
    case("tif premultiplied as it is stored", data, signed(both), 4)
    case("tif premultiplied by hand", data, signed(once) + 2 * (1 - ALPHA / 255), tolerance=1.5)
    pale = np.dstack([(GREY * (ALPHA / 255)).round().astype("u1"), ALPHA])
    data = assembled(tags_of(pale, t338=[1]), [pale.tobytes()])
    case("tif grey premultiplied as it is stored", data, signed(pale), 2)
    case("tif grey premultiplied", data, three(signed(pale[..., 0]) + 2 * (1 - ALPHA / 255)), tolerance=1.5)
    over = on_white(signed(RGB), ALPHA / 255)
    both = np.dstack([RGB, ALPHA])
    for order in ([0], [3]):
        data = assembled(tags_of(both, t262=[2], t338=order), [both.tobytes()])
        case(f"tif a fourth sample {order}", data, refused="a TIFF of 4 channels, not 3")
        case(f"tif a fourth sample {order}", data, signed(both), 4)
    case("tif with alpha by hand", assembled(tags_of(both, t262=[2], t338=[2]), [both.tobytes()]), over)


def refusals() -> None:
    data = assembled(tags_of(RGB, t255=[2]), [RGB.tobytes()])
    case("tif reduced by an older tag", data, signed(RGB))
    for photometric in (4, 8, 9, 10, 32803, 34892):
        data = assembled(tags_of(RGB, t262=[photometric]), [RGB.tobytes()])
        refused = f"a TIFF of photometric interpretation {photometric} in 8 bits"
        case(f"tif of photometric {photometric}", data, refused=refused)
    for format_ in (5, 6, 0):
        data = assembled(tags_of(RGB, t339=[format_] * 3), [RGB.tobytes()])
        case(f"tif of format {format_}", data, refused=f"a TIFF with samples of 8 bits in format {format_}")
    for bits in (3, 12, 24):
        data = assembled(tags_of(GREY[..., None], t258=[bits]), [bytes(HEIGHT * WIDTH * 3)])
        case(f"tif of {bits} bits", data, None, 1, refused=f"a TIFF with samples of {bits} bits in format 1")
    for width, height in ((0, HEIGHT), (WIDTH, 0)):
        data = assembled(tags_of(RGB, t256=[width], t257=[height]), [RGB.tobytes()])
        case(f"tif of {width} by {height}", data, refused="a TIFF without pixels")
    for array in (RGB, DEEP):
        fields = tags_of(array) | {256: ("I", [100_000]), 257: ("I", [100_000])}
        case(
            f"tif too large {array.dtype}",
            assembled(fields, [array.tobytes()]),
            refused="an image of more than 178,956,970 pixels",
        )
    for options in ({}, {"bigtiff": True}, {"byteorder": ">"}):
        data = circular(tiff(RGB, photometric="rgb", **options))
        case(f"tif in a circle {options}", data, refused="a TIFF whose pages lead in a circle")
    case("tif header alone", b"II*\0\x08\0\0\0", refused="the file is cut off")


def circular(data: bytes) -> bytes:
    """Its last page followed by its first."""
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        layout, first = file.tiff, file.pages[0].offset
    [count] = struct.unpack_from(layout.tagnoformat, data, first)
    at = first + layout.tagnosize + layout.tagsize * count
    return data[:at] + struct.pack(layout.offsetformat, first) + data[at + layout.offsetsize :]


def small() -> None:
    """Of one and two pixels."""
    for height, width in ((1, 1), (1, 2), (2, 1), (1, 17), (17, 1)):
        size = f"{width}x{height}"
        array, deep, unit = RGB[:height, :width], DEEP[:height, :width], UNIT[:height, :width]
        image = Image.fromarray(np.ascontiguousarray(array))
        kinds: list[tuple[str, str, dict[str, Any]]] = [
            ("png", "PNG", {}),
            ("webp", "WEBP", {"lossless": True}),
            ("bmp", "BMP", {}),
            ("tif", "TIFF", {}),
            ("tif", "TIFF", {"compression": "tiff_lzw"}),
        ]
        for suffix, kind, options in kinds:
            case(f"{suffix} of {size} {options}", encoded(image, kind, **options), signed(array))
        case(f"jpg of {size}", encoded(image, "JPEG", subsampling=2), None)
        case(f"png of {size} and 16 bits", png(deep, 2, 16), signed(deep, 0, 65535), tolerance=0.02)
        for other, low, high in ((deep, 0, 65535), (unit, 0, 1)):
            layouts: list[dict[str, Any]] = [
                {},
                {"compression": "zlib"},
                {"tile": (16, 16)},
            ]
            for options in layouts:
                data = tiff(np.ascontiguousarray(other), photometric="rgb", **options)
                case(f"tif of {size} {other.dtype} {options}", data, signed(other, low, high), tolerance=0.02)
        bilevel = image.convert("1")
        case(
            f"tif of {size} fax",
            encoded(bilevel, "TIFF", compression="group4"),
            three(signed(np.asarray(bilevel) * 255)),
        )


def odd_types() -> None:
    """Numbers of fields in bytes and in 32 bits, where libraries write 16."""
    kinds: list[tuple[str, np.ndarray, int, int]] = [
        ("8 bits", RGB, 0, 255),
        ("16 bits", DEEP, 0, 65535),
        ("floats", UNIT, 0, 1),
    ]
    for about, array, low, high in kinds:
        truth = signed(array, low, high)
        for big in (False, True):
            data = tiff(np.ascontiguousarray(array), photometric="rgb", bigtiff=big)
            for code, named in ((1, "bytes"), (4, "32 bits")):
                for tag in (256, 258, 259, 262, 277, 278):
                    case(
                        f"tif of {about} with field {tag} in {named}, big {big}",
                        _retyped(data, tag, code),
                        truth,
                        tolerance=0.02 if high != 255 else 1,
                    )


def _retyped(data: bytes, wanted: int, code: int) -> bytes:
    """The file with the numbers of a field of its first page in bytes (1) or in 32 bits (4)."""
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        found = file.pages.first.tags[wanted]
        values = np.ravel(found.value)
        layout, at = file.tiff, found.offset
    order, wide = layout.byteorder, layout.offsetsize
    packed = struct.pack(f"{order}{len(values)}{'B' if code == 1 else 'I'}", *map(int, values))
    changed = bytearray(data)
    struct.pack_into(f"{order}H", changed, at + 2, code)
    place = at + 4 + wide
    if len(packed) > wide:
        changed[place : place + wide] = struct.pack(layout.offsetformat, len(changed))
        changed += packed
    else:
        changed[place : place + wide] = packed.ljust(wide, b"\0")
    return bytes(changed)
