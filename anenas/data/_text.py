"""Texts as series of ids, (N, 1, 1, T)."""

from __future__ import annotations

import dataclasses
import logging
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anenas._errors import AnenasError
from anenas.data._arrays import array_reader
from anenas.data._encoding import FIRST, PADDING, UNKNOWN, Encoding, is_unspaced
from anenas.data._format import InputFormat
from anenas.data._raw import Inputs
from anenas.inputs import TEXTS

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Texts(Inputs):
    """Texts, each with at least one token."""

    texts: tuple[str, ...]
    masked: bool = True

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, indices: NDArray[np.int64]) -> Texts:
        return Texts(tuple(self.texts[i] for i in indices))

    def settle(self, wanted: InputFormat, name: str) -> InputFormat:
        """With the vocabulary of these texts, unless the format has one."""
        if wanted.vocabulary is not None:
            return wanted
        return dataclasses.replace(wanted, vocabulary=wanted.tokens[0].learn(self.texts))

    def tell(self, held: Texts, wanted: InputFormat) -> None:
        """What the vocabulary leaves out, how many texts are cut, and whether other tokens would suit them."""
        encoding, steps = wanted.tokens
        kind, known = encoding.tokens, frozenset(wanted.vocabulary or ())
        lengths, unknown = self._counts(encoding, known)
        held_lengths, held_unknown = held._counts(encoding, known)
        cut = sum(length > steps for length in lengths)
        _log.info(
            f"the vocabulary is the {len(known):,} most frequent {kind}: {unknown / sum(lengths):.1%} of those in the "
            f"training texts and {held_unknown / sum(held_lengths):.1%} in the validation texts are not in it; {cut:,} "
            f"of {len(self):,} training texts are longer than {steps:,} {kind} and are cut"
        )
        if kind == "words":
            self._tell_of_characters()

    def draw(self, wanted: InputFormat) -> NDArray[np.float32]:
        """The ids of each text's first tokens, (n, 1, 1, T), padded with 0 at the start."""
        encoding, steps = wanted.tokens
        known = {token: i for i, token in enumerate(wanted.vocabulary or (), FIRST)}
        series = np.full((len(self), 1, 1, steps), PADDING, np.float32)
        for row, text in zip(series, self.texts, strict=True):
            found = [known.get(token, UNKNOWN) for token in encoding.split(text)[:steps]]
            row[0, 0, steps - len(found) :] = found
        return series

    def _counts(self, encoding: Encoding, known: frozenset[str]) -> tuple[list[int], int]:
        """The number of tokens of each text, and how many of all are not known."""
        lengths, unknown = [], 0
        for text in self.texts:
            tokens = encoding.split(text)
            lengths.append(len(tokens))
            unknown += sum(token not in known for token in tokens)
        return lengths, unknown

    def _tell_of_characters(self) -> None:
        """What is lost of these texts where their words are read."""
        letters = Counter(character for text in self.texts for character in text if character.isalpha())
        unspaced = sum(count for letter, count in letters.items() if is_unspaced(letter))
        if 2 * unspaced > letters.total():
            _log.warning(
                f"{unspaced / letters.total():.0%} of the letters are from a script without spaces between words, so "
                f"a whole clause counts as one word: use characters for such texts, as in the space character_rnn"
            )
        pictures = sum(any(unicodedata.category(one) == "So" for one in text) for text in self.texts)
        if pictures:
            _log.info(
                f"{pictures:,} of {len(self):,} training texts contain emoji or other symbols, which are not words "
                "and are left out; the space character_rnn, which uses characters, keeps them"
            )


@array_reader(TEXTS)
def texts_of_arrays(
    where: str, arrays: Mapping[str, NDArray[Any]], more: Mapping[str, NDArray[Any]], wanted: InputFormat
) -> dict[str, Texts]:
    """The texts of arrays (n,) of strings.

    Raises:
        AnenasError: If they are not strings, or a text has no tokens.
    """
    return {key: _texts(where, key, array, wanted.tokens[0]) for key, array in arrays.items()}


def _texts(where: str, key: str, array: NDArray[Any], encoding: Encoding) -> Texts:
    if array.dtype.kind != "U" or array.ndim != 1 or not len(array):
        raise AnenasError(f"{where}: {key} must be texts, (n,) strings, not {array.dtype} {array.shape}")
    texts = tuple(map(str, array))
    for i, text in enumerate(texts):
        if not encoding.split(text):
            raise AnenasError(f"{where}: text {i} of {key} has {encoding.nothing}; leave it out")
    return Texts(texts)
