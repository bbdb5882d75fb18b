"""Labels that are likely wrong, by confident learning (Northcutt, Jiang & Chuang 2021, arXiv:1911.00068).

Two plain classifiers, a logistic regression and the nearest neighbours, tell each input from what others are labelled.
An input counts as another class's if they are as sure of that class as they are, on average, of the inputs that are
labelled so. That alone finds hard inputs as well: a label is doubtful only if they hardly believe in it, too. On the
embedded images, of which a tenth of the labels was changed, that finds seven in ten of them, and nine in ten of what it
finds are changed ones (`python experiments/label_noise.py`).
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from anenas.data.checks._concern import Concern, are
from anenas.data.checks._features import features
from anenas.data.checks._inspected import FEWEST, Inspected

_MOST, _MOST_QUICKLY = 5000, 1500  # inputs that are looked at: ten seconds, two seconds
_FOLDS = 5
_COMPONENTS = 100  # that features are reduced to
_NEIGHBOURS = 20
_STRENGTH = 0.01  # scikit-learn's C
_ITERATIONS = 100
_BELIEVED = 0.1  # the probability from which on a label is not doubted
_LEAST_KNOWN = 0.6  # of the labels must be told right, or what is told says nothing of them
_LEAST = 0.02  # of the labels, to be of concern: of the embedded images 1.3 % are found as they are

_log = logging.getLogger(__name__)


def doubtful_labels(data: Inspected) -> Iterator[Concern]:
    """Labels that are likely wrong, the most doubtful first."""
    if not data.is_classified or not len(looked_at := _sample(data)):
        return
    labels = data.labels[looked_at]
    values = _features(data, looked_at)
    if not values.std(0).any():
        return  # all are alike
    probabilities = _out_of_sample(values, labels, len(data.dataset.classes))
    known = float((probabilities.argmax(1) == labels).mean())
    if known < _LEAST_KNOWN:
        if not data.quick:
            name = data.dataset.name
            _log.info(f"{name}: no label can be checked: simple classifiers predict only {known:.0%} of them")
        return
    found, likelier = doubtful(probabilities, labels)
    if (share := len(found) / len(labels)) < _LEAST:
        return
    affected = tuple(
        (f"{data.name(i)} ({data.class_of(i)})", data.dataset.classes[other])
        for i, other in zip(looked_at[found].tolist(), likelier, strict=True)
    )
    count = len(data.labels)
    of = f"{len(labels):,} labels" if len(labels) == count else f"{len(labels):,} labels looked at, out of {count:,},"
    message = f"{are(len(found), f'of {of}', f'of {of}')} likely wrong ({share:.1%})"
    yield Concern("doubtful label", message, "check these, the most doubtful first", affected, ", rather ")


def doubtful(
    probabilities: NDArray[np.float64], labels: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The labels that are likely wrong, the most doubtful first, and what is likelier.

    Args:
        probabilities: (N, K) of each class, told without the input's own label.
        labels: (N,).
    """
    rows = np.arange(len(labels))
    given = probabilities[rows, labels]
    sums = np.bincount(labels, given, probabilities.shape[1])
    usual = sums / np.maximum(np.bincount(labels, minlength=probabilities.shape[1]), 1)
    sure = np.where((probabilities >= usual) & (usual > 0), probabilities, 0)
    likelier = sure.argmax(1)
    found = np.flatnonzero((sure.max(1) > 0) & (likelier != labels) & (given < _BELIEVED))
    margin = probabilities[found, likelier[found]] - given[found]
    found = found[np.argsort(-margin, kind="stable")]
    return found, likelier[found]


def _sample(data: Inspected) -> NDArray[np.int64]:
    """The inputs to look at: so many at most, of the classes that have enough."""
    most, count = _MOST_QUICKLY if data.quick else _MOST, len(data.labels)
    chosen = np.random.default_rng(0).permutation(count)[:most]
    chosen.sort()  # in file order: they may be a memory map
    counts = np.bincount(data.labels[chosen], minlength=len(data.dataset.classes))
    enough = counts >= FEWEST
    if enough.sum() < 2:
        return chosen[:0]
    if (few := int((~enough).sum())) and not data.quick:
        counted = are(few, "class", "classes")
        _log.info(f"{data.dataset.name}: {counted} too small for {'its' if few == 1 else 'their'} labels to be checked")
    return chosen[enough[data.labels[chosen]]]


def _features(data: Inspected, indices: NDArray[np.int64]) -> NDArray[np.float32]:
    return np.concatenate([features(batch, data.dataset) for batch in data.batches_at(indices)])


def _out_of_sample(values: NDArray[np.float32], labels: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    """(N, count): the mean of both classifiers' probabilities, each of a fold told by what the others have."""
    from sklearn.decomposition import PCA
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    probabilities = np.zeros((len(labels), count))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # as good as its steps allow will do
        for known, asked in StratifiedKFold(_FOLDS, shuffle=True, random_state=0).split(values, labels):
            components = min(_COMPONENTS, values.shape[1], len(known))
            reduce = make_pipeline(StandardScaler(), PCA(components, svd_solver="randomized", random_state=0))
            near, far = reduce.fit_transform(values[known]), reduce.transform(values[asked])
            for classifier in (
                LogisticRegression(C=_STRENGTH, max_iter=_ITERATIONS),
                KNeighborsClassifier(min(_NEIGHBOURS, len(known)), weights="distance"),
            ):
                told = classifier.fit(near, labels[known])
                probabilities[np.ix_(asked, told.classes_)] += told.predict_proba(far) / 2
    return probabilities
