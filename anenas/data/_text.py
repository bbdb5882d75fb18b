"""Texts as series of ids: their tokens, and the vocabulary that the training texts make."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from anenas._errors import AnenasError

_PADDING, _UNKNOWN = 0, 1
_FIRST = 2  # id of the most frequent token


class _Blanks(dict[int, str]):
    """For `str.translate`: a blank for characters that part tokens, and all others as they are."""

    def __init__(self, parts: Callable[[str], bool]) -> None:
        super().__init__()
        self._parts = parts

    def __missing__(self, code: int) -> str:
        self[code] = " " if self._parts(chr(code)) else chr(code)
        return self[code]


_BETWEEN_WORDS = _Blanks(lambda character: unicodedata.category(character)[0] not in "LMN")
_WHITE = _Blanks(lambda character: unicodedata.category(character)[0] == "Z" or character in "\t\n\v\f\r\x85")


@dataclass(frozen=True)
class Encoding:
    """How texts become ids.

    Attributes:
        tokens: "words": longest runs of Unicode's letters, marks and numbers (categories L*, M* and N*, which Apple's
            `CharacterSet.alphanumerics` holds). "characters": each code point, runs of white space as one blank, and
            none at the ends; white are category Z*, tabs and line breaks, as `CharacterSet.whitespacesAndNewlines` has
            it. Both of the text in lower case and Unicode's form NFC.
        vocabulary: How many ids there are: 0 for padding, 1 for tokens that are not in the vocabulary, and the rest for
            the most frequent ones of the training texts.
    """

    tokens: str
    vocabulary: int

    @property
    def nothing(self) -> str:
        """What a text has that has no token."""
        return "no words, which are letters and numbers" if self.tokens == "words" else "no characters"

    def split(self, text: str) -> list[str]:
        """The tokens of a text."""
        text = unicodedata.normalize("NFC", text.lower())
        if self.tokens == "words":
            return text.translate(_BETWEEN_WORDS).split()
        return list(re.sub(" +", " ", text.translate(_WHITE)).strip(" "))

    def learn(self, texts: Iterable[str]) -> tuple[str, ...]:
        """The most frequent tokens, the most frequent first and equals in the order of their code points."""
        counts = Counter(token for text in texts for token in self.split(text))
        ranked = sorted(counts, key=lambda token: (-counts[token], token))
        return tuple(ranked[: self.vocabulary - _FIRST])


@dataclass(frozen=True, eq=False)
class Texts:
    """Texts, and how they become series of ids."""

    texts: tuple[str, ...]
    encoding: Encoding
    vocabulary: tuple[str, ...] = ()
    """The tokens that have an id, of which the first has 2."""

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, indices: NDArray[np.int64]) -> Texts:
        return Texts(tuple(self.texts[i] for i in indices), self.encoding, self.vocabulary)

    def draw(self, size: tuple[int, int], channels: int) -> NDArray[np.float32]:
        """The ids of each text's first tokens, (n, 1, 1, T), that end at the last step; 0 is before them."""
        known, steps = {token: i for i, token in enumerate(self.vocabulary, _FIRST)}, size[1]
        series = np.full((len(self), channels, *size), _PADDING, np.float32)
        for row, text in zip(series, self.texts, strict=True):
            found = [known.get(token, _UNKNOWN) for token in self.encoding.split(text)[:steps]]
            row[0, 0, steps - len(found) :] = found
        return series

    def describe(self, steps: int) -> str:
        """What the vocabulary knows of these texts, and how many of them are cut."""
        known = set(self.vocabulary)
        lengths, seen = [], 0
        for text in self.texts:
            tokens = self.encoding.split(text)
            lengths.append(len(tokens))
            seen += sum(token in known for token in tokens)
        cut = sum(length > steps for length in lengths)
        kind = self.encoding.tokens
        return (
            f"the vocabulary is the {len(known):,} most frequent {kind}, {seen / sum(lengths):.0%} of all in the "
            f"training texts; {cut:,} of those {len(self):,} are longer than {steps:,} {kind} and are cut"
        )


def text_array(path: Path, key: str, array: NDArray[np.generic], encoding: Encoding) -> Texts:
    """The texts of an array of strings.

    Raises:
        AnenasError: If it is none, or a text has no tokens.
    """
    if array.dtype.kind != "U" or array.ndim != 1 or not len(array):
        raise AnenasError(f"'{path}': {key} must be texts, (n,) strings, not {array.dtype} {array.shape}")
    texts = tuple(map(str, array))
    for i, text in enumerate(texts):
        if not encoding.split(text):
            raise AnenasError(f"'{path}': text {i} of {key} has {encoding.nothing}; leave it out")
    return Texts(texts, encoding)
