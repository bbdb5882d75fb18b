from __future__ import annotations

import io
import itertools
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from anenas.data._colour_profiles import DAMAGED, OTHER, in_srgb, profile_of

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
COLOURS = np.array([*itertools.product((0, 64, 128, 192, 255), repeat=3)], np.uint8)[None]


def with_gamma(gamma: float) -> bytes:
    """The profile of sRGB with another exponent of its curves, which is 2.4."""
    curve = b"para\0\0\0\0\0\3\0\0"
    was, becomes = (curve + struct.pack(">i", round(one * 2**16)) for one in (2.4, gamma))
    assert was in SRGB
    return SRGB.replace(was, becomes)


def swapped() -> bytes:
    """The profile of sRGB with red and blue in each other's place."""
    return SRGB.replace(b"rXYZ", b"----").replace(b"bXYZ", b"rXYZ").replace(b"----", b"bXYZ")


def found(profile: bytes | None, mode: str = "RGB") -> str:
    image = Image.new(mode, (2, 2))
    if profile is not None:
        image.info["icc_profile"] = profile
    return profile_of(image)


def test_photos_of_srgb_or_without_a_profile_need_nothing() -> None:
    assert found(SRGB) == found(None) == found(b"") == ""


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "RGBX", "P", "PA"])
def test_photos_with_red_green_and_blue_are_of_another_profile_or_a_damaged_one(mode: str) -> None:
    assert found(swapped(), mode) == OTHER
    assert found(b"no profile", mode) == DAMAGED


@pytest.mark.parametrize("mode", ["L", "LA", "1", "I;16", "F", "CMYK", "LAB"])
def test_profiles_of_grey_and_print_are_not_used(mode: str) -> None:
    assert found(swapped(), mode) == found(b"no profile", mode) == ""


@pytest.mark.parametrize("space", ["LAB", "XYZ"])
def test_a_profile_of_other_colours_than_red_green_and_blue_is_damaged(space: str) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile(space))  # type: ignore[arg-type]
    assert found(profile.tobytes()) == DAMAGED


def test_a_profile_that_was_cut_off_is_damaged() -> None:
    assert found(SRGB[: len(SRGB) // 2]) == DAMAGED


def test_a_profile_of_more_than_four_mebibytes_is_not_looked_at() -> None:
    assert found(SRGB.ljust(4 * 2**20, b"\0")) == ""
    assert found(SRGB.ljust(4 * 2**20 + 1, b"\0")) == DAMAGED


def test_a_profile_that_moves_no_colour_by_more_than_four_of_255_counts_as_srgb() -> None:
    to = ImageCms.createProfile("sRGB")
    tried = {}
    for gamma in np.arange(2.2, 2.65, 0.01):
        profile = with_gamma(gamma)
        moved = ImageCms.profileToProfile(
            Image.fromarray(COLOURS), ImageCms.ImageCmsProfile(io.BytesIO(profile)), to, outputMode="RGB"
        )
        furthest = int(np.abs(np.asarray(moved).astype(int) - COLOURS).max())
        tried.setdefault(furthest, set()).add(found(profile))
    assert {0, 3, 4, 5, 6} <= tried.keys()
    assert tried == {furthest: {OTHER if furthest > 4 else ""} for furthest in tried}


def test_what_another_profile_holds_is_brought_to_srgb() -> None:
    brought = in_srgb(Image.fromarray(COLOURS), swapped())
    assert brought.mode == "RGB"
    np.testing.assert_allclose(np.asarray(brought).astype(int), COLOURS[..., ::-1], atol=1)
    brighter = np.asarray(in_srgb(Image.new("RGB", (1, 1), (128, 128, 128)), with_gamma(1.8)))
    assert (brighter > 150).all()
