"""A few hundred numbers that say roughly what an input is like: cheap, and without a network."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from anenas.data._dataset import Dataset
from anenas.inputs import IMAGES, TEXTS

_SIDE, _CELLS, _DIRECTIONS = 32, 8, 8  # of a picture, for histograms of its edges
_THUMBNAIL = 8  # pixels
_CHUNKS, _BANDS = 8, 12  # of time, and of frequency in each
_MOST_CHANNELS = 32  # that are looked at: so many hold what there is
_WORDS = 1024  # ids that are counted; the most frequent come first


def features(inputs: NDArray[np.generic], dataset: Dataset) -> NDArray[np.float32]:
    """(N, F): of images histograms of edges and colours, of texts how often each token comes, else bands in time.

    Args:
        inputs: (N, C, H, W) of the data set; a few hundred, as they take memory.
        dataset: The data set.
    """
    if dataset.kind is IMAGES:
        return _of_images(np.asarray(inputs, np.uint8))
    if dataset.kind is TEXTS:
        return _of_texts(inputs)
    channels = min(_MOST_CHANNELS, dataset.channels - dataset.masked)
    return _of_series(np.asarray(inputs[:, :channels, 0], np.float32))


def _of_images(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Histograms of oriented gradients (Dalal & Triggs 2005), and a thumbnail of each channel."""
    count = len(images)
    grey = np.rint(images.mean(1)).astype(np.uint8)
    planes = np.stack([_resized(one, _SIDE) for one in grey]).astype(np.float32)
    down, right = np.gradient(planes, axis=(1, 2))
    strength = np.hypot(right, down)
    direction = np.arctan2(down, right) % np.pi / np.pi * _DIRECTIONS
    lower = np.floor(direction).astype(np.int64) % _DIRECTIONS
    share = direction - np.floor(direction)
    cell = np.arange(_SIDE) * _CELLS // _SIDE
    place = (np.arange(count)[:, None, None] * _CELLS + cell[:, None]) * _CELLS + cell
    bins = count * _CELLS**2 * _DIRECTIONS
    found = np.zeros(bins)
    for which, weight in ((lower, 1 - share), ((lower + 1) % _DIRECTIONS, share)):
        found += np.bincount((place * _DIRECTIONS + which).ravel(), (strength * weight).ravel(), bins)
    edges = found.reshape(count, -1)
    edges = np.sqrt(edges / np.maximum(edges.sum(1, keepdims=True), 1e-6))
    small = np.stack([[_resized(plane, _THUMBNAIL) for plane in image] for image in images]) / 255
    return np.concatenate([edges, small.reshape(count, -1)], 1, dtype=np.float32)


def _resized(plane: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(plane).resize((side, side), Image.Resampling.BILINEAR))


def _of_texts(ids: NDArray[np.generic]) -> NDArray[np.float32]:
    """How often each of the first ids comes, dampened; padding is 0."""
    found = np.zeros((len(ids), _WORDS), np.float32)
    for row, text in zip(found, ids.reshape(len(ids), -1).astype(np.int64), strict=True):
        row += np.bincount(text[(text > 0) & (text < _WORDS)], minlength=_WORDS)
    return np.log1p(found)


def _of_series(series: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean, deviation and spectrum in each of a few stretches of time, of (N, C, T)."""
    parts = [part for part in np.array_split(series, _CHUNKS, 2) if part.shape[2]]
    found = [one for part in parts for one in (part.mean(2), part.std(2), *_bands(part))]
    return np.concatenate(found, 1, dtype=np.float32)


def _bands(part: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """The logarithm of the power in each of a few bands, (N, C) each."""
    power = np.abs(np.fft.rfft(part - part.mean(2, keepdims=True), axis=2)[..., 1:]) ** 2
    return [np.log1p(band.mean(2)) for band in np.array_split(power, _BANDS, 2) if band.shape[2]]
