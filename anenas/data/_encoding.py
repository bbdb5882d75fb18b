"""How texts become ids: their tokens, and the vocabulary that the training texts make."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

PADDING, UNKNOWN = 0, 1
FIRST = 2
"""Id of the most frequent token."""


class _Blanks(dict[int, str]):
    """For `str.translate`: a blank for characters that separate tokens, and all others unchanged."""

    def __init__(self, parts: Callable[[str], bool]) -> None:
        super().__init__()
        self._parts = parts

    def __missing__(self, code: int) -> str:
        self[code] = " " if self._parts(chr(code)) else chr(code)
        return self[code]


_BETWEEN_WORDS = _Blanks(lambda character: unicodedata.category(character)[0] not in "LMN")
_UNSPACED = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR")  # as Unicode's names begin
_WHITE = _Blanks(lambda character: unicodedata.category(character)[0] == "Z" or character in "\t\n\v\f\r\x85")


@dataclass(frozen=True)
class Encoding:
    """How texts become ids.

    Attributes:
        tokens: "words": longest runs of Unicode's letters, marks and numbers (categories L*, M* and N*, as in Apple's
            `CharacterSet.alphanumerics`). "characters": each code point, with white space (category Z*, tabs and line
            breaks, as in `CharacterSet.whitespacesAndNewlines`) stripped at the ends and runs of it collapsed to one
            blank. Both of the text in lower case and Unicode's form NFC.
        vocabulary: Number of ids: 0 for padding, 1 for unknown tokens, and the rest for the most frequent tokens of the
            training texts.
    """

    tokens: str
    vocabulary: int

    @property
    def nothing(self) -> str:
        """What a text without tokens has, for messages."""
        return "no words, which are letters and numbers" if self.tokens == "words" else "no characters"

    def split(self, text: str) -> list[str]:
        """The tokens of a text."""
        text = unicodedata.normalize("NFC", text.lower())
        if self.tokens == "words":
            return text.translate(_BETWEEN_WORDS).split()
        return list(re.sub(" +", " ", text.translate(_WHITE)).strip(" "))

    def learn(self, texts: Iterable[str]) -> tuple[str, ...]:
        """The most frequent tokens, in descending order; ties are in the order of their code points."""
        counts = Counter(token for text in texts for token in self.split(text))
        ranked = sorted(counts, key=lambda token: (-counts[token], token))
        return tuple(ranked[: self.vocabulary - FIRST])


def is_unspaced(letter: str) -> bool:
    """Whether a letter is of a script that is written without blanks between words."""
    return unicodedata.name(letter, "").startswith(_UNSPACED)
