"""Files of every form that recorders, streams and tools write, made byte by byte."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from anenas._errors import AnenasError
from anenas.data._audio import Length, Sound
from anenas.data._wav import UnknownCodecError, open_wav

WAVE = 0.5 * np.sin(np.arange(1000) / 7)
STEREO = np.stack([WAVE, -WAVE / 2], 1)
INTEGERS = {16: (WAVE * 32767).astype("<i2")}
PCM, FLOAT, A_LAW, MU_LAW, EXTENSIBLE = 1, 3, 6, 7, 0xFFFE


def chunk(name: bytes, data: bytes, size: int | None = None, order: str = "<") -> bytes:
    return name + struct.pack(f"{order}I", len(data) if size is None else size) + data


def fmt(
    tag: int = PCM, bits: int = 16, channels: int = 1, *, block: int = 0, more: bytes = b"", order: str = "<"
) -> bytes:
    block = block or channels * bits // 8
    layout = struct.pack(f"{order}HHIIHH", tag, channels, 8000, 8000 * block, block, bits)
    return chunk(b"fmt ", layout + more, order=order)


def riff(*chunks: bytes, form: bytes = b"RIFF", size: int | None = None, order: str = "<") -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return chunk(form, body, size, order)


def opened(content: bytes, folder: Path) -> Sound:
    (folder / "a.wav").write_bytes(content)
    return open_wav(folder / "a.wav")


def everything(sound: Sound) -> np.ndarray:
    return sound.read(0, sound.count)


SAMPLES = (WAVE * 32767).astype("<i2").tobytes()


def integers(bits: int, order: str = "little", values: np.ndarray = WAVE) -> bytes:
    numbers = (values.reshape(-1) * (2 ** (bits - 1) - 1)).astype(int)
    return b"".join(int(one).to_bytes(bits // 8, order, signed=True) for one in numbers)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("content", "tolerance"),
    [
        (riff(fmt(bits=8), chunk(b"data", (WAVE * 128 + 128).round().astype(np.uint8).tobytes())), 0.005),
        (riff(fmt(bits=16), chunk(b"data", integers(16))), 1e-4),
        (riff(fmt(bits=24), chunk(b"data", integers(24))), 1e-6),
        (riff(fmt(bits=32), chunk(b"data", integers(32))), 1e-6),
        (riff(fmt(bits=24, block=4), chunk(b"data", integers(32))), 1e-6),
        (riff(fmt(bits=12, block=2), chunk(b"data", integers(16))), 1e-4),
        (riff(fmt(FLOAT, 32), chunk(b"data", WAVE.astype("<f4").tobytes())), 1e-6),
        (riff(fmt(FLOAT, 64), chunk(b"data", WAVE.astype("<f8").tobytes())), 1e-6),
        (
            riff(
                fmt(order=">", bits=24),
                chunk(b"data", integers(24, "big"), order=">"),
                form=b"RIFX",
                order=">",
            ),
            1e-6,
        ),
    ],
    ids=["u8", "i16", "i24", "i32", "24 of 32", "12 of 16", "f32", "f64", "big-endian"],
)  # fmt: skip
def test_samples_of_any_width_are_on_one_scale(content: bytes, tolerance: float, tmp_path: Path) -> None:
    sound = opened(content, tmp_path)
    assert (sound.rate, sound.count, sound.channels, sound.length) == (8000, 1000, 1, Length.SAID)
    np.testing.assert_allclose(everything(sound)[:, 0], WAVE, atol=tolerance)
    np.testing.assert_array_equal(sound.read(300, 310), everything(sound)[300:310])


@pytest.mark.parametrize(("kind", "bits", "data"), [(PCM, 24, integers(24)), (FLOAT, 32, WAVE.astype("<f4").tobytes())])
def test_the_extensible_form_names_its_codec_at_its_end(kind: int, bits: int, data: bytes, tmp_path: Path) -> None:
    guid = struct.pack("<H", kind) + bytes.fromhex("000000001000800000aa00389b71")
    more = struct.pack("<HHI", 22, bits, 4) + guid
    sound = opened(riff(fmt(EXTENSIBLE, bits, more=more), chunk(b"data", data)), tmp_path)
    np.testing.assert_allclose(everything(sound)[:, 0], WAVE, atol=1e-6)


@pytest.mark.parametrize(
    ("codec", "codes", "expected"),  # of ITU-T G.711's tables
    [
        (A_LAW, [0xD5, 0x55, 0xAA, 0x2A, 0xE5], [8, -8, 32256, -32256, 1056]),
        (MU_LAW, [0xFF, 0x7F, 0x80, 0x00, 0xEF], [0, 0, 32124, -32124, 132]),
    ],
)
def test_telephone_codecs_are_decoded(codec: int, codes: list[int], expected: list[int], tmp_path: Path) -> None:
    sound = opened(riff(fmt(codec, 8), chunk(b"data", bytes(codes))), tmp_path)
    assert (everything(sound)[:, 0] * 32768).tolist() == expected


def test_every_channel_is_read(tmp_path: Path) -> None:
    sound = opened(riff(fmt(channels=2), chunk(b"data", integers(16, values=STEREO))), tmp_path)
    assert (sound.count, sound.channels) == (1000, 2)
    np.testing.assert_allclose(everything(sound), STEREO, atol=1e-4)


@pytest.mark.parametrize(
    ("content", "length"),
    [
        (riff(fmt(), chunk(b"data", SAMPLES, 0xFFFFFFFF), size=0xFFFFFFFF), Length.UNSAID),  # ffmpeg into a pipe
        (riff(fmt(), chunk(b"data", SAMPLES, 0x7FFFFFFF), size=0x7FFFFFFF), Length.UNSAID),
        (riff(fmt(), chunk(b"data", SAMPLES, 0x7FFFF000), size=0x7FFFF024), Length.UNSAID),  # sox into a pipe
        (riff(fmt(), chunk(b"data", SAMPLES, 0), size=0), Length.UNSAID),  # a recorder that was switched off
        (riff(fmt(), chunk(b"data", SAMPLES, 2010)), Length.CUT_OFF),
        (riff(fmt(), chunk(b"data", SAMPLES + b"\1", 2100)), Length.CUT_OFF),
    ],
)
def test_what_is_there_is_read_where_the_length_is_not_known(content: bytes, length: Length, tmp_path: Path) -> None:
    sound = opened(content, tmp_path)
    assert (sound.count, sound.length) == (1000, length)
    np.testing.assert_allclose(everything(sound)[:, 0], WAVE, atol=1e-4)


def test_no_samples_before_another_chunk_are_none(tmp_path: Path) -> None:
    assert opened(riff(fmt(), chunk(b"data", b""), chunk(b"LIST", b"INFO")), tmp_path).count == 0


LONG = chunk(b"ds64", struct.pack("<QQQI", 2076, 2000, 1000, 0))


@pytest.mark.parametrize(
    "content",
    [
        riff(chunk(b"LIST", b"INFOISFT\1\0\0\0A"), fmt(), chunk(b"data", SAMPLES)),  # of an odd length, not filled up
        riff(chunk(b"LIST", b"INFOISFT\1\0\0\0A\0", 13), fmt(), chunk(b"data", SAMPLES)),
        riff(fmt(), chunk(b"junk", b"odd"), chunk(b"data", SAMPLES)),
        riff(fmt(), chunk(b"bext", bytes(603)), b"\0", chunk(b"data", SAMPLES)),
        riff(fmt(), chunk(b"data", SAMPLES), chunk(b"id3 ", b"ID3\3\0\0\0\0\0\0")),
        riff(fmt(), chunk(b"data", SAMPLES), b"more than nothing"),
        riff(LONG, fmt(), chunk(b"data", SAMPLES, 0xFFFFFFFF), form=b"BW64", size=0xFFFFFFFF),
        riff(LONG, fmt(), chunk(b"data", SAMPLES, 0xFFFFFFFF), b"LISTEN", form=b"RF64", size=0xFFFFFFFF),
    ],
)
def test_what_is_around_the_samples_is_passed_over(content: bytes, tmp_path: Path) -> None:
    sound = opened(content, tmp_path)
    assert (sound.count, sound.length) == (1000, Length.SAID)
    np.testing.assert_allclose(everything(sound)[:, 0], WAVE, atol=1e-4)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty file"),
        (b"ID3\4 and an .mp3 file", "begins with b'ID3.x04', not with RIFF and WAVE"),
        (riff(fmt()), "has no samples"),
        (riff(fmt())[:30], "ends too early"),
        (riff(chunk(b"data", SAMPLES)), "does not say how its samples are written"),
        (riff(fmt(channels=0, block=2), chunk(b"data", SAMPLES)), "says 0 channels of 16-bit PCM at 8,000 Hz"),
        (riff(fmt(FLOAT, 16), chunk(b"data", SAMPLES)), "says 1 channels of 16-bit float"),
        (b"RIFF\0\0\0\0WAVE" + bytes(100_000), "does not say how its samples are written"),
    ],
)
def test_what_is_no_sound_is_told_in_one_line(content: bytes, reason: str, tmp_path: Path) -> None:
    with pytest.raises(
        AnenasError, match=rf"a\.wav' cannot be read as a \.wav file \(.*{reason}.*\); save it as 16-bit"
    ):
        opened(content, tmp_path)


def test_another_codec_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnknownCodecError, match=r"a\.wav' is a \.wav file of the codec 0x0011"):
        opened(riff(fmt(0x11, 4, block=256), chunk(b"data", SAMPLES)), tmp_path)
