"""Files whose names say another format than their bytes."""

import numpy as np
from image_cases import FIVE, PHOTO, RGB, case, encoded, npy, pillow, signed, tiff


def other_names() -> None:
    """Bytes say what a file is, and no name does."""
    for kind in ("PNG", "TIFF", "WEBP", "GIF", "JPEG"):
        data = encoded(PHOTO, kind)
        for suffix in ("jpg", "npy", "PNG", "tif"):
            case(f"{suffix} that is {kind}", data, pillow(data))
    five = tiff(FIVE / np.float32(255), photometric="rgb", extrasamples=[0, 0])
    for suffix in ("png", "tiff", "webp", "NPY"):
        case(f"{suffix} that is an array", npy(RGB), signed(RGB))
        case(f"{suffix} of floats", five, signed(FIVE), 5)
    case("npy that is text", b"\x93NUMBER", refused="format")


def headers() -> None:
    """Of arrays, as numpy takes them: those of Python 2, in any order, with a type's name; and as it does not."""
    unit = RGB.astype("<f4") / 255
    data = unit.tobytes()
    shape = ", ".join(map(str, RGB.shape))
    longs = ", ".join(f"{size}L" for size in RGB.shape)
    for about, header in (
        ("by Python 2", f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({longs})}}"),
        ("by Python 2 with unicode", f"{{u'descr': u'<f4', u'fortran_order': False, u'shape': ({longs}), }}"),
        ("in another order", f"{{'shape': ({shape}), 'fortran_order': False, 'descr': '<f4'}}"),
        ("of a type without order", f"{{'descr': 'f4', 'fortran_order': False, 'shape': ({shape})}}"),
        ("of a type by its name", f"{{'descr': 'float32', 'fortran_order': False, 'shape': ({shape})}}"),
    ):
        case(f"npy {about}", _with_header(header, data), signed(unit, 0, 1), tolerance=0.02)
    for about, header in (
        ("with a key more", f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({shape}), 'a': 1}}"),
        ("with a key less", f"{{'descr': '<f4', 'shape': ({shape})}}"),
        ("with a number for its order", f"{{'descr': '<f4', 'fortran_order': 1, 'shape': ({shape})}}"),
        ("with a list for its shape", f"{{'descr': '<f4', 'fortran_order': False, 'shape': [{shape}]}}"),
    ):
        case(f"npy {about}", _with_header(header, data), refused="a damaged NPY: its header")


def _with_header(header: str, data: bytes) -> bytes:
    text = header.ljust(-(-(len(header) + 11) // 64) * 64 - 11) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode() + data
