"""TIFFs by hand: their compressions, and strips and tiles that are not all there."""

import io
import zlib

import numpy as np
import tifffile
from image_cases import ALPHA, DEEP, FIVE, GREY, HEIGHT, PHOTO, RGB, WIDTH, case, encoded, signed, three, tiff
from PIL import Image
from tiff_cases import UNIT, assembled, strips, tags_of

LOSSLESS = {"tiff_lzw": 5, "tiff_adobe_deflate": 8, "packbits": 32773, "zstd": 50000}


def packed(data: bytes, width: int, compression: str) -> bytes:
    """By libtiff, which takes rows of bytes for those of a grey image."""
    image = Image.frombytes("L", (width, len(data) // width), data)
    file = encoded(image, "TIFF", compression=compression, tiffinfo={278: image.height})
    with tifffile.TiffFile(io.BytesIO(file)) as found:
        [start], [count] = found.pages[0].dataoffsets, found.pages[0].databytecounts
    return file[start : start + count]


def compressions() -> None:
    """What is stored without loss is read of any type, in strips and tiles; of fax and JPEG what can be."""
    kinds = {"rgb": RGB, "grey": GREY[..., None], "five": FIVE, "u2": DEEP, "i2": DEEP.view("i2"), "f4": UNIT}
    kinds |= {"f8": UNIT.astype("f8"), "f2": UNIT.astype("f2"), "la": np.dstack([GREY, ALPHA])}
    for name, number in LOSSLESS.items():
        for kind, array in kinds.items():
            extra = {"t338": [0, 0]} if kind == "five" else {"t338": [2]} if kind == "la" else {}
            count = array.shape[-1]
            low, high = (
                (0, 1) if array.dtype.kind == "f" else (np.iinfo(array.dtype).min, np.iinfo(array.dtype).max)
            )
            fields = tags_of(
                array, t259=[number], t262=[2 if kind == "five" else 2 if count == 3 else 1], **extra
            )
            width = array[0].nbytes
            stored = [packed(strip, width, name) for strip in strips(array, 40)]
            data = assembled(fields | {278: ("I", [40])}, stored)
            tolerance = 0.2 if kind == "f2" else 0.02
            case(
                f"tif {name} {kind}",
                data,
                signed(array, low, high),
                count,
                tolerance=tolerance,
            )
            if kind in ("u2", "f4") and name != "packbits":
                differences = np.diff(
                    array.view(f"u{array.itemsize}"),
                    axis=1,
                    prepend=array.view(f"u{array.itemsize}")[:, :1] * 0,
                )
                data = assembled(fields | {317: ("H", [2])}, [packed(differences.tobytes(), width, name)])
                case(f"tif {name} {kind} with predictor 2", data, signed(array, low, high), tolerance=0.02)
        for shown, image in (
            ("palette", PHOTO.quantize(64)),
            ("bilevel", PHOTO.convert("1")),
            ("cmyk", PHOTO.convert("CMYK")),
        ):
            data = encoded(image, "TIFF", compression=name)
            case(f"tif {name} {shown}", data, signed(np.asarray(image.convert("RGB"))), tolerance=1.01)
    for name in ("group3", "group4", "tiff_ccitt"):
        for width in (WIDTH, 13):
            image = PHOTO.convert("1").crop((0, 0, width, HEIGHT))
            data = encoded(image, "TIFF", compression=name)
            case(f"tif {name} of {width}", data, three(signed(np.asarray(image) * 255)))
            data = encoded(image, "TIFF", compression=name, tiffinfo={266: 2})
            case(f"tif {name} of {width}, bits turned", data, three(signed(np.asarray(image) * 255)))
    for subsampling in (0, 2):
        for image in (PHOTO, PHOTO.convert("L")):
            data = encoded(image, "TIFF", compression="jpeg", quality=90, subsampling=subsampling)
            case(f"tif jpeg {image.mode} {subsampling}", data, None)
    for compression in (6, 32771, 34712, 34887, 34892, 34925, 50001, 50002):
        for array in (RGB, DEEP, UNIT):
            data = assembled(tags_of(array, t259=[compression]), [array.tobytes()])
            bits = array.itemsize * 8
            case(f"tif of {compression}", data, refused=f"a TIFF of {bits} bits in compression {compression}")
    case(
        "tif lzma",
        encoded(PHOTO, "TIFF", compression="lzma"),
        refused="a TIFF of 8 bits in compression 34925",
    )
    case(
        "tif fax of 8 bits",
        assembled(tags_of(RGB, t259=[4]), [RGB.tobytes()]),
        refused="a TIFF of 8 bits in compression 4",
    )


def blocks() -> None:
    """What is not there is not black."""
    for array in (RGB, DEEP, UNIT):
        low, high = (0, 1) if array is UNIT else (0, np.iinfo(array.dtype).max)
        truth = signed(array, low, high)
        name, parts = str(array.dtype), strips(array, 10)
        fields = tags_of(array, t278=[10])
        places, sizes = np.cumsum([8, *map(len, parts)]).tolist()[:-1], [*map(len, parts)]
        case(f"tif strips {name}", assembled(fields, parts), truth, tolerance=0.02)
        lacks = "a TIFF that lacks {} of its 10 strips or tiles".format
        case(f"tif sizes 0 {name}", assembled(fields, parts, sizes=[0] * 10), refused=lacks(10))
        case(f"tif a size 0 {name}", assembled(fields, parts, sizes=[0, *sizes[1:]]), refused=lacks(1))
        sparse = assembled(fields, parts, [0, *places[1:]], [0, *sizes[1:]])
        case(f"tif sparse {name}", sparse, refused=lacks(1))
        case(f"tif a place 0 {name}", assembled(fields, parts, [0, *places[1:]]), refused=lacks(1))
        case(f"tif fewer strips {name}", assembled(fields, parts[:-2]), refused=lacks(2))
        case(f"tif more strips {name}", assembled(fields, parts + parts[:2]), truth, tolerance=0.02)
        case(f"tif fewer sizes {name}", assembled(fields, parts, sizes=sizes[:-1]), refused=lacks(1))
        case(f"tif no sizes {name}", assembled(fields, parts, sizes=[]), refused=lacks(10))
        beyond = assembled(fields, parts, [*places[:-1], 10**8])
        case(f"tif beyond its end {name}", beyond, refused="the file is cut off")
        beyond = assembled(fields, parts, sizes=[*sizes[:-1], 10**8])
        case(f"tif a size beyond its end {name}", beyond, refused="the file is cut off")
        short = "a TIFF that lacks some of its pixels"
        case(
            f"tif short strips {name}",
            assembled(fields, parts, sizes=[size - 9 for size in sizes]),
            refused=short,
        )
        case(f"tif short strip {name}", assembled(tags_of(array), [array.tobytes()[:-900]]), refused=short)
        tall = assembled(tags_of(array, t278=[2**32 - 1]), [array.tobytes()])
        case(f"tif of one strip {name}", tall, truth, tolerance=0.02)
        case(
            f"tif no rows a strip {name}",
            assembled(fields | {278: ("I", [0])}, parts),
            refused="strips or tiles",
        )
        tiles = tiff(array, photometric="rgb", tile=(32, 48), compression="zlib")
        case(f"tif tiles cut off {name}", tiles[:-5000], refused="the file is cut off")
        deflated = [zlib.compress(part) for part in parts]
        squeezed = fields | {259: ("H", [8])}
        case(f"tif deflated {name}", assembled(squeezed, deflated), truth, tolerance=0.02)
        case(
            f"tif deflated, with junk {name}",
            assembled(squeezed, [part + b"xyz" for part in deflated]),
            truth,
            tolerance=0.02,
        )
        last = zlib.compress(parts[-1][:-60])
        case(f"tif deflated, short {name}", assembled(squeezed, [*deflated[:-1], last]), refused="a")
        zstd = fields | {259: ("H", [50000])}
        whole = [packed(part, array[0].nbytes, "zstd") for part in parts]
        case(f"tif zstd in strips {name}", assembled(zstd, whole), truth, tolerance=0.02)
        case(f"tif zstd cut off {name}", assembled(zstd, [*whole[:-1], whole[-1][:-30]]), refused="a")
        two = packed(parts[0][: len(parts[0]) // 2], array[0].nbytes, "zstd") * 2
        case(f"tif zstd in two frames {name}", assembled(zstd, [two, *whole[1:]]), refused="a")
        # Noise is stored as it is, and has no damage that shows.
        if array is RGB:
            flipped = whole[0][:10] + bytes([255] * (len(whole[0]) - 20)) + whole[0][-10:]
            case(
                f"tif zstd with damaged bytes {name}",
                assembled(zstd, [flipped, *whole[1:]]),
                refused="a",
            )
