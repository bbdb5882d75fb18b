from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable

import numpy as np
import pytest

from anenas.data import Concern, Dataset, InputFormat, Split, check_dataset, load_data
from anenas.data.checks._doubtful_labels import doubtful, doubtful_labels
from anenas.data.checks._inspected import Inspected
from anenas.inputs import IMAGES, SERIES, TEXTS, InputKind

OfImages = Callable[..., Dataset]


def embedded(kind: InputKind, most: int = 1500) -> Dataset:
    """The training inputs of the embedded set alone, the first of them."""
    dataset = load_data(None, InputFormat(kind, (28, 28) if kind is IMAGES else None))
    nothing = Split(dataset.train.inputs[:0], dataset.train.labels[:0])
    inputs, labels = dataset.train.inputs[:most], dataset.train.labels[:most]
    train = Split(inputs, labels, tuple(f"{i}.png" for i in range(len(labels))))
    return dataclasses.replace(dataset, train=train, validation=nothing, test=nothing)


def with_changed(dataset: Dataset, share: float) -> tuple[Dataset, list[int]]:
    """The same with a share of the labels changed, and the places of these."""
    rng, labels = np.random.default_rng(1), dataset.train.labels.copy()
    changed = np.flatnonzero(rng.random(len(labels)) < share)
    labels[changed] = (labels[changed] + rng.integers(1, len(dataset.classes), len(changed))) % len(dataset.classes)
    return dataclasses.replace(dataset, train=dataclasses.replace(dataset.train, labels=labels)), changed.tolist()


def concerns(dataset: Dataset, *, quick: bool = False) -> list[Concern]:
    return list(doubtful_labels(Inspected(dataset, quick=quick)))


def test_no_labels_of_good_data_and_most_of_those_that_were_changed_are_doubted() -> None:
    clean = embedded(IMAGES)
    assert concerns(clean) == []
    noisy, changed = with_changed(clean, 0.1)
    [concern] = concerns(noisy)
    doubted = [int(name.partition(".png")[0]) for name, _ in concern.affected]
    right = len({*doubted} & {*changed})
    assert right >= 0.6 * len(changed) and right >= 0.8 * len(doubted)
    surest = doubted[:20]
    assert len({*surest} & {*changed}) >= 19
    assert concern.message.startswith(f"{len(doubted)} of 1,500 labels are likely wrong (")
    first, given = doubted[0], noisy.classes[noisy.train.labels[doubted[0]]]
    truth = clean.classes[clean.train.labels[first]]
    assert concern.lines[0] == f"{first}.png ({given}), rather {truth}"


def test_labels_of_series_are_doubted_too() -> None:
    noisy, changed = with_changed(embedded(SERIES), 0.1)
    [concern] = concerns(noisy)
    assert 0.5 * len(changed) < len(concern.affected) < 1.2 * len(changed)


def test_before_a_search_fewer_are_looked_at_and_little_is_no_concern() -> None:
    clean = embedded(IMAGES, 2000)
    assert concerns(clean, quick=True) == []
    [concern] = concerns(with_changed(clean, 0.1)[0], quick=True)
    assert " of 1,500 labels looked at, out of 2,000, are likely wrong (" in concern.message


def test_labels_that_have_nothing_to_do_with_their_inputs_cannot_be_doubted(
    of_images: OfImages, caplog: pytest.LogCaptureFixture
) -> None:
    images = np.random.default_rng(0).integers(0, 256, (200, 8, 8))
    with caplog.at_level(logging.INFO, "anenas"):
        assert concerns(of_images(images)) == []
    assert "pets: no label can be checked: simple classifiers predict only" in caplog.text


def test_classes_with_few_inputs_are_left_out_and_that_is_said(
    of_images: OfImages, caplog: pytest.LogCaptureFixture
) -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 90, (90, 8, 8))
    labels = np.array([0] * 40 + [1] * 40 + [2] * 10)
    images[40:80] += 160
    labels[:2] = 1
    with caplog.at_level(logging.INFO, "anenas"):
        [concern] = concerns(of_images(images, labels=[labels, [], []], classes=("dark", "bright", "rare")))
    assert {*concern.affected} == {("train 0 (bright)", "dark"), ("train 1 (bright)", "dark")}
    assert concern.message == "2 of 80 labels looked at, out of 90, are likely wrong (2.5%)"
    assert "pets: 1 class is too small for its labels to be checked" in caplog.text


def test_words_tell_a_wrong_label() -> None:
    rng = np.random.default_rng(0)
    ids = rng.integers(2, 40, (300, 1, 1, 20)) + 40 * (np.arange(300) % 2)[:, None, None, None]
    labels = np.arange(300) % 2
    labels[1:21:2] = 0
    nothing = Split(np.zeros((0, 1, 1, 20), np.float32), labels[:0])
    texts = Dataset("mail", ("ham", "spam"), Split(ids.astype(np.float32), labels), nothing, nothing, kind=TEXTS)
    [concern] = concerns(texts)
    assert len(concern.affected) >= 7
    assert {*concern.affected} <= {(f"train {i} (ham)", "spam") for i in range(1, 21, 2)}


def test_a_label_is_doubted_where_another_is_as_sure_as_its_own_inputs_are() -> None:
    """The probabilities of class 1 average 0.7 among its own; the third input is above that, the fourth below."""
    probabilities = np.array([[0.95, 0.05], [0.3, 0.7], [0.05, 0.95], [0.4, 0.6]])
    found, likelier = doubtful(probabilities, np.array([0, 1, 0, 0]))
    assert (found.tolist(), likelier.tolist()) == ([2], [1])


def test_it_is_among_the_checks() -> None:
    noisy, _ = with_changed(embedded(SERIES), 0.1)
    assert "doubtful label" in {one.check for one in check_dataset(noisy, quick=True)}
