"""Texts as series of ids, (N, 1, 1, T)."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anenas._errors import AnenasError
from anenas.data._arrays import array_reader
from anenas.data._encoding import FIRST, PADDING, UNKNOWN, Encoding
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
        encoding, steps = wanted.tokens
        vocabulary = encoding.learn(self.texts)
        _log.info(self._describe(vocabulary, encoding, steps))
        return dataclasses.replace(wanted, vocabulary=vocabulary)

    def draw(self, wanted: InputFormat) -> NDArray[np.float32]:
        """The ids of each text's first tokens, (n, 1, 1, T), padded with 0 at the start."""
        encoding, steps = wanted.tokens
        known = {token: i for i, token in enumerate(wanted.vocabulary or (), FIRST)}
        series = np.full((len(self), 1, 1, steps), PADDING, np.float32)
        for row, text in zip(series, self.texts, strict=True):
            found = [known.get(token, UNKNOWN) for token in encoding.split(text)[:steps]]
            row[0, 0, steps - len(found) :] = found
        return series

    def _describe(self, vocabulary: tuple[str, ...], encoding: Encoding, steps: int) -> str:
        """How much of these texts the vocabulary covers, and how many of them are cut."""
        known = set(vocabulary)
        lengths, seen = [], 0
        for text in self.texts:
            tokens = encoding.split(text)
            lengths.append(len(tokens))
            seen += sum(token in known for token in tokens)
        cut = sum(length > steps for length in lengths)
        kind = encoding.tokens
        return (
            f"the vocabulary is the {len(known):,} most frequent {kind}, {seen / sum(lengths):.0%} of all in the "
            f"training texts; {cut:,} of those {len(self):,} are longer than {steps:,} {kind} and are cut"
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
