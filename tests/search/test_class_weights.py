from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from unlike import unlike_splits

from anenas.data import Dataset
from anenas.search import CLASS_WEIGHTS, draws_of, loss_of


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    """Of three classes, of which the first is rare."""
    whole = unlike_splits()
    few = [*np.flatnonzero(whole.train.labels == 0)[:8], *np.flatnonzero(whole.train.labels != 0)]
    split = dataclasses.replace(whole.train, inputs=whole.train.inputs[few], labels=whole.train.labels[few])
    return dataclasses.replace(whole, train=split)


def losses(class_weights: str, dataset: Dataset) -> list[float]:
    """Of one input for each class, of which the network knows nothing."""
    loss = loss_of(class_weights, dataset)
    return [float(loss(torch.zeros(1, 3), torch.tensor([label]))) for label in range(3)]


def test_only_balanced_a_rare_class_costs_more(dataset: Dataset) -> None:
    assert losses("none", dataset) == losses("sampled", dataset) == pytest.approx([np.log(3)] * 3)
    rare, *others = losses("balanced", dataset)
    assert rare > 2 * max(others)


def test_only_sampled_inputs_of_a_rare_class_are_drawn_more_often(dataset: Dataset) -> None:
    draws = {name: draws_of(name, dataset) for name in CLASS_WEIGHTS}
    assert (draws["none"], draws["balanced"]) == (None, None)
    sampled = draws["sampled"]
    assert sampled is not None
    by_class = [sampled[dataset.train.labels == label].sum() for label in range(3)]
    assert by_class == pytest.approx([by_class[0]] * 3)
