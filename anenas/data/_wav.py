"""Opening .wav files, as recorders, streams and tools write them."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anenas._errors import AnenasError
from anenas.data._audio import HIGHEST_RATE, Length, Sound

WAV_SUFFIXES = (".wav", ".wave")

_FORMS = {b"RIFF": "<", b"RF64": "<", b"BW64": "<", b"RIFX": ">"}  # and the order of their bytes
_CODECS = {0x0001: "PCM", 0x0003: "float", 0x0006: "A-law", 0x0007: "mu-law"}
_EXTENSIBLE = 0xFFFE
_STREAMED = 0x7FFF_F000  # the least that stands for "not known yet": sox writes it, ffmpeg 0xFFFFFFFF
_KNOWN = (
    b"fmt ",
    b"data",
    b"LIST",
    b"fact",
    b"bext",
    b"cue ",
    b"smpl",
    b"inst",
    b"JUNK",
    b"PEAK",
    b"iXML",
    b"id3 ",
    b"ID3 ",
)
_MOST_CHUNKS = 1000

_Decode = Callable[[NDArray[np.uint8]], NDArray[np.float32]]


class UnknownCodecError(AnenasError):
    """A .wav file whose samples are coded in a way that is not read here."""


@dataclass(frozen=True)
class _Layout:
    """How the samples of a file are written."""

    codec: str
    order: str
    channels: int
    rate: int
    width: int
    """Bytes of a sample."""


def open_wav(path: Path) -> Sound:
    """A file of integers of 8 to 64 bits, of floats, or of A-law or mu-law bytes, in any number of channels.

    It is memory-mapped, so that only what is used of it is read. Where it does not say how long it is, or is shorter
    than it says, it is what is there.

    Raises:
        AnenasError: If it is empty or cannot be read; as `UnknownCodecError` for other codecs.
    """
    try:
        content = np.memmap(path, np.uint8, "r")
        layout, start, size = _found(content)
    except UnknownCodecError as error:
        raise UnknownCodecError(f"'{path}' {error}") from None
    except (OSError, ValueError, struct.error) as error:
        reason = "it ends too early" if isinstance(error, struct.error) else error
        raise AnenasError(f"'{path}' cannot be read as a .wav file ({reason}); save it as 16-bit PCM") from error
    size, length = _there(content, start, size)
    block = layout.channels * layout.width
    count = size // block
    frames = content[start : start + count * block].reshape(count, layout.channels, layout.width)
    decode = _decoder(layout)
    return Sound(layout.rate, count, layout.channels, lambda begin, end: decode(np.array(frames[begin:end])), length)


def _found(content: NDArray[np.uint8]) -> tuple[_Layout, int, int]:
    """The layout, and where the samples begin and how many bytes there are of them, as the file says."""
    form = bytes(content[:4])
    if form not in _FORMS or bytes(content[8:12]) != b"WAVE":
        raise ValueError(f"it begins with {form!r}, not with RIFF and WAVE")
    layout, long_size = None, 0
    for name, start, size in itertools.islice(_chunks(content, _FORMS[form]), _MOST_CHUNKS):
        if name == b"ds64":
            _, long_size = struct.unpack("<QQ", bytes(content[start : start + 16]))
        elif name == b"fmt ":
            layout = _layout(bytes(content[start : start + min(size, 40)]), _FORMS[form])
        elif name == b"data" and layout:
            return layout, start, long_size if size == 0xFFFF_FFFF and long_size else size
    raise ValueError("it has no samples" if layout else "it does not say how its samples are written")


def _chunks(content: NDArray[np.uint8], order: str) -> Iterator[tuple[bytes, int, int]]:
    """The name of each chunk, where it begins and how long it says it is."""
    at = 12
    while at + 8 <= len(content):
        name = bytes(content[at : at + 4])
        (size,) = struct.unpack(f"{order}I", bytes(content[at + 4 : at + 8]))
        yield name, at + 8, size
        at += 8 + size
        # Chunks of an odd length are filled up to an even one, which many tools forget.
        filled = size % 2 and not (_is_name(content, at) and bytes(content[at + 1 : at + 5]) not in _KNOWN)
        at += bool(filled)


def _is_name(content: NDArray[np.uint8], at: int) -> bool:
    name = bytes(content[at : at + 4])
    return len(name) == 4 and name.isascii() and name.decode("ascii").isprintable()


def _layout(given: bytes, order: str) -> _Layout:
    tag, channels, rate, _, block, bits = struct.unpack(f"{order}HHIIHH", given[:16])
    if tag == _EXTENSIBLE:
        (tag,) = struct.unpack(f"{order}H", given[24:26])
    if tag not in _CODECS:
        raise UnknownCodecError(f"is a .wav file of the codec 0x{tag:04x}")
    codec, width = _CODECS[tag], -(-bits // 8)
    if channels and block % channels == 0:
        width = max(width, block // channels)  # fewer bits are the upper ones of wider samples
    widths = {"PCM": (1, 2, 3, 4, 8), "float": (4, 8)}.get(codec, (1,))
    if not channels or not 0 < rate <= HIGHEST_RATE or width not in widths:
        raise ValueError(f"it says {channels} channels of {bits}-bit {codec} at {rate:,} Hz")
    return _Layout(codec, order, channels, rate, width)


def _there(content: NDArray[np.uint8], start: int, size: int) -> tuple[int, Length]:
    """How many bytes of samples are there, of as many as the file says."""
    there = len(content) - start
    if size == 0 and there and bytes(content[start : start + 4]) not in _KNOWN:
        return there, Length.UNSAID
    if size > there:
        return there, Length.UNSAID if size >= _STREAMED else Length.CUT_OFF
    return size, Length.SAID


def _decoder(layout: _Layout) -> _Decode:
    """From bytes (n, channels, width) to floats (n, channels), integers from −1 to 1."""
    if layout.codec in _TABLES:
        table = _TABLES[layout.codec]()
        return lambda raw: table[raw[..., 0]]
    if layout.codec == "float":
        return lambda raw: _viewed(raw, f"{layout.order}f{layout.width}").astype(np.float32)
    if layout.width == 1:  # unsigned, alone among integers
        return lambda raw: raw[..., 0].astype(np.float32) / np.float32(128) - np.float32(1)
    if layout.width == 3:
        return lambda raw: _scaled(_viewed(_widened(raw, layout.order), f"{layout.order}i4"))
    return lambda raw: _scaled(_viewed(raw, f"{layout.order}i{layout.width}"))


def _viewed(raw: NDArray[np.uint8], dtype: str) -> NDArray[Any]:
    return np.ascontiguousarray(raw).view(dtype)[..., 0]


def _widened(raw: NDArray[np.uint8], order: str) -> NDArray[np.uint8]:
    """Samples of three bytes as the upper ones of four."""
    return np.pad(raw, ((0, 0), (0, 0), (1, 0) if order == "<" else (0, 1)))


def _scaled(integers: NDArray[Any]) -> NDArray[np.float32]:
    return integers.astype(np.float32) * np.float32(2.0 ** (1 - 8 * integers.dtype.itemsize))


def _a_law() -> NDArray[np.float32]:
    """What each byte stands for: ITU-T G.711."""
    code = np.arange(256) ^ 0x55
    exponent, mantissa = code >> 4 & 7, ((code & 15) << 4) + 8
    size = np.where(exponent > 0, mantissa + 256 << np.maximum(exponent - 1, 0), mantissa)
    return (np.where(code & 128, size, -size) / 32768).astype(np.float32)


def _mu_law() -> NDArray[np.float32]:
    """What each byte stands for: ITU-T G.711."""
    code = ~np.arange(256) & 255
    size = (((code & 15) << 3) + 132 << (code >> 4 & 7)) - 132
    return (np.where(code & 128, -size, size) / 32768).astype(np.float32)


_TABLES = {"A-law": _a_law, "mu-law": _mu_law}
