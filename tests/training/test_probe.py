from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from anenas.data import Dataset, Split
from anenas.inputs import IMAGES
from anenas.tasks import CLASSIFICATION, MULTILABEL, REGRESSION, Predictions, Task, find_metric
from anenas.training import fit_probe, pooled_features


def noisy_features(classes: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = np.arange(40 * classes) % classes
    centres = np.random.default_rng(7).normal(size=(classes, 16))
    scales = np.logspace(-2, 2, 16)
    return ((centres[labels] + rng.normal(size=(len(labels), 16))) * scales).astype(np.float32), labels.astype(np.int64)


def dataset(train: np.ndarray, held_out: np.ndarray, count: int, task: Task = CLASSIFICATION) -> Dataset:
    """One whose inputs nobody looks at."""
    train_split, validation, test = (
        Split(np.zeros((len(labels), 1, 4, 4), np.uint8), labels) for labels in (train, held_out, held_out)
    )
    names = tuple(f"name {i}" for i in range(count))
    return Dataset("blobs", names, train_split, validation, test, kind=IMAGES, task=task)


def test_probes_of_several_classes_an_input_and_of_numbers() -> None:
    (train, labels), (held_out, more) = noisy_features(3), noisy_features(3, seed=1)
    several, both = (np.stack([one > 0, one == 1], axis=1).astype(np.uint8) for one in (labels, more))
    probe = fit_probe(train, held_out, dataset(several, both, 2, MULTILABEL), find_metric("macro_f1"))
    assert ((probe.scores > 0.5) == both).mean() > 0.85
    prices, unseen = ((250_000 + 40_000 * one[:, None]).astype(np.float32) for one in (labels, more))
    probe = fit_probe(train, held_out, dataset(prices, unseen, 1, REGRESSION), find_metric("rmse"))
    assert np.abs(probe.scores - unseen).mean() < 20_000 < np.abs(unseen - prices.mean()).mean()


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_a_probe_finds_classes_in_features_of_any_scale(classes: int) -> None:
    train, held_out = noisy_features(classes), noisy_features(classes, seed=1)
    probe = fit_probe(train[0], held_out[0], dataset(train[1], held_out[1], classes), find_metric("accuracy"))
    assert (probe.scores.argmax(1) == held_out[1]).mean() > 0.85
    np.testing.assert_allclose(probe.scores.sum(1), 1, rtol=1e-5)
    scores = held_out[0] @ probe.weight.T + probe.bias
    assert (scores.argmax(1) == probe.scores.argmax(1)).all()
    assert probe.weight.shape == (classes, 16) and probe.weight.dtype == np.float32


def test_a_class_without_training_images_is_never_named() -> None:
    features, labels = noisy_features(3)
    probe = fit_probe(features, features, dataset(labels, labels, 5), find_metric("accuracy"))
    assert set((features @ probe.weight.T + probe.bias).argmax(1)) <= {0, 1, 2}


def test_features_are_means_over_pixels() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 6, 3))
    images = np.random.default_rng(0).integers(256, size=(70, 3, 8, 8), dtype=np.uint8)
    split = Split(images, np.zeros(70, np.int64))
    found = pooled_features(network, {"middle": network[1], "": network}, split)
    assert found["middle"].shape == (70, 4)
    with torch.no_grad():
        expected = network(torch.from_numpy(images).float()).mean((2, 3))
    np.testing.assert_allclose(found[""], expected.numpy(), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", ["accuracy", "log_loss"])  # the more the better, and the less
@pytest.mark.parametrize("seed", range(2))
def test_of_several_strengths_the_one_is_taken_that_is_best_for_what_is_held_out(name: str, seed: int) -> None:
    (train, labels), (held_out, more) = noisy_features(3, seed), noisy_features(3, seed + 9)
    features, of, metric = train[::7], dataset(labels[::7], more, 3), find_metric(name)

    def measured(*strengths: float) -> float:
        scores = fit_probe(features, held_out, of, metric, strengths).scores
        return metric.measure(Predictions(scores, more, of.classes))

    strengths = (1e-5, 1e-2, 1.0, 1e3)
    each = [measured(one) for one in strengths]
    assert len(set(each)) > 1
    assert measured(*strengths) == measured(*strengths[::-1]) == (min if name == "log_loss" else max)(each)
