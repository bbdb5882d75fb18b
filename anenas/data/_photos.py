"""One photo: what its header tells, and drawing it at the size and channels of the network's input."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from anenas._errors import AnenasError
from anenas.data._colour_profiles import OTHER, in_srgb, profile_of

BILINEAR = Image.Resampling.BILINEAR  # Pillow widens the filter when it shrinks, so nothing aliases
_DEEP = ("I", "F")  # what the names of modes of more than 8 bits begin with; all are grey
_GREY = ("1", "L", "LA")
_RANGES = (1, 255, 4095, 65535)  # largest values that pictures are usually meant to hold
_TURNED = (5, 6, 7, 8)  # orientations in EXIF that lie on their side
_ORIENTATIONS = range(2, 9)  # all that are not upright
_ORIENTATION = 0x0112
_WHITE_IS_ZERO = (262, 0)  # tag and value of TIFF; Pillow heeds it in pictures of 8 bits alone

MOST_PIXELS = 89_478_485
"""Of a picture as it is decoded: from there on, Pillow warns of one that is made to fill the memory."""
MANY_PIXELS = 2**24
"""From here on, pictures are made smaller before anything else is done."""

Range = tuple[float, float]
"""The values that become black and white."""


@dataclass(frozen=True)
class Look:
    """What matters of a picture before it is drawn.

    Attributes:
        width: In pixels, upright.
        height: In pixels, upright.
        grey: Whether it has one channel only. A palette counts as colour.
        transparent: Whether parts of it may be transparent.
        cmyk: Whether its colours are those of print.
        several: Whether it has other frames or pages than the first.
        deep: "integer" or "float", if its values are of more than 8 bits; otherwise empty.
        values: The lowest and the highest of these values.
        profile: What is the matter with its colour profile, see `profile_of`.
        turned: Whether it lies on its side or upside down, or is mirrored, and its EXIF says so.
    """

    width: int
    height: int
    grey: bool = False
    transparent: bool = False
    cmyk: bool = False
    several: bool = False
    deep: str = ""
    values: Range = (0, 255)
    profile: str = ""
    turned: bool = False


def look_at(image: Image.Image) -> Look:
    """Read what matters of a picture from its header; one of more than 8 bits is decoded for it.

    Args:
        image: As Pillow opened it.

    Raises:
        AnenasError: If values are no numbers, or too many.
    """
    width, height = image.size
    orientation = image.getexif().get(_ORIENTATION, 1)
    if image.format != "TIFF" and orientation in _TURNED:  # Pillow turns TIFF itself
        width, height = height, width
    is_deep = image.mode.startswith(_DEEP)
    if is_deep:
        check_pixels(image)
    return Look(
        width,
        height,
        grey=is_deep or image.mode in _GREY or _is_deep_with_alpha(image),
        transparent=image.has_transparency_data,
        cmyk=image.mode == "CMYK",
        several=getattr(image, "is_animated", False) and image.format != "MPO",  # whose others are no pages but depth
        deep="" if not is_deep else "float" if image.mode == "F" else "integer",
        values=_extremes(image) if is_deep else (0, 255),
        profile=profile_of(image),
        turned=orientation in _ORIENTATIONS,
    )


def _is_deep_with_alpha(image: Image.Image) -> bool:
    """Whether it is a PNG of 16-bit grey with alpha, which Pillow opens as colour."""
    return any(tile[3] == "LA;16B" for tile in getattr(image, "tile", ()))


def _extremes(image: Image.Image) -> Range:
    array = np.asarray(image)
    lowest, highest = float(array.min()), float(array.max())
    if not np.isfinite(highest - lowest):
        raise AnenasError("it contains values that are not finite")
    return lowest, highest


def is_proportional(size: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether pictures can be scaled from one size to the other, (height, width), to the pixel."""
    scale = max(a / b for a, b in zip(other, size, strict=True))
    return all(abs(scale * a - b) < 1 for a, b in zip(size, other, strict=True))


def common_range(values: Iterable[Range]) -> Range:
    """The range of values that pictures of more than 8 bits share: 0 to 1, or of 8, 12 or 16 bits, as they need.

    If there are negative or larger values, it is from the lowest to the highest of all, or from 0.

    Args:
        values: The lowest and the highest of each picture.
    """
    lows, highs = zip(*values, strict=True)
    low, high = min(lows), max(highs)
    if low < 0:
        return low, high
    return 0, next((top for top in _RANGES if high <= top), high)


def draw_photo(
    image: Image.Image, size: tuple[int, int], channels: int, values: Range | None = None
) -> NDArray[np.uint8]:
    """A photo, upright and on white, resized to cover `size` and cropped to its centre.

    Args:
        image: As Pillow opened it, in any mode.
        size: (height, width).
        channels: 1 or 3.
        values: What becomes black and white, if it has more than 8 bits; by default what suits this one.

    Returns:
        Shape (channels, height, width).
    """
    image.draft(None, (2 * max(size), 2 * max(size)))  # lets a large JPEG decode at a fraction of its size
    check_pixels(image)
    if image.mode.startswith(_DEEP):
        image = _of_eight_bits(image, values or common_range([_extremes(image)]))
    profile = image.info["icc_profile"] if profile_of(image) == OTHER else None
    upright = ImageOps.exif_transpose(_reduced(image, 2 * max(size)))
    fitted = ImageOps.fit(in_channels(upright, 3 if profile else channels), size[::-1], BILINEAR)
    return planes(in_channels(in_srgb(fitted, profile), channels) if profile else fitted)


def check_pixels(image: Image.Image) -> None:
    """Check that there is memory for a picture at the size that it will be decoded at.

    Raises:
        AnenasError: If it is too large.
    """
    if image.width * image.height > MOST_PIXELS:
        raise AnenasError(
            f"it has {image.width}×{image.height} pixels, but at most {MOST_PIXELS // 10**6} million can be decoded"
        )


def _reduced(image: Image.Image, side: int) -> Image.Image:
    """A picture of very many pixels at a whole fraction of its size, whose sides stay as long as `side`.

    What follows takes several copies of all pixels.
    """
    factor = min(image.size) // side
    if factor < 2 or image.width * image.height < MANY_PIXELS:
        return image
    if image.has_transparency_data:
        plain = image.convert("RGBA")
    else:
        plain = image if image.mode in ("L", "RGB") else image.convert("RGB")
    exif, reduced = image.getexif(), plain.reduce(factor)
    reduced.getexif().update(exif)
    return reduced


def _of_eight_bits(image: Image.Image, values: Range) -> Image.Image:
    """Grey of more than 8 bits scaled to 8, which Pillow's own conversion would clip at 255."""
    array, (low, high) = np.asarray(image), values
    tag, value = _WHITE_IS_ZERO
    is_negative = getattr(image, "tag_v2", {}).get(tag) == value
    pixels, step = np.empty(array.shape, np.uint8), max(1, MANY_PIXELS // array.shape[1])
    for start in range(0, len(array), step):  # as floats take several times the memory
        given = array[start : start + step]
        scaled = np.rint((given.astype(np.float32) - low) * (255 / max(high - low, 1e-30))).clip(0, 255)
        if is_negative:
            scaled = 255 - scaled
        if "transparency" in image.info:
            scaled[given == image.info["transparency"]] = 255
        pixels[start : start + step] = scaled
    drawn = Image.fromarray(pixels)
    drawn.getexif().update(image.getexif())
    return drawn


def in_channels(image: Image.Image, channels: int) -> Image.Image:
    """A picture of 8 bits as "L", the luma of ITU-R 601, or as "RGB"; what is transparent becomes white."""
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    if channels == 1 and image.mode in ("1", "L"):
        return image.convert("L")
    colour = image.convert("RGB")  # there are modes that cannot become "L" at once
    return colour if channels == 3 else colour.convert("L")


def planes(image: Image.Image) -> NDArray[np.uint8]:
    """Pixels as (channels, height, width)."""
    pixels = np.asarray(image)
    return np.moveaxis(pixels, 2, 0) if pixels.ndim == 3 else pixels[np.newaxis]
