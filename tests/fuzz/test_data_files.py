"""Files of data: arrays, pictures and sounds."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fuzzing import NUMBERS, damaged, fuzz, lawful
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from anenas._npz import opened_npz
from anenas.data import InputFormat, load_data
from anenas.data._audio import brought_to
from anenas.data._wav import open_wav
from anenas.inputs import RECORDINGS

WAVEFORMS = InputFormat(RECORDINGS, rate=8000, steps=1000).audio


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


def _header(draw: Any) -> bytes:
    """The header of an array that asks for anything."""
    shape = tuple(draw(st.lists(NUMBERS, max_size=3)))
    kind = draw(st.sampled_from(["<f4", "|u1", "|O", "|V0", "<U5000000", "<U0", "|b1", "nothing", "<M8[s]"]))
    text = draw(
        st.sampled_from(
            [
                f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}",
                f"{{'descr': [('a', '{kind}', {shape})], 'fortran_order': True, 'shape': (2,), }}",
                "(" * 5000,
                "__import__('os')",
            ]
        )
    )
    major = draw(st.sampled_from([1, 2, 3, 9]))
    size = len(text) if draw(st.integers(0, 5)) else draw(st.integers(0, 2**16 - 1))
    return b"\x93NUMPY" + bytes([major, 0]) + struct.pack("<H" if major == 1 else "<I", size) + text.encode()


@fuzz()
@given(data=st.data())
def test_an_npz_of_which_headers_or_bytes_are_others(folder: Path, data: st.DataObject) -> None:
    stream = io.BytesIO()
    np.savez_compressed(stream, train_x=np.zeros((4, 8, 8), np.uint8), names=np.array(["a", "b"]))
    if data.draw(st.booleans()):
        content = _header(data.draw) + data.draw(st.binary(max_size=40))
        method = data.draw(
            st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
        )
        with zipfile.ZipFile(stream, "a", method) as archive:
            archive.writestr("other.npy", content)
        whole = stream.getvalue()
    else:
        whole = data.draw(damaged(stream.getvalue()))
    path = folder / "a.npz"
    path.write_bytes(whole)
    with lawful(folder), opened_npz(path) as file:
        for name in file.names:
            file.read(name)


def _wav(draw: Any) -> bytes:
    bits, channels = draw(st.sampled_from([0, 8, 16, 24, 32, 64]) | NUMBERS), draw(st.sampled_from([0, 1, 2, 65535]))
    rate = draw(st.sampled_from([8000, 44_100, 999_983, 1_000_000]) | NUMBERS)
    tag = draw(st.sampled_from([1, 3, 6, 7, 0xFFFE]))
    block = draw(st.just(channels * bits // 8) | NUMBERS)
    layout = struct.pack("<HHIIHH", *(n % 2**s for n, s in zip((tag, channels, rate, rate, block, bits),
                                                               (16, 16, 32, 32, 16, 16), strict=True)))  # fmt: skip
    samples = draw(st.binary(max_size=16)) * draw(st.sampled_from([1, 1000]))
    size = draw(st.just(len(samples)) | NUMBERS) % 2**32
    body = b"WAVEfmt " + struct.pack("<I", 16) + layout + b"data" + struct.pack("<I", size) + samples
    return b"RIFF" + struct.pack("<I", draw(st.just(len(body)) | NUMBERS) % 2**32) + body


@fuzz()
@given(data=st.data())
def test_a_sound_of_which_numbers_or_bytes_are_others(folder: Path, data: st.DataObject) -> None:
    content = _wav(data.draw)
    (folder / "a.wav").write_bytes(data.draw(damaged(content)) if data.draw(st.integers(0, 3)) == 0 else content)
    with lawful(folder):
        brought_to(open_wav(folder / "a.wav"), WAVEFORMS)


def test_a_sound_of_a_rate_without_a_common_factor_is_resampled(folder: Path) -> None:
    head = struct.pack("<4sI8sIHHIIHH4sI", b"RIFF", 0, b"WAVEfmt ", 16, 1, 1, 999_983, 1_999_966, 2, 16, b"data", 2000)
    (folder / "b.wav").write_bytes(head + bytes(2000))
    with lawful(folder):
        assert len(brought_to(open_wav(folder / "b.wav"), WAVEFORMS).waveform) == 9  # 1,000 samples of 8,000 / 999,983


def _pictures() -> Iterator[tuple[str, bytes]]:
    image = Image.fromarray(np.arange(40 * 40 * 3, dtype=np.uint32).astype(np.uint8).reshape(40, 40, 3))
    exif = Image.Exif()
    exif[0x0112] = 6
    for suffix in ("png", "jpeg", "gif", "bmp", "tiff", "webp", "jp2", "ppm", "tga", "pcx"):
        stream = io.BytesIO()
        options = {"exif": exif} if suffix in ("png", "jpeg") else {}
        image.save(stream, {"jp2": "JPEG2000"}.get(suffix, suffix.upper()), **options)
        yield suffix, stream.getvalue()


PICTURES = dict(_pictures())


@fuzz(0.3)
@given(data=st.data())
def test_a_picture_of_which_bytes_are_others(folder: Path, data: st.DataObject) -> None:
    suffix = data.draw(st.sampled_from(sorted(PICTURES)))
    place = folder / "pictures"
    for name in ("a", "b"):
        (place / name).mkdir(parents=True, exist_ok=True)
        for index in range(4):
            (place / name / f"{index}.png").write_bytes(PICTURES["png"])
    other = place / "a" / f"other.{suffix}"
    other.write_bytes(data.draw(damaged(PICTURES[suffix])))
    try:
        with lawful(place):
            load_data(f"images:{place}", size=(8, 8))
    finally:
        other.unlink()


@pytest.mark.parametrize(("kind", "side"), [("PNG", 9000), ("PNG", 13_000), ("JPEG", 13_000)])
def test_a_picture_of_very_many_pixels_keeps_the_law(folder: Path, kind: str, side: int) -> None:
    place = folder / f"{kind}{side}"
    for name in ("a", "b"):
        (place / name).mkdir(parents=True)
        for index in range(4):
            (place / name / f"{index}.png").write_bytes(PICTURES["png"])
    Image.new("L", (side, side), 7).save(place / "a" / f"large.{kind.lower()}", kind)
    with lawful(place):
        load_data(f"images:{place}", size=(8, 8))


HEIC = (Path(__file__).parents[1] / "data" / "sources" / "corners.heic").read_bytes()


@fuzz(0.5)
@given(data=st.data())
def test_a_photo_of_a_phone_of_which_bytes_are_others(folder: Path, data: st.DataObject) -> None:
    place = folder / "heic"
    for name in ("a", "b"):
        (place / name).mkdir(parents=True, exist_ok=True)
        for index in range(3):
            (place / name / f"{index}.png").write_bytes(PICTURES["png"])
    (place / "a" / "other.heic").write_bytes(data.draw(damaged(HEIC)))
    with lawful(place):
        load_data(f"images:{place}", size=(8, 8))
