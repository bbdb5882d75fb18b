"""What ships is held to its network in `test_training_evaluator.py`."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from unlike import unlike_splits

from anenas.data import Dataset
from anenas.network import Deployed, build
from anenas.search import PACKAGE, WEIGHTS, load_deployed, ship
from anenas.search._ship import deploy
from anenas.space import Architecture

NETWORK = Architecture.parse("1x1x16x16-conv_r1_s2_c16_k3_relu-mbconv_r1_s2_c16_k3_e2_relu-head_n3")
Ship = Callable[..., dict[str, str]]


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return unlike_splits()


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A folder with those that a training has left."""
    torch.manual_seed(0)
    save_file(build(NETWORK).state_dict(), tmp_path / WEIGHTS)
    return tmp_path


@pytest.fixture
def shipped(weights: Path) -> Ship:
    """Ships those, and returns the metadata of the package."""

    def shipped(dataset: Dataset, form: str = "fp16", **options: Any) -> dict[str, str]:
        architecture = dataclasses.replace(NETWORK, form=form)
        deployed, images = load_deployed(NETWORK, weights, dataset), dataset.validation.inputs[:4]
        given = {"epochs": 1, "seed": 0, **options}
        package, _ = ship(deployed, architecture, dataset, weights / PACKAGE, images, **given)
        assert package.path == weights / PACKAGE
        return dict(package.metadata)

    return shipped


def test_what_ships_normalises_as_its_data_do_and_has_the_weights_that_were_left(
    dataset: Dataset, weights: Path
) -> None:
    torch.manual_seed(0)
    network = build(NETWORK).eval()
    found = load_deployed(NETWORK, weights, dataset)
    assert isinstance(found, Deployed) and not found.training
    images = torch.from_numpy(dataset.validation.inputs[:4]).float()
    with torch.no_grad():
        expected = network((images / 255 - dataset.mean[0]) / dataset.std[0]).softmax(1)
        torch.testing.assert_close(found(images), expected)
        torch.testing.assert_close(deploy(network, NETWORK, dataset)(images), expected)


@pytest.mark.parametrize(
    ("flip", "augmentation", "mirrored"), [(True, "light", True), (False, "light", False), (True, "none", False)]
)
def test_a_package_says_what_its_network_was_trained_on(
    dataset: Dataset, shipped: Ship, flip: bool, augmentation: str, mirrored: bool
) -> None:
    metadata = shipped(dataclasses.replace(dataset, flip=flip, augmentation=augmentation))
    assert metadata["anenas.architecture"] == str(NETWORK)
    assert (metadata["anenas.data"], metadata["anenas.augmentation"]) == ("unlike", augmentation)
    found = {name: json.loads(metadata[f"anenas.{name}"]) for name in ("mirrored", "mean", "std")}
    assert found == {"mirrored": mirrored, "mean": list(dataset.mean), "std": list(dataset.std)}


@pytest.mark.parametrize(
    ("form", "phases"),
    [
        ("fp16", ["convert", "verify"]),
        ("palette4", ["convert", "verify", "compress", "verify_form"]),
        ("w8a8", ["quantise", "convert", "verify"]),
    ],
)
def test_each_phase_is_told_as_it_ends(dataset: Dataset, shipped: Ship, form: str, phases: list[str]) -> None:
    told: list[str] = []
    shipped(dataset, form, on_phase=told.append)
    assert told == phases


class _EnoughError(Exception):
    """The steps are known."""


def test_activations_are_quantised_for_a_quarter_of_the_epochs_but_one_at_least(
    dataset: Dataset, shipped: Ship
) -> None:
    told: list[int] = []

    def note(step: int, steps: int) -> None:
        assert step == 1
        told.append(steps)
        raise _EnoughError

    for epochs in (1, 2, 6, 12):
        with pytest.raises(_EnoughError):
            shipped(dataset, "w8a8", epochs=epochs, on_step=note)
    assert [steps / told[0] for steps in told] == [1, 1, 2, 3]
    assert told[0] < len(dataset.train)
