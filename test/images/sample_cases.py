"""Files of samples that are no photograph's: floats, integers, volumes."""

import io
from typing import Any

import numpy as np
import tifffile
from image_cases import (
    ALPHA,
    FIVE,
    GREY,
    PHOTO,
    RGB,
    by_lcms,
    case,
    encoded,
    luma,
    npy,
    on_white,
    signed,
    three,
    tiff,
)
from PIL import Image
from profiles import display_p3


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
    case("npy of 16 bytes", npy(unit.astype("longdouble")), refused="an array of")
    turned = npy(np.asfortranarray(RGB)).replace(b"'fortran_order': True", b"'fortran_order':True ")
    case("npy without a space", turned, signed(RGB), **exact)
    case("npy in other quotes", npy(RGB).replace(b"'descr'", b'"descr"'), signed(RGB), **exact)
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


def nodata_under() -> None:
    """`nodata` is a value of the file, and is looked for before profile, white and grey are."""
    eight = RGB.copy()
    eight[:20, :20] = 0
    filled = np.where(eight == 0, 10, eight)
    rule: dict[str, Any] = {"nodata": 0, "fill": 10}
    profile = display_p3()
    converted = by_lcms(Image.fromarray(filled), profile)
    for suffix, kind in [("png", "PNG"), ("tif", "TIFF")]:
        data = encoded(Image.fromarray(eight), kind, icc_profile=profile)
        case(f"{suffix} nodata under a profile", data, converted, **rule)
        data = encoded(Image.fromarray(np.dstack([eight, ALPHA])), kind)
        case(f"{suffix} nodata under alpha", data, on_white(signed(filled), ALPHA / 255), **rule)
        data = encoded(Image.fromarray(eight), kind)
        case(f"{suffix} nodata under grey", data, luma(signed(filled)), 1, **rule)
        data = encoded(Image.fromarray(GREY > 100), kind)
        truth = three(signed(np.where(GREY > 100, 255, 10)))
        case(f"{suffix} nodata of 1 bit", data, truth, **rule)


def damaged() -> None:
    whole = bytearray(tiff(RGB.astype("u2") * 257, photometric="rgb", compression="zlib"))
    with tifffile.TiffFile(io.BytesIO(whole)) as file:
        [start], [count] = file.pages[0].dataoffsets, file.pages[0].databytecounts
    whole[start + count - 1] ^= 255
    case("tif with a damaged byte", bytes(whole), refused="incorrect data check")


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
