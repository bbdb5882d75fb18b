"""Colour profiles of photos: what they hold is brought to sRGB, as apps do and as most photos are."""

from __future__ import annotations

import functools
import io
from itertools import product

import numpy as np
from PIL import Image, ImageCms

_SAME = 4  # of 255, by which colours may differ in a profile that counts as sRGB
_LARGEST = 4 * 2**20  # bytes of a profile; those of displays have a few hundred to a few thousand
_UNREADABLE = (ImageCms.PyCMSError, OSError, ValueError, TypeError)

OTHER, DAMAGED = "other", "damaged"


def profile_of(image: Image.Image) -> str:
    """`OTHER` if a photo has red, green and blue by another profile than sRGB, `DAMAGED` by one that cannot be read.

    Otherwise it is empty, as for grey and print, whose profiles are not used.

    Args:
        image: As Pillow opened it.
    """
    if image.mode not in ("RGB", "RGBA", "RGBX", "P", "PA") or not (profile := image.info.get("icc_profile")):
        return ""
    return DAMAGED if len(profile) > _LARGEST else _kind(profile)


def in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """An RGB picture whose profile is another one in sRGB."""
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    assert converted is not None
    return converted


@functools.lru_cache(maxsize=32)
def _kind(profile: bytes) -> str:
    grid = np.array([*product((0, 64, 128, 192, 255), repeat=3)], np.uint8)[np.newaxis]
    try:
        if ImageCms.ImageCmsProfile(io.BytesIO(profile)).profile.xcolor_space.strip() != "RGB":
            return DAMAGED
        found = np.asarray(in_srgb(Image.fromarray(grid), profile))
    except _UNREADABLE:
        return DAMAGED
    return OTHER if np.abs(found.astype(int) - grid).max() > _SAME else ""
