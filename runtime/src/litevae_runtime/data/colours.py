"""Photographs, which Pillow decodes: to grey or RGB in 8 bits, or to their samples where those have more bits or are wanted."""

import io
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

from ..common.text import counted
from .arrays import wrong_channels
from .bmp import require_plain_bmp
from .exif import orientation_of
from .pixels import Array, Planes
from .png import Png
from .tiff import Samples, upright

_TURNED = (5, 6, 7, 8)

# Tags of TIFF.
_PHOTOMETRIC, _COLOUR_MAP = 262, 320


def opened(data: bytes, format_: str, page: int = 0) -> Image.Image:
    """A page of the image in a file's bytes, of any format but PNG; its pixels are decoded when they are asked for."""
    if format_ == "BMP":
        require_plain_bmp(data)
    image = Image.open(io.BytesIO(data), formats=[format_])
    if page > 0:
        # Pillow keeps the profile of the page before.
        image.info.pop("icc_profile", None)
        image.seek(page)
    if format_ == "TIFF":
        _widen_colour_map(image)
    return _whole_gif(image) if format_ == "GIF" else image


def opened_png(png: Png) -> Image.Image:
    """A PNG, decoded."""
    image = Image.open(io.BytesIO(png.data), formats=["PNG"])
    raw = _raw_mode(image)
    image.load()
    _require_last_row(png, image)
    _widen_transparency(image, raw)
    image.info |= {"exif": png.exif, "icc_profile": png.profile}
    return image


def _require_last_row(png: Png, image: Image.Image) -> None:
    """Pillow leaves rows at 0 which a PNG does not have."""
    last = image.crop((0, image.height - 1, *image.size))
    if png.is_interlaced or not any(last.tobytes()):
        png.require_pixels()


def _widen_colour_map(image: Image.Image) -> None:
    """Pillow takes the upper byte of every colour in a TIFF's map, and some maps have the lower one alone."""
    colours = getattr(image, "tag_v2", {}).get(_COLOUR_MAP, ())
    if image.mode == "P" and max(colours, default=256) < 256:
        count = len(colours) // 3
        image.putpalette(bytes(value for i in range(count) for value in colours[i::count]))


def _whole_gif(image: Image.Image) -> Image.Image:
    """Zeros where the first frame has no colour, as libvips has it: Pillow takes the background's, or the transparent one."""
    extent = getattr(image, "dispose_extent", None)
    clear = "transparency" in image.info
    if extent is None or (not clear and extent == (0, 0, *image.size)):
        return image
    frame = image.convert("RGBA").crop(extent)
    whole = Image.new("RGBA" if clear else "RGB", image.size)
    whole.paste(frame, extent, frame.getchannel("A"))
    whole.format = image.format
    return whole


def _raw_mode(image: Image.Image) -> str:
    [tile, *_] = getattr(image, "tile", None) or [None]
    return "" if tile is None or not isinstance(tile.args, str) else tile.args


def _widen_transparency(image: Image.Image, raw: str) -> None:
    """Pillow widens grey of 2 and 4 bits to 8, and leaves the transparent value of tRNS as it was."""
    transparent = image.info.get("transparency")
    if raw in ("L;2", "L;4") and isinstance(transparent, int):
        image.info["transparency"] = transparent * (255 // (2 ** int(raw[2:]) - 1))


def deep_samples(png: Png) -> tuple[Array, Array | None]:
    """Colours [C, H, W] and alpha [H, W], uint16, of a PNG of 16 bits, upright.

    Pillow takes the upper byte of every sample where there are several. What it calls little-endian is the lower one.
    """
    images = [Image.open(io.BytesIO(png.data), formats=["PNG"]) for _ in range(2)]
    raw = _raw_mode(images[0])
    for image, other in zip(images, _BYTES[raw], strict=True):
        image.tile = [image.tile[0]._replace(args=other)]
        if raw == "LA;16B":
            image._mode = "RGBA"
        image.load()
        _require_last_row(png, image)
    if raw == "I;16B":
        samples = np.asarray(images[0])[None].astype(np.uint16)
    elif raw == "LA;16B":
        # Four bytes a pixel, which are two samples.
        samples = np.moveaxis(np.asarray(images[0]).view(">u2").astype(np.uint16), -1, 0)
    else:
        high, low = (np.moveaxis(np.asarray(image), -1, 0).astype(np.uint16) for image in images)
        samples = (high << 8 | low).astype(np.uint16)
    samples = upright(samples, orientation_of(png.exif))
    count = 1 if raw in ("I;16B", "LA;16B") else 3
    alpha = samples[count] if len(samples) > count else None
    key = images[0].info.get("transparency")
    if alpha is None and key is not None:
        apart = samples != np.reshape(np.asarray(key, np.uint16), (-1, 1, 1))
        alpha = apart.any(0) * np.uint16(65535)
    return samples[:count], alpha


_BYTES = {
    "I;16B": ("I;16B", "I;16B"),
    "LA;16B": ("RGBA", "RGBA"),
    "RGB;16B": ("RGB;16B", "RGB;16L"),
    "RGBA;16B": ("RGBA;16B", "RGBA;16L"),
}


def own_samples(image: Image.Image, channels: int) -> Array:
    """The samples [C, H, W] of an image of 8 bits for a model of neither 1 nor 3 channels, upright."""
    if "transparency" in image.info:
        image = image.convert("LA" if image.mode in ("1", "L") else "RGBA")
    elif image.mode == "P":
        image = image.convert("RGB")
    bands = len(image.getbands())
    if bands != channels:
        raise wrong_channels(f"{counted(bands, 'channel')} ({image.mode}), not {channels}", channels)
    pixels = np.asarray(upright_image(image))
    return np.moveaxis(pixels.reshape(*pixels.shape[:2], -1), -1, 0)


def converted(image: Image.Image, mode: str, profile: bytes | None) -> Image.Image:
    """Grey or RGB in sRGB, with transparency on white: what lies under transparent pixels was never meant to be seen.

    `profile` is what the image's numbers mean; None where they are taken for sRGB.
    """
    image, alpha = _apart(image)
    if profile is not None:
        image = _in_srgb(image, profile)
    if alpha is not None:
        white = Image.new("RGB", image.size, "white")
        white.paste(image.convert("RGB"), mask=alpha)
        image = white
    return image if image.mode == mode else image.convert(mode)


def _apart(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Colours and alpha."""
    alpha = None
    if image.has_transparency_data:
        rgba = image.convert("LA").convert("RGBA") if image.mode == "La" else image.convert("RGBA")
        alpha = rgba.getchannel("A")
        image = rgba.convert("RGB") if image.mode not in ("L", "LA", "La", "1") else rgba.getchannel("R")
    image.load()
    return image, alpha


def samples_of(image: Image.Image, profile: bytes | None) -> Samples:
    """Grey or RGB in 8 bits before profile and white, upright; inks become RGB by `profile`."""
    colours, alpha = _apart(upright_image(image))
    if colours.mode == "CMYK" and profile is not None:
        colours, profile = _in_srgb(colours, profile), None
    if colours.mode not in ("L", "RGB"):
        colours = colours.convert("L" if colours.mode == "1" else "RGB")
    pixels = np.asarray(colours)
    planes = np.moveaxis(pixels.reshape(*pixels.shape[:2], -1), -1, 0)
    # Pillow has turned such samples over, and what is declared is of those in the file.
    inverted = image.format == "TIFF" and getattr(image, "tag_v2", {}).get(_PHOTOMETRIC) == 0
    opaque = None if alpha is None else np.asarray(alpha)
    return Samples(255 - planes if inverted else planes, opaque, False, profile, inverted)


# What lcms can be given, and what other modes are turned into first.
_OF_PROFILES = {"L": "L", "1": "L", "CMYK": "CMYK"}


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """RGB by the colour profile; the image as it is where the profile is damaged or of another colour space."""
    mode = _OF_PROFILES.get(image.mode, "RGB")
    transform = _transform(profile, mode)
    if transform is None:
        return image
    found = ImageCms.applyTransform(image if image.mode == mode else image.convert(mode), transform)
    assert found is not None
    return found


@lru_cache(maxsize=32)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """With the intent that sharp uses in `litevae run`: perceptual, which between matrix profiles is colorimetric."""
    try:
        given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.buildTransform(given, ImageCms.createProfile("sRGB"), mode, "RGB")
    except (ImageCms.PyCMSError, OSError):
        return None


def on_white(signed: Planes, alpha: Planes) -> Planes:
    """[C, H, W] in [-1, 1] over white; `alpha` [H, W] is 1 where it is opaque."""
    return np.float32(1) - (np.float32(1) - signed) * alpha


def divided(signed: Planes, alpha: Planes) -> Planes:
    """Colours that were multiplied by alpha, without it; black where it is 0."""
    colours = np.divide(signed + 1, alpha, out=np.zeros_like(signed), where=alpha > 0)
    return np.clip(colours, 0, 2) - np.float32(1)


def in_srgb(signed: Planes, profile: bytes) -> Planes:
    """[1 or 3, H, W] in [-1, 1] by a colour profile, in 8 bits; as they are where it does not fit."""
    # Halves go up, as in JavaScript's Math.round.
    pixels = np.floor((np.clip(signed.astype(np.float64), -1, 1) + 1) * 127.5 + 0.5).astype(np.uint8)
    image = Image.fromarray(
        pixels[0] if len(pixels) == 1 else np.ascontiguousarray(np.moveaxis(pixels, 0, -1))
    )
    found = _in_srgb(image, profile)
    return signed if found is image else np.moveaxis(np.asarray(found), -1, 0).astype(np.float32) / 127.5 - 1


def luma(rgb: Planes) -> Planes:
    """ITU-R 601 of [3, H, W] as [1, H, W], with Pillow's weights."""
    weights = np.array([19595, 38470, 7471], np.float64) / 65536
    return np.tensordot(weights, rgb, 1)[None].astype(np.float32)


def upright_image(image: Image.Image) -> Image.Image:
    """The image upright."""
    image.load()
    number = orientation(image)
    return image if number == 1 else image.transpose(_TRANSPOSE[number])


def upright_size(image: Image.Image) -> tuple[int, int]:
    """Width and height of the image upright, before it is decoded."""
    return (image.height, image.width) if orientation(image) in _TURNED else image.size


_TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def orientation(image: Image.Image) -> int:
    """What EXIF says, 1 to 8. Pillow turns TIFFs itself. XMP, which it looks into as well, is not asked."""
    return 1 if image.format == "TIFF" else orientation_of(image.info.get("exif", b""))
