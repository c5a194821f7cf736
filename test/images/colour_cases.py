"""Files of a photograph in other colours: inks, and those of a profile."""

import io

import numpy as np
from image_cases import (
    ALPHA,
    DEEP,
    GREY,
    PHOTO,
    RGB,
    by_lcms,
    case,
    encoded,
    iccp,
    luma,
    on_white,
    pillow,
    png,
    signed,
    three,
    tiff,
)
from PIL import Image
from profiles import GREY_GAMMA, adobe_rgb, cmyk_profile, display_p3, grey_gamma


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
    deep = GREY.astype("u2") * 257
    for suffix, data in [("png", png(deep, 0, 16, iccp(grey))), ("tif", tiff(deep, iccprofile=grey))]:
        case(f"{suffix} grey of 16 with a profile", data, expected)
        case(f"{suffix} grey of 16 with a profile", data, expected[:1], 1)
    case(
        "jpg damaged profile",
        encoded(PHOTO, "JPEG", quality=95, icc_profile=display_p3()[:200]),
        pillow(encoded(PHOTO, "JPEG", quality=95)),
    )
    case("png profile of another space", encoded(PHOTO, "PNG", icc_profile=grey), signed(RGB))
