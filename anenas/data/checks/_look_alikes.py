"""Pairs of images that are near-duplicates: the same picture saved again, recoloured, or cut a little differently.

Images become thumbnails of 32×32 grey pixels. Pairs whose perceptual hashes differ in a few bits are candidates; their
edges are then laid over each other. What counts is how far a pair stands out of pairs of its class: all trousers on a
white ground look alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_SIDE = 32  # pixels of a thumbnail
_HASH = 8  # rows and columns of the lowest frequencies, a bit each
_DISTANCE = 14  # bits, of 64, in which hashes of candidates differ at most
_LEAST_CORRELATION = 0.8  # of the edges of near-duplicates
_LEAST_DEVIATIONS = (
    12.0  # above what is usual among pairs of the class; on this scale correlations are like normal ones
)
_SHIFT = 3  # pixels of the thumbnail, up, down, left and right
_USUAL_PAIRS = 300  # of each class
_FEWEST = 20  # images of a class to know what is usual in it
_FLAT = 2.0  # grey levels of standard deviation: below, an image shows nothing
_TILE = (128, 4096)  # hashes that are compared with each other at once: what a processor's cache holds
_BATCH = 2048  # pairs whose edges are compared at once


@dataclass(frozen=True, eq=False)
class LookAlikes:
    """Near-duplicates among images.

    Attributes:
        pairs: Shape (P, 2): their indices, the first one below the second.
        too_many: Whether hashes of so many pairs are alike that some were not looked at.
    """

    pairs: NDArray[np.int64]
    too_many: bool = False


def look_alikes(
    images: Iterator[NDArray[np.uint8]], labels: NDArray[np.int64], splits: NDArray[np.int64], *, most: int
) -> LookAlikes:
    """Near-duplicates of which one is in another split or another class than the other.

    Args:
        images: Batches of (n, C, H, W), N images in all.
        labels: Shape (N,).
        splits: Shape (N,), the number of the split that each is in.
        most: Candidates to look at, the nearest ones by their hashes.
    """
    thumbnails = np.concatenate([_thumbnails(batch) for batch in images])
    shown = np.flatnonzero(thumbnails.reshape(len(thumbnails), -1).std(1) >= _FLAT)
    thumbnails, labels, splits = thumbnails[shown], labels[shown], splits[shown]
    candidates, too_many = _candidates(_hashes(thumbnails), labels, splits, most)
    correlation = _correlations(thumbnails, candidates)
    alike = correlation >= _LEAST_CORRELATION
    candidates, correlation = candidates[alike], np.arctanh(np.minimum(correlation[alike], 1 - 1e-7))
    usual = _Usual(thumbnails, labels)
    needed = np.array([max(usual(label) for label in labels[pair]) for pair in candidates])
    return LookAlikes(shown[candidates[correlation >= needed]].reshape(-1, 2), too_many)


def _thumbnails(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(n, 32, 32), grey."""
    grey = np.rint(images.mean(1, dtype=np.float32)).astype(np.uint8)
    if grey.shape[1:] == (_SIDE, _SIDE):
        return grey
    resized = (Image.fromarray(one).resize((_SIDE, _SIDE), Image.Resampling.BILINEAR) for one in grey)
    return np.array([np.asarray(one) for one in resized])


def _hashes(thumbnails: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """The perceptual hash (pHash, as the library imagehash has it) of each, (N,) of 64 bits.

    A bit is whether one of the lowest frequencies of the cosine transform is above their median.
    """
    from scipy.fft import dctn

    found = np.empty(len(thumbnails), np.uint64)
    for start in range(0, len(thumbnails), _BATCH):
        batch = thumbnails[start : start + _BATCH].astype(np.float32)
        low = dctn(batch, axes=(1, 2))[:, :_HASH, :_HASH].reshape(len(batch), -1)
        bits = np.packbits(low > np.median(low, 1, keepdims=True), axis=1)
        found[start : start + _BATCH] = bits.view(np.uint64)[:, 0]
    return found


def _candidates(
    hashes: NDArray[np.uint64], labels: NDArray[np.int64], splits: NDArray[np.int64], most: int
) -> tuple[NDArray[np.int64], bool]:
    """Pairs (P, 2) in two splits or classes whose hashes are near each other, and whether there were more than `most`.

    Of more, those that are farthest apart are left out.
    """
    limit = _DISTANCE
    found: list[NDArray[np.int64]] = [np.empty((0, 3), np.int64)]
    count = 0
    for top in range(0, len(hashes), _TILE[0]):
        for left in range(top, len(hashes), _TILE[1]):
            rows, columns, distances = _near(hashes[top : top + _TILE[0]], hashes[left : left + _TILE[1]], limit)
            rows, columns = rows + top, columns + left
            apart = (rows < columns) & ((labels[rows] != labels[columns]) | (splits[rows] != splits[columns]))
            found.append(np.stack([rows, columns, distances], 1)[apart])
            count += len(found[-1])
        while count > most:
            limit -= 1
            found = [each[each[:, 2] <= limit] for each in found]
            count = sum(map(len, found))
    return np.concatenate(found)[:, :2], limit < _DISTANCE


def _near(
    first: NDArray[np.uint64], second: NDArray[np.uint64], limit: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Rows, columns and distances of those hashes that differ in at most `limit` bits."""
    distances = np.bitwise_count(first[:, None] ^ second)
    near = distances <= limit
    if not near.any():  # the usual case, where finding them would take longer than comparing
        nothing = np.empty(0, np.int64)
        return nothing, nothing, nothing
    rows, columns = np.nonzero(near)
    return rows, columns, distances[rows, columns].astype(np.int64)


def _correlations(thumbnails: NDArray[np.uint8], pairs: NDArray[np.int64]) -> NDArray[np.float32]:
    """How alike the edges of each pair are, from −1 to 1, at the shift that suits them best."""
    from scipy.fft import irfft2

    found = np.empty(len(pairs), np.float32)
    near = np.r_[0 : _SHIFT + 1, -_SHIFT:0]
    for start in range(0, len(pairs), _BATCH):
        members, places = np.unique(pairs[start : start + _BATCH], return_inverse=True)
        spectra, (first, second) = _edges(thumbnails[members]), places.reshape(-1, 2).T
        products = irfft2(spectra[first] * spectra[second].conj(), (_SIDE, _SIDE))
        found[start : start + _BATCH] = products[:, near[:, None], near].max((1, 2))
    return found


def _edges(thumbnails: NDArray[np.uint8]) -> NDArray[np.complex64]:
    """The spectrum of each one's gradient, so that the product with itself, transformed back, begins with 1."""
    from scipy.fft import rfft2
    from scipy.signal.windows import tukey

    window = tukey(_SIDE, 0.25).astype(np.float32)
    grey = thumbnails.astype(np.float32)
    grey -= grey.mean((1, 2), keepdims=True)
    rows, columns = np.arange(_SIDE), np.arange(_SIDE // 2 + 1)
    gradient = np.hypot(np.sin(np.pi * rows / _SIDE)[:, None], np.sin(np.pi * columns / _SIDE)).astype(np.float32)
    spectra = rfft2(grey * window[:, None] * window) * gradient
    twice = np.where((columns > 0) & (columns < _SIDE // 2), 2, 1)  # the other half of the spectrum is left out
    energy = (np.abs(spectra) ** 2 * twice).sum((1, 2), keepdims=True) / _SIDE**2
    return (spectra / np.sqrt(np.maximum(energy, 1e-12))).astype(np.complex64)


class _Usual:
    """What a pair of a class has to reach, of correlations on Fisher's scale (their inverse hyperbolic tangent)."""

    def __init__(self, thumbnails: NDArray[np.uint8], labels: NDArray[np.int64]) -> None:
        self._thumbnails, self._labels = thumbnails, labels
        self._known: dict[int, float] = {}

    def __call__(self, label: int) -> float:
        if label not in self._known:
            members = np.flatnonzero(self._labels == label)
            self._known[label] = self._of(members if len(members) >= _FEWEST else np.arange(len(self._labels)))
        return self._known[label]

    def _of(self, members: NDArray[np.int64]) -> float:
        random = np.random.default_rng(0)
        pairs = random.choice(members, (_USUAL_PAIRS, 2))
        correlations = _correlations(self._thumbnails, pairs[pairs[:, 0] != pairs[:, 1]])
        usual = np.arctanh(np.minimum(correlations, 1 - 1e-7))
        middle = np.median(usual)
        deviation = 1.4826 * np.median(np.abs(usual - middle))  # as the standard deviation, but for a few duplicates
        return float(middle + _LEAST_DEVIATIONS * deviation)
