"""TIFFs whose samples are stored as differences of neighbours."""

import struct
import zlib
from typing import Any

import numpy as np
from image_cases import RGB, case, signed, tiff


def predictors() -> None:
    """Differences of neighbours, in either order of bytes."""
    for order in "<>":
        for dtype, low, high in [("u1", 0, 255), ("u2", 0, 65535), ("i2", -32768, 32767)]:
            whole = (RGB.astype("i8") * (high - low) // 255 + low).astype(order + dtype)
            truth = signed(whole, low, high)
            options: dict[str, Any] = {"byteorder": order, "compression": "zlib", "predictor": 2}
            name = f"{order}{dtype} with a predictor"
            for tile in (None, (32, 48)):
                case(f"tif {name}, {tile}", tiff(whole, photometric="rgb", tile=tile, **options), truth)
            planes = np.moveaxis(whole, -1, 0)
            separate = {"photometric": "rgb", "planarconfig": "separate", **options}
            case(f"tif {name}, planar", tiff(planes, **separate), truth)
            grey = tiff(whole[..., 0], rowsperstrip=17, **options)
            case(f"tif {name}, strips", grey, truth[:1], 1)
        for dtype in ("f2", "f4", "f8"):
            unit = (RGB / np.float32(255)).astype(order + dtype)
            for predictor in (2, 3):
                for tile in (None, (32, 48)):
                    name = f"{order}{dtype} with predictor {predictor}, {tile}"
                    for array in (unit, unit[..., :1]):
                        data, count = by_hand(array, order, predictor, tile), array.shape[-1]
                        truth = signed(array, 0, 1)
                        case(f"tif {name}", data, truth, count, tolerance=0.01)
                    planar = by_hand(unit, order, predictor, tile, planar=True)
                    case(f"tif {name}, planar", planar, signed(unit, 0, 1), tolerance=0.01)
        unknown = by_hand(unit, order, 4, None)
        case("tif with predictor 4", unknown, refused="PREDICTOR")


def by_hand(
    array: np.ndarray, order: str, predictor: int, tile: tuple[int, int] | None, planar: bool = False
) -> bytes:
    """A TIFF of floats [H, W, C] with a predictor, by TIFF 6.0: neither tifffile nor Pillow writes both orders."""
    height, width, count = array.shape
    down, across = tile or (height, width)
    planes = np.split(array, count, axis=-1) if planar else [array]
    blocks = []
    for plane in planes:
        padded = np.pad(plane, [(0, -height % down), (0, -width % across), (0, 0)])
        for y in range(0, height, down):
            for x in range(0, width, across):
                block = padded[y : y + down, x : x + across]
                blocks.append(zlib.compress(differences(block, order, predictor)))
    tags: dict[int, tuple[str, list[int]]] = {
        256: ("I", [width]),
        257: ("I", [height]),
        258: ("H", [array.itemsize * 8] * count),
        259: ("H", [8]),
        262: ("H", [2 if count == 3 else 1]),
        277: ("H", [count]),
        284: ("H", [2 if planar else 1]),
        317: ("H", [predictor]),
        339: ("H", [3] * count),
    }
    starts = np.cumsum([8, *map(len, blocks)]).tolist()
    tags |= {322: ("I", [across]), 323: ("I", [down])} if tile else {278: ("I", [height])}
    tags |= {324 if tile else 273: ("I", starts[:-1]), 325 if tile else 279: ("I", [*map(len, blocks)])}
    body, fields = b"".join(blocks), b""
    for tag, (kind, values) in sorted(tags.items()):
        value = struct.pack(f"{order}{len(values)}{kind}", *values)
        if len(value) > 4:
            body, value = body + value, struct.pack(f"{order}I", 8 + len(body))
        fields += struct.pack(f"{order}HHI", tag, 3 if kind == "H" else 4, len(values)) + value.ljust(
            4, b"\0"
        )
    start = struct.pack(f"{order}2sHI", b"II" if order == "<" else b"MM", 42, 8 + len(body))
    return start + body + struct.pack(f"{order}H", len(tags)) + fields + bytes(4)


def differences(block: np.ndarray, order: str, predictor: int) -> bytes:
    """Of neighbours' bits taken for whole numbers (2), or of bytes, the highest of all numbers in a row first (3)."""
    height, _, count = block.shape
    size = block.itemsize
    if predictor == 2:
        bits = block.astype(f"{order}f{size}").view(f"{order}u{size}").astype(f"u{size}")
        return np.diff(bits, axis=1, prepend=bits[:, :1] * 0).astype(f"{order}u{size}").tobytes()
    samples = block.astype(f">f{size}").reshape(height, -1).view("u1").reshape(height, -1, size)
    rows = samples.swapaxes(1, 2).reshape(height, -1)
    return np.concatenate([rows[:, :count], rows[:, count:] - rows[:, :-count]], 1).tobytes()
