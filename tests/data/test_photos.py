from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from anenas._errors import AnenasError
from anenas.data import _photos
from anenas.data._photos import check_pixels, common_range, draw_photo, look_at

SIZE = (7, 9)
random = np.random.default_rng(0)


def noise(*channels: int, most: int = 256, dtype: Any = np.uint8) -> NDArray[Any]:
    return random.integers(0, most, (*SIZE, *channels), dtype)


def stored(image: Image.Image, form: str = "png", **more: Any) -> Image.Image:
    """The picture as it is read from a file."""
    file = io.BytesIO()
    image.save(file, form, **more)
    return Image.open(file)


def drawn(image: Image.Image, channels: int = 3, **more: Any) -> NDArray[Any]:
    """At its own size, channels last."""
    return np.moveaxis(draw_photo(image, SIZE, channels, **more), 0, 2).astype(float)


def on_white(colours: NDArray[Any], alpha: NDArray[Any]) -> NDArray[Any]:
    share = alpha[..., np.newaxis] / 255
    return colours * share + 255 * (1 - share)


def luma(colours: NDArray[Any]) -> NDArray[Any]:
    return (colours @ [0.299, 0.587, 0.114])[..., np.newaxis]


def test_a_photo_keeps_its_proportions_and_its_centre() -> None:
    pixels = np.zeros((10, 30, 3), np.uint8)
    pixels[:, 10:20] = (255, 0, 0)
    drawn = draw_photo(Image.fromarray(pixels), (10, 10), 3)
    assert drawn.shape == (3, 10, 10)
    assert drawn[0].min() == 255 and drawn[1:].max() == 0


def test_a_photo_is_turned_upright() -> None:
    pixels = np.zeros((20, 20, 3), np.uint8)
    pixels[:10] = 255
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    drawn = draw_photo(stored(Image.fromarray(pixels), exif=exif), (20, 20), 1)
    assert drawn[0, :9].max() == 0 and drawn[0, 11:].min() == 255


def test_sixteen_bit_grey_is_scaled_not_clipped() -> None:
    image = Image.fromarray(np.array([[0, 0x8000], [0x4000, 0xFFFF]], np.uint16))
    drawn = draw_photo(stored(image), (2, 2), 1)
    np.testing.assert_array_equal(drawn[0], [[0, 128], [64, 255]])


def test_a_large_jpeg_looks_the_same_as_without_the_shortcut() -> None:
    ramp = np.tile(np.linspace(0, 255, 800).astype(np.uint8), (600, 1))
    shortcut = draw_photo(stored(Image.fromarray(ramp), "jpeg", quality=95), (32, 32), 1)
    plain = draw_photo(Image.fromarray(ramp), (32, 32), 1)
    np.testing.assert_allclose(shortcut.astype(int), plain.astype(int), atol=3)


@pytest.mark.parametrize("form", ["png", "webp", "tiff"])
def test_what_is_transparent_is_drawn_on_white(form: str) -> None:
    pixels = noise(4)
    image = stored(Image.fromarray(pixels), form, **({"lossless": True, "exact": True} if form == "webp" else {}))
    wanted = on_white(pixels[..., :3], pixels[..., 3])
    assert look_at(image).transparent and not look_at(image).grey
    np.testing.assert_allclose(drawn(image), wanted, atol=1)
    np.testing.assert_allclose(drawn(image, 1), luma(wanted), atol=2)


def test_transparent_grey_is_drawn_on_white_and_stays_grey() -> None:
    pixels = noise(2)
    image = stored(Image.fromarray(pixels, "LA"))
    wanted = on_white(pixels[..., :1], pixels[..., 1])
    assert look_at(image).transparent and look_at(image).grey
    np.testing.assert_allclose(drawn(image, 1), wanted, atol=1)
    np.testing.assert_allclose(drawn(image), np.repeat(wanted, 3, 2), atol=1)


@pytest.mark.parametrize("transparency", [5, bytes(range(256))])
def test_a_palette_is_looked_up_and_what_is_transparent_in_it_drawn_on_white(transparency: int | bytes) -> None:
    palette, chosen = random.integers(0, 256, (256, 3), np.uint8), noise()
    chosen[0, 0] = 5
    image = Image.fromarray(chosen)
    image.putpalette(palette.tobytes())
    np.testing.assert_array_equal(drawn(stored(image)), palette[chosen])
    alphas = np.full(256, 255)
    if isinstance(transparency, int):
        alphas[transparency] = 0
    else:
        alphas[:] = list(transparency)
    image = stored(image, transparency=transparency)
    assert look_at(image).transparent and not look_at(image).grey
    np.testing.assert_allclose(drawn(image), on_white(palette[chosen], alphas[chosen]), atol=1)


def test_one_transparent_colour_of_a_png_is_drawn_white() -> None:
    colours, grey, deep = noise(3, most=4), noise(most=4), noise(most=60000, dtype=np.uint16)
    is_it = (colours == (1, 2, 3)).all(2)
    colours[0, 0], is_it[0, 0] = (1, 2, 3), True
    image = stored(Image.fromarray(colours), transparency=(1, 2, 3))
    np.testing.assert_array_equal(drawn(image), np.where(is_it[..., np.newaxis], 255, colours))
    image = stored(Image.fromarray(grey), transparency=2)
    np.testing.assert_array_equal(drawn(image, 1)[..., 0], np.where(grey == 2, 255, grey))
    image = stored(Image.fromarray(deep), transparency=int(deep[3, 3]))
    wanted = np.where(deep == deep[3, 3], 255, np.rint(deep / 65535 * 255))
    np.testing.assert_array_equal(drawn(image, 1)[..., 0], wanted)


def test_black_and_white_is_grey() -> None:
    pixels = noise(most=2) * 255
    image = stored(Image.fromarray(pixels).convert("1"))
    assert image.mode == "1" and look_at(image).grey
    np.testing.assert_array_equal(drawn(image, 1)[..., 0], pixels)


@pytest.mark.parametrize("form", ["jpeg", "tiff"])
def test_cmyk_is_the_light_that_the_inks_leave(form: str) -> None:
    inks = np.repeat(np.repeat(noise(4), 16, 0), 16, 1)  # blocks as large as a JPEG's keep their colours
    image = stored(Image.fromarray(inks, "CMYK"), form, **({"quality": 100} if form == "jpeg" else {}))
    assert image.mode == "CMYK" and look_at(image).cmyk
    wanted = (255 - inks[..., :3].astype(float)) * (255 - inks[..., 3:]) / 255
    found = np.moveaxis(draw_photo(image, inks.shape[:2], 3), 0, 2)
    np.testing.assert_allclose(found, wanted, atol=6)


def test_a_large_cmyk_jpeg_looks_the_same_as_without_the_shortcut() -> None:
    inks = np.zeros((512, 512, 4), np.uint8)
    inks[..., 0] = np.linspace(0, 255, 512)
    inks[..., 3] = np.linspace(0, 128, 512)[:, np.newaxis]
    image = Image.fromarray(inks, "CMYK")
    shortcut, plain = (draw_photo(one, (32, 32), 3) for one in (stored(image, "jpeg", quality=95), image))
    assert np.ptp(plain[0]) > 200
    np.testing.assert_allclose(shortcut.astype(int), plain.astype(int), atol=4)


@pytest.mark.parametrize(("form", "dtype"), [("png", "<u2"), ("tiff", "<u2"), ("tiff", ">u2"), ("tiff", "<i4")])
def test_deep_grey_is_scaled_by_the_range_it_is_drawn_in(form: str, dtype: str) -> None:
    pixels = noise(most=4000, dtype=np.uint16)
    image = stored(Image.fromarray(pixels.astype(dtype)), form)
    look = look_at(image)
    assert (look.grey, look.deep, look.values) == (True, "integer", (pixels.min(), pixels.max()))
    for top in (4095, 65535):
        found = drawn(image, 1, values=(0, top))
        np.testing.assert_array_equal(found[..., 0], np.rint(pixels * (255 / top)))
    np.testing.assert_array_equal(drawn(image, 1), drawn(image, 1, values=(0, 4095)))
    np.testing.assert_array_equal(drawn(image)[..., 2], drawn(image, 1)[..., 0])


def test_floats_are_scaled_not_clipped() -> None:
    pixels = random.random(SIZE, np.float32)
    image = stored(Image.fromarray(pixels), "tiff")
    assert image.mode == "F" and look_at(image).deep == "float"
    np.testing.assert_allclose(drawn(image, 1)[..., 0], pixels * 255, atol=0.51)


def test_floats_that_are_no_numbers_are_an_error() -> None:
    pixels = random.random(SIZE, np.float32)
    pixels[2, 3] = np.nan
    with pytest.raises(AnenasError, match="values that are not finite"):
        look_at(stored(Image.fromarray(pixels), "tiff"))


def test_deep_grey_of_a_tiff_where_white_is_zero_is_inverted() -> None:
    pixels = noise(most=65536, dtype=np.uint16)
    image = stored(Image.fromarray(pixels), "tiff", tiffinfo={262: 0})
    np.testing.assert_allclose(drawn(image, 1)[..., 0], 255 - pixels / 257, atol=0.51)


@pytest.mark.parametrize("form", ["png", "tiff"])
def test_deep_grey_is_turned_upright(form: str) -> None:
    pixels = random.integers(0, 65536, (9, 7), np.uint16)
    exif = Image.Exif()
    exif[0x0112] = 6  # its first row is the right-hand side
    image = stored(Image.fromarray(pixels), form, exif=exif)
    look = look_at(image)
    assert (look.width, look.height) == (9, 7)
    np.testing.assert_allclose(drawn(image, 1)[..., 0], np.rot90(pixels, -1) / 257, atol=0.51)


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ([(0, 200), (3, 255)], (0, 255)),
        ([(0, 200), (3, 256)], (0, 4095)),
        ([(0, 4095)], (0, 4095)),
        ([(7, 4096)], (0, 65535)),
        ([(0, 1e6), (0, 4)], (0, 1e6)),
        ([(0.1, 0.8), (0, 1)], (0, 1)),
        ([(-1024, 3071), (0, 5)], (-1024, 3071)),
    ],
)
def test_pictures_share_a_range_that_holds_all(values: list[tuple[float, float]], wanted: tuple[float, float]) -> None:
    assert common_range(values) == wanted


@pytest.mark.parametrize("form", ["gif", "tiff", "webp", "png"])
def test_of_several_frames_the_first_is_drawn(form: str) -> None:
    frames = [Image.fromarray(noise()) for _ in range(3)]
    lossless = {"lossless": True} if form == "webp" else {}
    image = stored(frames[0], form, save_all=True, append_images=frames[1:], **lossless)
    assert look_at(image).several
    np.testing.assert_array_equal(drawn(image, 1)[..., 0], np.asarray(frames[0]))
    assert not look_at(stored(frames[0], form)).several


def test_a_picture_with_a_depth_map_has_no_pages() -> None:
    frames = [Image.fromarray(noise(3)) for _ in range(2)]
    image = stored(frames[0], "mpo", save_all=True, append_images=frames[1:])
    assert image.format == "MPO" and not look_at(image).several


def test_lab_has_the_colours_it_was_made_of() -> None:
    pixels = noise(3)
    rgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    image = ImageCms.profileToProfile(Image.fromarray(pixels), rgb, lab, outputMode="LAB")
    assert image
    image = stored(image, "tiff")
    assert image.mode == "LAB"
    np.testing.assert_allclose(drawn(image), pixels, atol=20)
    np.testing.assert_allclose(drawn(image, 1), luma(pixels), atol=20)


def swapped_profile() -> bytes:
    """sRGB with the primaries red and blue exchanged."""
    content = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return content.replace(b"rXYZ", b"tmp0", 1).replace(b"bXYZ", b"rXYZ", 1).replace(b"tmp0", b"bXYZ", 1)


def srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def test_colours_of_another_profile_are_brought_to_srgb() -> None:
    pixels = noise(3)
    image = stored(Image.fromarray(pixels), icc_profile=swapped_profile())
    assert look_at(image).profile == "other"
    np.testing.assert_allclose(drawn(image), pixels[..., ::-1], atol=3)
    np.testing.assert_allclose(drawn(image, 1), luma(pixels[..., ::-1]), atol=3)


def test_transparent_parts_stay_white_in_another_profile() -> None:
    pixels = noise(4)
    image = stored(Image.fromarray(pixels), icc_profile=swapped_profile())
    np.testing.assert_allclose(drawn(image), on_white(pixels[..., :3], pixels[..., 3])[..., ::-1], atol=4)


@pytest.mark.parametrize(("profile", "said"), [(srgb_profile(), ""), (b"no profile", "damaged")])
def test_srgb_and_what_is_no_profile_change_no_colour(profile: bytes, said: str) -> None:
    pixels = noise(3)
    image = stored(Image.fromarray(pixels), icc_profile=profile)
    assert look_at(image).profile == said
    np.testing.assert_array_equal(drawn(image), pixels)


def test_what_is_grey_has_no_profile_to_go_by() -> None:
    pixels = noise()
    image = stored(Image.fromarray(pixels), icc_profile=swapped_profile())
    assert look_at(image).profile == ""
    np.testing.assert_array_equal(drawn(image, 1)[..., 0], pixels)


def test_that_a_photo_is_turned_is_known_from_its_header() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image = Image.fromarray(noise(3))
    assert look_at(stored(image, exif=exif)).turned and not look_at(stored(image)).turned


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "CMYK", "1", "LA"])
def test_a_picture_of_very_many_pixels_is_drawn_as_one_of_few(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    small = Image.fromarray(random.integers(0, 256, (8, 12, 4), dtype=np.uint8), "RGBA").resize((120, 80))
    image = small.convert("RGB").convert(mode) if mode in ("P", "CMYK", "1") else small.convert(mode)
    whole = draw_photo(image, (10, 15), 3).astype(int)
    monkeypatch.setattr(_photos, "MANY_PIXELS", 100)
    # Pixels that are made smaller twice are weighed a little differently.
    assert np.abs(draw_photo(image, (10, 15), 3) - whole).mean() < (12 if mode == "1" else 6)


def test_a_picture_of_very_many_pixels_is_turned_upright(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = np.zeros((40, 80), np.uint8)
    pixels[:, :40] = 255
    exif = Image.Exif()
    exif[0x0112] = 6
    monkeypatch.setattr(_photos, "MANY_PIXELS", 100)
    drawn = draw_photo(stored(Image.fromarray(pixels), exif=exif), (10, 5), 1)[0]
    assert drawn[:4].min() == 255
    assert drawn[6:].max() == 0


def test_a_picture_of_more_pixels_than_can_be_decoded_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AnenasError, match="it has 20000×10000 pixels, but at most 89 million can be decoded"):
        check_pixels(Image.new("1", (20_000, 10_000)))
    monkeypatch.setattr(_photos, "MOST_PIXELS", 5000)
    image = stored(Image.new("RGB", (100, 80)))
    with pytest.raises(AnenasError, match="it has 100×80 pixels, but"):
        draw_photo(image, (10, 10), 3)
    draw_photo(stored(Image.new("RGB", (100, 80)), "jpeg"), (10, 10), 3)  # decodes at a fraction of its size
