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
