"""Files of a photograph: eight and sixteen bits, transparency, and those that are turned."""

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
    case,
    chunk,
    encoded,
    luma,
    on_white,
    pillow,
    png,
    signed,
    three,
    tiff,
)
from PIL import Image, ImageOps
from profiles import display_p3


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
    small = RGB[::2, ::2]
    case("tif tiled", tiff(RGB, photometric="rgb", tile=(32, 48), compression="zlib", predictor=True), truth)
    case("tif with a thumbnail", paged(RGB, small), truth)
    case("tif with a thumbnail before it", paged(small, RGB), truth)
    case("tif with a thumbnail of grey before it", paged(GREY[::2, ::2], RGB), luma(truth), 1)
    case("tif of grey with a thumbnail before it", paged(small, GREY), three(signed(GREY)))
    case("tif of 16 with a thumbnail before it", paged(small, DEEP), signed(DEEP, 0, 65535))
    case(
        "tif with a thumbnail before it",
        paged(small, np.dstack([RGB, ALPHA])),
        signed(np.dstack([RGB, ALPHA])),
        4,
    )
    profiled = paged(small, RGB, iccprofile=display_p3())
    case("tif with a thumbnail with a profile before it", profiled, truth)
    for options in ({}, {"compression": "zlib"}, {"tile": (32, 48)}):
        separate = {"photometric": "rgb", "planarconfig": "separate", **options}
        case(f"tif planar {options}", tiff(np.moveaxis(RGB, -1, 0), **separate), truth)
    ycc = PHOTO.convert("YCbCr")
    expected = signed(np.asarray(ycc.convert("RGB")))
    for options in ({}, {"compression": "zlib", "predictor": 2}, {"tile": (32, 48)}, {"byteorder": ">"}):
        data = tiff(np.asarray(ycc), photometric="ycbcr", subsampling=(1, 1), **options)
        case(f"tif ycbcr {options}", data, expected, tolerance=1.01)
        case(f"tif ycbcr {options}", data, luma(expected), 1, tolerance=1.5)
    case("tif ycbcr of Pillow", encoded(ycc, "TIFF"), expected, tolerance=1.01)
    case("tif ycbcr of Pillow, lzw", encoded(ycc, "TIFF", compression="tiff_lzw"), expected, tolerance=1.01)
    case("tif ycbcr as jpeg", encoded(PHOTO, "TIFF", compression="jpeg", quality=98), None)
    case(
        "tif ycbcr subsampled",
        tiff(np.asarray(ycc), photometric="ycbcr", subsampling=(1, 1)).replace(
            struct.pack("<HHIHH", 530, 3, 2, 1, 1), struct.pack("<HHIHH", 530, 3, 2, 2, 1)
        ),
        refused="a TIFF of YCbCr that is subsampled",
    )
    case("png empty", b"", refused="the file is empty")


def paged(*pages: np.ndarray, **of_first: Any) -> bytes:
    """Pages of which the smaller is said to be reduced."""
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        for number, page in enumerate(pages):
            writer.write(
                page,
                photometric="minisblack" if page.ndim == 2 else "rgb",
                extrasamples=["unassalpha"] if page.shape[-1] == 4 else None,
                subfiletype=int(len(page) < HEIGHT),
                metadata=None,
                **({} if number else of_first),
            )
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
    case(
        "png key of 8 bits",
        png(RGB, 2, 8, chunk(b"tRNS", struct.pack(">HHH", *map(int, colour)))),
        signed(np.dstack([RGB, apart.astype("u1") * 255])),
        4,
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
