"""Writes images of every format that is read, what they should be, and what training's reader makes of them: python table.py OUT.

OUT/table.json lists cases; `truth` and `read` name files of float32 [C, H, W]. Truth is computed here, by numpy, lcms or
scikit-image from the pixels that were written, and not by the reader.
"""

import io
import json
import struct
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from litevae_runtime.common.errors import CorruptImageError
from litevae_runtime.data.decode import open_image
from litevae_runtime.data.pixels import PixelRule
from PIL import Image, ImageCms, ImageOps
from profiles import GREY_GAMMA, adobe_rgb, cmyk_profile, display_p3, grey_gamma

OUT = Path(sys.argv[1])
PHOTO = Image.open(sys.argv[2]).convert("RGB").crop((100, 60, 228, 155))
RGB = np.asarray(PHOTO)
HEIGHT, WIDTH = RGB.shape[:2]
GREY = np.asarray(PHOTO.convert("L"))
DISTANCE = np.hypot(*np.mgrid[:HEIGHT, :WIDTH] - np.array([HEIGHT, WIDTH]).reshape(2, 1, 1) / 2)
ALPHA = np.clip(255 - DISTANCE * 4, 0, 255).astype("u1")
# Values that no step of 257 has, so that the lower byte is seen.
DEEP = np.clip(
    RGB.astype("i8") * 257 + np.arange(HEIGHT * WIDTH).reshape(HEIGHT, WIDTH, 1) % 256 - 128, 0, 65535
).astype("u2")
FIVE = np.concatenate([RGB, 255 - RGB[..., :1], RGB[..., 1:2] // 2], -1)
CASES: list[dict[str, Any]] = []


def signed(array: np.ndarray, low: float = 0, high: float = 255) -> np.ndarray:
    """[C, H, W] in [-1, 1] of [H, W, C] or [H, W]."""
    planes = array[None] if array.ndim == 2 else np.moveaxis(array, -1, 0)
    return (planes.astype("f8") - low) / (high - low) * 2 - 1


def three(planes: np.ndarray) -> np.ndarray:
    return np.repeat(planes, 3, 0)


def on_white(array: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Planes in [-1, 1] under an alpha in [0, 1]."""
    return 1 - (1 - array) * alpha


def luma(planes: np.ndarray) -> np.ndarray:
    return (0.299 * planes[0] + 0.587 * planes[1] + 0.114 * planes[2])[None]


def case(
    name: str,
    data: bytes,
    truth: np.ndarray | None = None,
    channels: int = 3,
    refused: str | None = None,
    tolerance: float = 1,
    **rule: Any,
) -> None:
    """`tolerance` in levels of 1/255, between the readers and of each to the truth."""
    number = len(CASES)
    suffix = name.split()[0]
    path = OUT / f"{number:03d}.{suffix}"
    path.write_bytes(data)
    found: dict[str, Any] = {
        "name": f"{name}, {channels}",
        "file": path.name,
        "channels": channels,
        "rule": {"profile": "srgb", "range": None, "nodata": None, "fill": None, **rule},
        "refused": refused,
        "tolerance": tolerance,
    }
    try:
        image = open_image(data, path.name, channels, PixelRule(**rule))
        size = (image.width, image.height)
        found["read"] = saved(f"{number:03d}.read", image.resized((0, 0, *size), size).numpy())
        found["shape"] = [channels, image.height, image.width]
    except CorruptImageError as error:
        found["error"] = str(error)
    if truth is not None:
        assert len(truth) == channels, name
        found["truth"] = saved(f"{number:03d}.truth", truth)
    CASES.append(found)


def saved(name: str, planes: np.ndarray) -> str:
    (OUT / name).write_bytes(np.ascontiguousarray(planes, "<f4").tobytes())
    return name


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def tiff(array: np.ndarray, **options: Any) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, array, **options)
    return file.getvalue()


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(array: np.ndarray, kind: int, bits: int, *chunks: bytes) -> bytes:
    """By hand: Pillow writes no colours of 16 bits. `kind` is PNG's colour type."""
    height, width = array.shape[:2]
    if bits < 8:
        packed = np.packbits(
            np.unpackbits(array.astype("u1")[..., None], axis=-1)[..., 8 - bits :].reshape(height, -1),
            axis=-1,
        )
        rows = packed.tobytes()
        stride = packed.shape[1]
    else:
        rows = array.astype(">u2" if bits == 16 else "u1").tobytes()
        stride = len(rows) // height
    lines = b"".join(b"\0" + rows[y * stride : (y + 1) * stride] for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)
    parts = [chunk(b"IHDR", header), *chunks, chunk(b"IDAT", zlib.compress(lines)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def iccp(profile: bytes) -> bytes:
    return chunk(b"iCCP", b"icc\0\0" + zlib.compress(profile))


def by_lcms(image: Image.Image, profile: bytes) -> np.ndarray:
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    found = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    assert found is not None
    return signed(np.asarray(found))


def pillow(data: bytes) -> np.ndarray:
    """What a lossy file holds, which no one can know better than a decoder."""
    return signed(np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))


def eight_bits() -> None:
    truth = signed(RGB)
    kinds: list[tuple[str, dict[str, Any]]] = [
        ("png", {}),
        ("png", {"interlace": 1}),
        ("tif", {}),
        ("tif", {"compression": "tiff_lzw"}),
        ("webp", {"lossless": True}),
    ]
    for kind, options in kinds:
        format_ = {"tif": "TIFF"}.get(kind, kind.upper())
        data = encoded(PHOTO, format_, **options)
        case(f"{kind} rgb {options}", data, truth)
        case(f"{kind} rgb {options}", data, luma(truth), 1)
        case(f"{kind} rgb {options}", data, None, 4, refused="3 channels (RGB), not 4")
    for quality, subsampling in [(95, 0), (80, 2)]:
        data = encoded(PHOTO, "JPEG", quality=quality, subsampling=subsampling)
        case(f"jpg rgb {quality}", data, pillow(data))
    data = encoded(PHOTO, "WEBP", quality=80)
    case("webp lossy", data, pillow(data))
    for kind in ("PNG", "JPEG", "TIFF"):
        data = encoded(PHOTO.convert("L"), kind)
        expected = signed(np.asarray(Image.open(io.BytesIO(data))))
        suffix = {"JPEG": "jpg", "TIFF": "tif"}.get(kind, "png")
        case(f"{suffix} grey", data, three(expected))
        case(f"{suffix} grey", data, expected, 1)
    case("png gamma", png(RGB, 2, 8, chunk(b"gAMA", struct.pack(">I", 100000))), truth)
    palette = PHOTO.quantize(32)
    expected = signed(np.asarray(palette.convert("RGB")))
    case("png palette", encoded(palette, "PNG"), expected)
    case("gif palette", encoded(palette, "GIF"), expected)
    case("tif palette", encoded(palette, "TIFF"), expected)
    case(
        "gif animated",
        encoded(palette, "GIF", save_all=True, append_images=[Image.new("RGB", PHOTO.size, "red")]),
        expected,
    )
    case(
        "webp animated",
        encoded(
            PHOTO, "WEBP", lossless=True, save_all=True, append_images=[Image.new("RGB", PHOTO.size, "red")]
        ),
        truth,
    )
    for bits in (1, 2, 4):
        few = GREY >> (8 - bits)
        case(f"png grey of {bits} bits", png(few, 0, bits), three(signed(few, 0, 2**bits - 1)))
    case(
        "tif bilevel",
        encoded(Image.fromarray(GREY > 100), "TIFF"),
        three(signed((GREY > 100).astype("u1"), 0, 1)),
    )
    case("tif white is zero", tiff(GREY, photometric="miniswhite"), three(signed(255 - GREY)))
    case("tif planar", tiff(np.moveaxis(RGB, -1, 0), photometric="rgb", planarconfig="separate"), truth)
    case("tif tiled", tiff(RGB, photometric="rgb", tile=(32, 48), compression="zlib", predictor=True), truth)
    data = tiff(RGB, photometric="rgb")
    case("tif with a thumbnail", reduced(data), truth)
    case("png empty", b"", refused="the file is empty")


def reduced(data: bytes) -> bytes:
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        writer.write(RGB, photometric="rgb")
        writer.write(RGB[::2, ::2], photometric="rgb", subfiletype=1)
    return file.getvalue()


def transparency() -> None:
    rgba = np.dstack([RGB, ALPHA])
    la = np.dstack([GREY, ALPHA])
    over = on_white(signed(RGB), ALPHA / 255)
    grey = on_white(signed(GREY), ALPHA / 255)
    image, pale = Image.fromarray(rgba), Image.fromarray(la)
    for suffix, kind, options in [
        ("png", "PNG", {}),
        ("webp", "WEBP", {"lossless": True, "exact": True}),
        ("tif", "TIFF", {}),
    ]:
        case(f"{suffix} rgba", encoded(image, kind, **options), over)
        case(f"{suffix} rgba", encoded(image, kind, **options), luma(over), 1)
        case(f"{suffix} rgba", encoded(image, kind, **options), signed(rgba), 4)
    case("png la", encoded(pale, "PNG"), three(grey))
    case("png la", encoded(pale, "PNG"), grey, 1)
    case("png la", encoded(pale, "PNG"), signed(la), 2)
    case("tif la", tiff(la, photometric="minisblack", extrasamples=["unassalpha"]), three(grey))
    once = (RGB * (ALPHA / 255)[..., None]).round().astype("u1")
    flat = signed(once) + 2 * (1 - ALPHA / 255)
    case(
        "tif premultiplied",
        tiff(np.dstack([once, ALPHA]), photometric="rgb", extrasamples=["assocalpha"]),
        flat,
        tolerance=1.5,
    )
    palette = PHOTO.quantize(16)
    indices = np.asarray(palette)
    colours = np.array((palette.getpalette() or [])[:48]).reshape(16, 3)
    alphas = np.linspace(0, 255, 16).round().astype("u1")
    data = encoded(palette, "PNG", transparency=alphas.tobytes())
    case("png palette with alphas", data, on_white(signed(colours[indices]), alphas[indices] / 255))
    case("png palette with alphas", data, signed(np.dstack([colours[indices], alphas[indices]])), 4)
    data = encoded(palette, "GIF", transparency=3)
    case("gif transparent", data, on_white(signed(colours[indices]), indices != 3))
    few = GREY >> 4
    key = int(np.median(few))
    case(
        "png key of 4 bits",
        png(few, 0, 4, chunk(b"tRNS", struct.pack(">H", key))),
        three(on_white(signed(few, 0, 15), few != key)),
    )
    colour = RGB[40, 50]
    apart = (colour != RGB).any(-1)
    case(
        "png key of 8 bits",
        png(RGB, 2, 8, chunk(b"tRNS", struct.pack(">HHH", *map(int, colour)))),
        on_white(signed(RGB), apart),
    )
    deep = DEEP[40, 50]
    apart = (deep != DEEP).any(-1)
    case(
        "png key of 16 bits",
        png(DEEP, 2, 16, chunk(b"tRNS", struct.pack(">HHH", *map(int, deep)))),
        on_white(signed(DEEP, 0, 65535), apart),
    )


def sixteen_bits() -> None:
    truth, exact = signed(DEEP, 0, 65535), 0.02
    grey, alpha = DEEP[..., 1], ALPHA.astype("u2") * 257
    case("png rgb of 16", png(DEEP, 2, 16), truth, tolerance=exact)
    case("png rgb of 16", png(DEEP, 2, 16), luma(truth), 1, tolerance=exact)
    case(
        "png rgba of 16",
        png(np.dstack([DEEP, alpha]), 6, 16),
        on_white(truth, alpha / 65535),
        tolerance=exact,
    )
    case(
        "png rgba of 16",
        png(np.dstack([DEEP, alpha]), 6, 16),
        signed(np.dstack([DEEP, alpha]), 0, 65535),
        4,
        tolerance=exact,
    )
    case(
        "png la of 16",
        png(np.dstack([grey, alpha]), 4, 16),
        on_white(signed(grey, 0, 65535), alpha / 65535),
        1,
        tolerance=exact,
    )
    case("png grey of 16", png(grey, 0, 16), three(signed(grey, 0, 65535)), tolerance=exact)
    case("png grey of 16", png(grey, 0, 16), signed(grey, 0, 65535), 1, tolerance=exact)
    case("png rgb of 16", png(DEEP, 2, 16), None, 5, refused="3 channels")
    case(
        "png 12 bits of 16",
        png(grey >> 4, 0, 16),
        signed(grey >> 4, 0, 4095),
        1,
        tolerance=exact,
        range=[0, 4095],
    )
    for options in (
        {},
        {"compression": "zlib", "predictor": True},
        {"tile": (32, 32)},
        {"byteorder": ">"},
        {"bigtiff": True},
    ):
        case(f"tif rgb of 16 {options}", tiff(DEEP, photometric="rgb", **options), truth, tolerance=exact)
    planar = tiff(np.moveaxis(DEEP, -1, 0), photometric="rgb", planarconfig="separate")
    case("tif rgb of 16, planar", planar, truth, tolerance=exact)
    rgba = tiff(np.dstack([DEEP, alpha]), photometric="rgb", extrasamples=["unassalpha"])
    case("tif rgba of 16", rgba, on_white(truth, alpha / 65535), tolerance=exact)
    case("tif grey of 16", tiff(grey), three(signed(grey, 0, 65535)), tolerance=exact)
    case(
        "tif grey of 16, lzw",
        encoded(Image.fromarray(grey), "TIFF", compression="tiff_lzw"),
        signed(grey, 0, 65535),
        1,
        tolerance=exact,
    )
    turned_ = encoded(
        Image.fromarray(np.ascontiguousarray(grey.T)), "TIFF", compression="tiff_lzw", tiffinfo={274: 5}
    )
    case("tif grey of 16, lzw, turned", turned_, signed(grey, 0, 65535), 1, tolerance=exact)
    case(
        "tif grey of 16, white is zero",
        tiff(grey, photometric="miniswhite"),
        signed(65535 - grey, 0, 65535),
        1,
        tolerance=exact,
    )


def inks() -> None:
    cmyk = np.asarray(PHOTO.convert("CMYK")).copy()
    cmyk[..., 3] = 40
    image = Image.fromarray(cmyk, "CMYK")
    paper = (255 - cmyk[..., :3].astype("f8")) * (255 - 40) / 255
    case("tif cmyk", encoded(image, "TIFF"), signed(paper), tolerance=1.01)
    case("tif cmyk", encoded(image, "TIFF"), signed(cmyk), 4)
    data = encoded(image, "JPEG", quality=98, subsampling=0)
    case("jpg cmyk", data, pillow(data))
    case("jpg ycck", ycck(), None, tolerance=2)
    profile = cmyk_profile()
    if profile is not None:
        data = encoded(image, "TIFF", icc_profile=profile)
        case("tif cmyk with a profile", data, by_lcms(image, profile), tolerance=2)
        case("tif cmyk with a profile", data, signed(paper), profile="raw", tolerance=1.01)


def ycck() -> bytes:
    """The YCCK of Photoshop: inks inverted, the first three as YCbCr, and Adobe's marker with transform 2."""
    inverted = 255 - np.asarray(PHOTO.convert("CMYK"))
    ycc = np.asarray(Image.fromarray(255 - inverted[..., :3]).convert("YCbCr"))
    planes = np.dstack([ycc, inverted[..., 3]])
    data = encoded(Image.fromarray(255 - planes, "CMYK"), "JPEG", quality=98, subsampling=0)
    at = data.index(b"Adobe")
    return data[: at + 11] + b"\x02" + data[at + 12 :]


def profiles() -> None:
    for name, profile in [("display p3", display_p3()), ("adobe rgb", adobe_rgb())]:
        truth = by_lcms(PHOTO, profile)
        assert abs(truth - signed(RGB)).max() * 127.5 > 5
        for suffix, kind, options in [
            ("png", "PNG", {}),
            ("webp", "WEBP", {"lossless": True}),
            ("tif", "TIFF", {}),
        ]:
            data = encoded(PHOTO, kind, icc_profile=profile, **options)
            case(f"{suffix} {name}", data, truth)
            case(f"{suffix} {name}", data, luma(truth), 1, tolerance=1.5)
            case(f"{suffix} {name}", data, signed(RGB), profile="raw")
        data = encoded(PHOTO, "JPEG", quality=95, subsampling=0, icc_profile=profile)
        case(f"jpg {name}", data, by_lcms(Image.open(io.BytesIO(data)), profile))
        rgba = Image.fromarray(np.dstack([RGB, ALPHA]))
        case(
            f"png {name} with alpha",
            encoded(rgba, "PNG", icc_profile=profile),
            on_white(truth, ALPHA / 255),
            tolerance=1.5,
        )
        case(
            f"png {name} as four channels",
            encoded(rgba, "PNG", icc_profile=profile),
            signed(np.asarray(rgba)),
            4,
        )
        palette = PHOTO.quantize(32)
        data = encoded(palette, "PNG", icc_profile=profile)
        case(f"png {name} palette", data, by_lcms(palette.convert("RGB"), profile))
        # Of sixteen bits eight are converted.
        nearest = Image.fromarray(((DEEP.astype("i8") + 128) // 257).astype("u1"))
        case(f"png {name} of 16", png(DEEP, 2, 16, iccp(profile)), by_lcms(nearest, profile))
        case(
            f"png {name} of 16",
            png(DEEP, 2, 16, iccp(profile)),
            signed(DEEP, 0, 65535),
            profile="raw",
            tolerance=0.02,
        )
        case(
            f"tif {name} of 16", tiff(DEEP, photometric="rgb", iccprofile=profile), by_lcms(nearest, profile)
        )
    grey = grey_gamma()
    expected = three(((signed(GREY) + 1) / 2) ** GREY_GAMMA)
    expected = (
        np.where(expected <= 0.0031308, 12.92 * expected, 1.055 * expected ** (1 / 2.4) - 0.055) * 2 - 1
    )
    case("png grey with a profile", encoded(PHOTO.convert("L"), "PNG", icc_profile=grey), expected)
    case("png grey with a profile", encoded(PHOTO.convert("L"), "PNG", icc_profile=grey), expected[:1], 1)
    case("png grey of 16 with a profile", png(GREY.astype("u2") * 257, 0, 16, iccp(grey)), expected)
    case(
        "jpg damaged profile",
        encoded(PHOTO, "JPEG", quality=95, icc_profile=display_p3()[:200]),
        pillow(encoded(PHOTO, "JPEG", quality=95)),
    )
    case("png profile of another space", encoded(PHOTO, "PNG", icc_profile=grey), signed(RGB))


def floats_and_integers() -> None:
    unit = RGB.astype("f4") / 255
    exact: dict[str, Any] = {"tolerance": 0.01}
    for dtype in ("f2", "f4", "f8"):
        case(
            f"tif rgb {dtype}", tiff(unit.astype(dtype), photometric="rgb"), signed(unit, 0, 1), tolerance=0.2
        )
        case(
            f"tif grey {dtype}",
            tiff(unit[..., 0].astype(dtype)),
            signed(unit[..., 0], 0, 1),
            1,
            tolerance=0.2,
        )
        case(f"npy {dtype}", npy(unit.astype(dtype)), signed(unit, 0, 1), tolerance=0.2)
    case("tif rgb f4", tiff(unit, photometric="rgb"), luma(signed(unit, 0, 1)), 1, **exact)
    case("tif grey f4", tiff(unit[..., 0]), three(signed(unit[..., 0], 0, 1)), **exact)
    for compression in ("tiff_lzw", "packbits"):
        data = encoded(Image.fromarray(unit[..., 0]), "TIFF", compression=compression)
        case(f"tif grey f4 {compression}", data, three(signed(unit[..., 0], 0, 1)), **exact)
    case(
        "tif rgba f4",
        tiff(np.dstack([unit, ALPHA / np.float32(255)]), photometric="rgb", extrasamples=["unassalpha"]),
        on_white(signed(unit, 0, 1), ALPHA / 255),
        **exact,
    )
    case("tif f4 of 0 to 255", tiff(RGB.astype("f4"), photometric="rgb"), refused="outside of [0, 1]")
    case(
        "tif f4 of 0 to 255", tiff(RGB.astype("f4"), photometric="rgb"), signed(RGB), range=[0, 255], **exact
    )
    for dtype, low, high in [("i1", -128, 127), ("i2", -32768, 32767), ("u2", 0, 65535), ("u1", 0, 255)]:
        whole = (GREY.astype("i8") * (high - low) // 255 + low).astype(dtype)
        case(f"tif grey {dtype}", tiff(whole), signed(whole, low, high), 1, **exact)
        case(f"npy {dtype}", npy(whole), signed(whole, low, high), 1, **exact)
        case(f"npy >{dtype}", npy(whole.astype(f">{dtype}")), signed(whole, low, high), 1, **exact)
    for dtype in ("u4", "i4"):
        large = GREY.astype(dtype) * 1000
        case(f"tif grey {dtype}", tiff(large), None, 1, refused="whose range is unknown")
        case(f"tif grey {dtype}", tiff(large), signed(large, 0, 255_000), 1, range=[0, 255_000], **exact)
        case(f"npy {dtype}", npy(large), signed(large, 0, 255_000), 1, range=[0, 255_000], **exact)
    case("npy i8", npy(GREY.astype("i8")), signed(GREY), 1, range=[0, 255], **exact)
    case("npy bool", npy(GREY > 100), signed((GREY > 100).astype("u1"), 0, 1), 1, **exact)
    case("npy c8", npy(GREY.astype("c8")), None, 1, refused="an array of")
    case("png range of 8 bits", encoded(PHOTO, "PNG"), signed(RGB, 0, 510), range=[0, 510], **exact)
    case("jpg range of 8 bits", encoded(PHOTO, "JPEG"), None, range=[0, 100], refused="outside of [0, 100]")
    ct = (GREY.astype("i4") * 4000 // 255 - 1000).astype("i2")
    case("npy ct", npy(ct), signed(ct, -1000, 3000), 1, range=[-1000, 3000], **exact)
    case("tif ct", tiff(ct), signed(ct, -1000, 3000), 1, range=[-1000, 3000], **exact)
    holes = ct.copy()
    holes[:20, :20] = -32768
    filled = np.where(holes == -32768, -1000, holes)
    case("tif nodata", tiff(holes), None, 1, range=[-1000, 3000], refused="outside of")
    case(
        "tif nodata",
        tiff(holes),
        None,
        1,
        range=[-1000, 3000],
        nodata=-32768,
        refused="400 of 12,160 samples are missing",
    )
    case(
        "tif nodata",
        tiff(holes),
        signed(filled, -1000, 3000),
        1,
        range=[-1000, 3000],
        nodata=-32768,
        fill=-1000,
        **exact,
    )
    torn = unit[..., 0].copy()
    torn[:20, :20] = np.nan
    for suffix, data in [("tif", tiff(torn)), ("npy", npy(torn))]:
        case(f"{suffix} nan", data, None, 1, refused="400 of 12,160 samples are missing")
        case(f"{suffix} nan", data, signed(np.nan_to_num(torn, nan=0.5), 0, 1), 1, fill=0.5, **exact)
    torn[:20, :20] = -3.4e38
    case(
        "tif nodata of floats",
        tiff(torn),
        signed(np.where(torn < 0, 0, torn), 0, 1),
        1,
        nodata=-3.4e38,
        fill=0,
        **exact,
    )
    torn[:20, :20] = np.inf
    case("npy infinity", npy(torn), None, 1, refused="outside of [0, 1]")
    eight = RGB.copy()
    eight[:20, :20] = 0
    case(
        "png nodata of 8 bits",
        encoded(Image.fromarray(eight), "PNG"),
        signed(np.where(eight == 0, 255, eight)),
        nodata=0,
        fill=255,
        **exact,
    )


def volumes() -> None:
    truth = signed(FIVE)
    deep = FIVE.astype("u2") * 257
    exact: dict[str, Any] = {"tolerance": 0.01}
    pages, bands = np.moveaxis(deep, -1, 0), {"photometric": "rgb", "extrasamples": [0, 0]}
    case("tif five pages", tiff(pages, photometric="minisblack"), truth, 5, **exact)
    case(
        "tif five pages",
        tiff(pages, photometric="minisblack"),
        None,
        3,
        refused="a TIFF of 5 channels in 5 pages, not 3",
    )
    case(
        "tif five pages",
        tiff(pages, photometric="minisblack"),
        None,
        1,
        refused="a TIFF of 5 channels in 5 pages, not 1",
    )
    case("tif three pages", tiff(pages[:3], photometric="minisblack"), signed(RGB), 3, **exact)
    case("tif three pages of 8 bits", tiff(np.moveaxis(RGB, -1, 0), photometric="minisblack"), signed(RGB), 3)
    case(
        "tif two pages in colour",
        tiff(np.stack([RGB, RGB]), photometric="rgb"),
        None,
        3,
        refused="a TIFF of 6 channels in 2 pages, not 3",
    )
    case(
        "tif two pages in colour",
        tiff(np.stack([RGB, 255 - RGB]), photometric="rgb"),
        signed(np.dstack([RGB, 255 - RGB])),
        6,
    )
    for options in ({}, {"compression": "zlib", "predictor": True}, {"tile": (32, 32)}):
        case(f"tif five bands {options}", tiff(deep, **bands, **options), truth, 5, **exact)
    case("tif five bands", tiff(deep, **bands), None, 3, refused="a TIFF of 5 channels, not 3")
    case(
        "tif five bands, planar",
        tiff(pages, planarconfig="separate", photometric="minisblack", extrasamples=[0] * 4),
        truth,
        5,
        **exact,
    )
    case("tif five bands f4", tiff((FIVE / np.float32(255)).astype("f4"), **bands), truth, 5, **exact)
    case("tif five bands of 8 bits", tiff(FIVE, **bands), truth, 5)
    case(
        "tif four bands",
        tiff(FIVE[..., :4], photometric="rgb", extrasamples=[0]),
        None,
        3,
        refused="a TIFF of 4 channels, not 3",
    )
    case("tif four bands", tiff(FIVE[..., :4], photometric="rgb", extrasamples=[0]), truth[:4], 4)
    for array in (
        FIVE,
        np.moveaxis(FIVE, -1, 0),
        np.asfortranarray(FIVE),
        np.asfortranarray(np.moveaxis(FIVE, -1, 0)),
    ):
        case(f"npy five {array.shape} {array.flags.f_contiguous}", npy(array), truth, 5)
    case("npy five", npy(FIVE), None, 3, refused="an array [95, 128, 5], not [H, W, 3] or [3, H, W]")
    differing = io.BytesIO()
    with tifffile.TiffWriter(differing) as writer:
        for page in (GREY, GREY[::2]):
            writer.write(page, photometric="minisblack")
    case(
        "tif pages that differ",
        differing.getvalue(),
        None,
        2,
        refused="a TIFF whose pages differ in size or type",
    )


def turned() -> None:
    """By EXIF and TIFF: how each is stored is how Pillow undoes it, and checked to be so."""
    undone = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    for number in range(1, 9):
        stored = PHOTO if number == 1 else PHOTO.transpose(Image.Transpose(undone[number]))
        exif = Image.Exif()
        exif[274] = number
        for suffix, kind, options in [("png", "PNG", {}), ("webp", "WEBP", {"lossless": True})]:
            data = encoded(stored, kind, exif=exif, **options)
            assert np.array_equal(np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data)))), RGB)
            case(f"{suffix} exif {number}", data, signed(RGB))
        data = encoded(stored, "JPEG", quality=98, subsampling=0, exif=exif)
        case(f"jpg exif {number}", data, signed(RGB), tolerance=12)
        pixels = np.asarray(stored)
        tag = [(274, "H", 1, number, True)]
        case(f"tif orientation {number}", tiff(pixels, photometric="rgb", extratags=tag), signed(RGB))
        case(
            f"tif orientation {number} of 16",
            tiff(pixels.astype("u2") * 257, photometric="rgb", extratags=tag),
            signed(RGB),
        )
        shorts = pixels.astype("u2") * 257
        case(
            f"png exif {number} of 16",
            png(shorts, 2, 16, chunk(b"eXIf", exif.tobytes()[6:])),
            signed(RGB),
            tolerance=0.02,
        )


for make in (eight_bits, transparency, sixteen_bits, inks, profiles, floats_and_integers, volumes, turned):
    make()
(OUT / "table.json").write_text(json.dumps(CASES))
