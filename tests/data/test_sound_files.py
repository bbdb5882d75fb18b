from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.io import wavfile

from anenas._errors import AnenasError
from anenas.data import AudioFormat
from anenas.data._sound_files import SOUND_SUFFIXES, UNREADABLE_SUFFIXES, check_sounds, look_at_sound, read_sounds

Write = Callable[..., Path]
AUDIO = AudioFormat(8000, 100)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes samples as floats: write("a.wav", samples, rate=8000)."""

    def write(name: str, samples: np.ndarray, rate: int = 8000) -> Path:
        wavfile.write(tmp_path / name, rate, samples.astype(np.float32))
        return tmp_path / name

    return write


def ramp(samples: int, highest: float = 0.5) -> np.ndarray:
    return np.linspace(-highest, highest, samples)


def test_files_come_with_their_sounds_in_their_order(write: Write) -> None:
    files = [write(f"{i}.wav", np.full(50 + i, i / 40)) for i in range(20)][::-1]
    found = list(read_sounds(files, AUDIO))
    assert [file for file, _ in found] == files
    for i, (_, recording) in zip(range(19, -1, -1), found, strict=True):
        np.testing.assert_allclose(recording.waveform, np.full(50 + i, i / 40))
        assert (recording.rate, recording.longer) == (8000, False)


def test_a_look_tells_the_rate_and_length_of_the_whole_file(write: Write) -> None:
    assert look_at_sound(write("a.wav", ramp(700), 16_000), AUDIO) == (16_000, 700)
    assert look_at_sound(write("b.WAV", ramp(30)), AUDIO) == (8000, 30)


@pytest.mark.parametrize(("rate", "used"), [(8000, 100), (16_000, 200), (11_025, 138)])
def test_what_is_used_of_a_file_is_looked_at_and_nothing_else(rate: int, used: int, write: Write) -> None:
    """The middle of it, as many samples of its own rate as last as long as those asked for, rounded up."""
    start = (1001 - used) // 2
    for place, is_used in ((start - 1, False), (start, True), (start + used - 1, True), (start + used, False)):
        sound = ramp(1001)
        sound[place] = np.nan
        path = write("a.wav", sound, rate)
        if is_used:
            with pytest.raises(AnenasError) as raised:
                look_at_sound(path, AUDIO)
            assert str(raised.value) == f"'{path}' contains samples that are not numbers; repair or remove it"
            with pytest.raises(AnenasError, match="contains samples that are not numbers"):
                list(read_sounds([path], AUDIO))
        else:
            assert look_at_sound(path, AUDIO) == (rate, 1001)


def test_floats_far_beyond_one_are_integers_that_nobody_divided(write: Write) -> None:
    (loud,) = (recording for _, recording in read_sounds([write("a.wav", ramp(90, 32))], AUDIO))
    assert loud.peak == 32 and np.abs(loud.waveform).max() == 1
    for highest, told in ((32.1, "32"), (20_000, "20,000"), (np.inf, None)):
        path = write("b.wav", np.full(90, highest))
        message = "contains samples that are not numbers" if told is None else f"reaches {told}; expected floats from "
        for use in (lambda one: look_at_sound(one, AUDIO), lambda one: list(read_sounds([one], AUDIO))):
            with pytest.raises(AnenasError) as raised:
                use(path)
            assert str(raised.value).startswith(f"'{path}' {message}")


def test_a_file_without_samples_is_told(write: Write) -> None:
    path = write("a.wav", np.zeros(0))
    with pytest.raises(AnenasError) as raised:
        look_at_sound(path, AUDIO)
    assert str(raised.value) == f"'{path}' is empty; record it again or remove it"
    assert look_at_sound(write("a.wav", np.zeros(1)), AUDIO) == (8000, 1)


def test_compressed_files_are_read_by_another_package_whatever_the_case_of_their_names(
    tmp_path: Path, write: Write
) -> None:
    soundfile = pytest.importorskip("soundfile")
    sound = ramp(90).round(3)
    soundfile.write(tmp_path / "a.FLAC", sound, 8000, format="FLAC")
    files = [tmp_path / "a.FLAC", write("b.Wav", sound)]
    check_sounds(iter(files))
    for _, recording in read_sounds(files, AUDIO):
        np.testing.assert_allclose(recording.waveform, sound, atol=1e-4)


def test_wave_files_of_a_codec_that_is_not_known_are_left_to_that_package(tmp_path: Path) -> None:
    soundfile = pytest.importorskip("soundfile")
    soundfile.write(tmp_path / "a.wav", ramp(2000), 8000, subtype="IMA_ADPCM")
    tag = struct.unpack("<H", (tmp_path / "a.wav").read_bytes()[20:22])[0]
    assert tag == 0x11  # neither PCM nor floats
    rate, count = look_at_sound(tmp_path / "a.wav", AUDIO)
    assert rate == 8000 and 2000 <= count < 4000
    ((_, recording),) = read_sounds([tmp_path / "a.wav"], AudioFormat(8000, 2000))
    np.testing.assert_allclose(recording.waveform[500:1500], ramp(2000)[500:1500], atol=0.05)


def test_no_suffix_is_both_readable_and_not() -> None:
    assert {".wav", ".flac", ".mp3"} <= {*SOUND_SUFFIXES}
    assert not {*SOUND_SUFFIXES} & {*UNREADABLE_SUFFIXES}
