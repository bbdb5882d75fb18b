"""In which encoding a table is written: as its first bytes declare, else UTF-8, else guessed."""

from __future__ import annotations

import codecs
import logging
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from anenas._errors import AnenasError

_log = logging.getLogger(__name__)

_MARKS = (  # UTF-32's begins as UTF-16's does
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_USUAL = "cp1252"
_LIKELY = (
    _USUAL, "cp1250", "cp1251", "gb18030", "big5", "cp949", "koi8_r", "cp1253", "cp1254", "cp1255", "cp1256", "cp874",
)  # fmt: skip
_JAPANESE = ("cp932", "euc_jp")
_CHUNK = 65_536
_SAMPLE = 262_144  # bytes of lines that are not ASCII


def declared_encoding(path: Path) -> str | None:
    """What the byte-order mark of a file says, or the zeros between its letters; None without either.

    Raises:
        OSError: If it cannot be read.
    """
    with path.open("rb") as file:
        start = file.read(4)
    if marked := next((name for mark, name in _MARKS if start.startswith(mark)), None):
        return marked
    zeros = bytes(byte == 0 for byte in start)
    return {b"\0\1\0\1": "utf-16-le", b"\1\0\1\0": "utf-16-be"}.get(zeros)


def encoding_of(path: Path) -> str:
    """The encoding of a file of text; a guess is logged.

    Raises:
        AnenasError: If it cannot be read, or is no text.
    """
    try:
        declared = declared_encoding(path)
        problem = _first_problem(path, "utf-8" if declared in (None, "utf-8-sig") else declared)  # the mark counts
        if problem is None:
            return declared or "utf-8"
        guessed = None if declared else _guessed(path)
    except OSError as error:
        raise AnenasError(f"cannot read '{path}': {error.strerror or error}") from error
    if guessed is None:
        name = "UTF-8" if declared in (None, "utf-8-sig") else str(declared)[:6].upper()
        raise AnenasError(f"'{path}', {problem} is not {name} text; save the table as UTF-8")
    _log.info(
        f"'{path}', {problem} is not UTF-8: the table is read as {guessed} (a guess); save it as UTF-8 if this is wrong"
    )
    return guessed


def _first_problem(path: Path, encoding: str) -> str | None:
    """The line and byte at which a file is not of that encoding; None if all of it is."""
    decoder = codecs.getincrementaldecoder(encoding)()
    lines, begin = 1, 0
    with path.open("rb") as file:
        while True:
            chunk = file.read(_CHUNK)
            pending = len(decoder.getstate()[0])
            try:
                lines += decoder.decode(chunk, final=not chunk).count("\n")
            except UnicodeDecodeError as error:
                found = error.object[: error.start].decode(error.encoding, "ignore").count("\n")
                return f"line {lines + found}: byte {begin - pending + error.start:,}"
            if not chunk:
                return None
            begin += len(chunk)


def _guessed(path: Path) -> str | None:
    """The likeliest of the usual encodings, if all of a file can be in it."""
    sample = b"".join(_sample(path))
    guess = _japanese(sample) or _likeliest(sample)
    return None if guess is None or _first_problem(path, guess) else guess


def _likeliest(sample: bytes) -> str | None:
    from charset_normalizer import from_bytes

    found = list(from_bytes(sample, cp_isolation=list(_LIKELY)))
    if not found:
        return None
    best = found[0]
    # Western texts are taken for central European ones where they are as likely.
    usual = next((one for one in found if one.encoding == _USUAL), best)
    as_likely = usual.chaos <= best.chaos and usual.coherence > best.coherence - 0.01
    return usual.encoding if as_likely else best.encoding


def _sample(path: Path) -> Iterator[bytes]:
    """The first lines of a file that are not ASCII, of all that tell anything."""
    size = 0
    with path.open("rb") as file:
        while size < _SAMPLE and (line := file.readline(_CHUNK)):
            if not line.isascii():
                size += len(line)
                yield line


def _japanese(sample: bytes) -> str | None:
    """The encoding in which a fifth of what is not ASCII is kana, which charset-normalizer takes for Korean."""
    for encoding in _JAPANESE:
        others = [character for character in sample.decode(encoding, "replace") if not character.isascii()]
        kana = sum(unicodedata.name(character, "").startswith(("HIRAGANA", "KATAKANA")) for character in others)
        if 5 * kana > len(others):
            return encoding
    return None
