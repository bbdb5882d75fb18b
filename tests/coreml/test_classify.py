"""What a package answers for many inputs, whatever runs it and however many it takes at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from means import Means, means_packages

from anenas._errors import AnenasError
from anenas.coreml import Package, class_places, program_accuracy, program_scores

CLASSES = ["a", "b", "c", "d"]


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Package]:
    """By how many inputs they take at once."""
    return means_packages(tmp_path_factory.mktemp("means"), (1, 3), CLASSES, 2)


def series(count: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 4, 2, 2), dtype=np.uint8)


def recorded(package: Package, sizes: list[int]) -> Callable[[Mapping[str, np.ndarray]], dict[str, np.ndarray]]:
    """Runs a package as something else would that takes whole batches only."""

    def run(inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        (array,) = inputs.values()
        sizes.append(len(array))
        assert array.dtype == np.float32 and len(array) % package.inputs[0].batch == 0
        return package.program()(inputs)

    return run


@pytest.mark.parametrize(
    ("batch", "count", "sizes"),
    [
        (1, 1, [1]),
        (1, 64, [64]),
        (1, 65, [64, 1]),
        (1, 130, [64, 64, 2]),
        (3, 1, [3]),
        (3, 192, [192]),
        (3, 193, [192, 3]),
        (3, 200, [192, 9]),
    ],
)
def test_each_input_has_its_scores_however_many_there_are(
    batch: int, count: int, sizes: list[int], packages: dict[int, Package]
) -> None:
    package, given = packages[batch], series(count)
    ran: list[int] = []
    scores = program_scores(package, given, run=recorded(package, ran))
    assert (ran, scores.dtype, scores.shape) == (sizes, np.float32, (count, 4))
    with torch.no_grad():
        expected = Means()(torch.from_numpy(given).float()).numpy()
    np.testing.assert_allclose(scores, expected, atol=1e-5)
    np.testing.assert_allclose(program_scores(package, given), expected, atol=5e-3)


def test_accuracy_follows_the_names_of_classes_and_not_their_order(packages: dict[int, Package]) -> None:
    given = series(40)
    right = given.mean((2, 3)).argmax(1)
    assert program_accuracy(packages[1], given, right) == 1
    order = [2, 0, 3, 1]
    names = [CLASSES[place] for place in order]
    labels = np.array([order.index(one) for one in right])
    assert program_accuracy(packages[1], given, labels, classes=names) == 1
    assert program_accuracy(packages[1], given, labels) < 0.5
    some = right.copy()
    some[:10] = (some[:10] + 1) % 4
    assert program_accuracy(packages[3], given, some) == 0.75


def test_a_class_that_a_package_does_not_know_is_told(packages: dict[int, Package]) -> None:
    np.testing.assert_array_equal(class_places(["d", "a"], packages[1]), [3, 0])
    with pytest.raises(AnenasError, match=r"has no class 'e'; it has a, b, c, d: use one of these, or leave it out$"):
        class_places(["z", "a", "e"], packages[1])


@pytest.mark.parametrize(("count", "told"), [(5, "c0, c1, c2, c3, c4:"), (6, "c0, c1, c2, c3, c4…:")])
def test_five_of_many_classes_are_named(count: int, told: str) -> None:
    known = SimpleNamespace(class_names=[f"c{i}" for i in range(count)])
    with pytest.raises(AnenasError, match=f"it has {told} use"):
        class_places(["x"], known)  # type: ignore[arg-type]


def test_what_gives_no_row_of_scores_for_each_input_is_refused(packages: dict[int, Package]) -> None:
    def run(inputs: Mapping[str, np.ndarray]) -> dict[str, Any]:
        return {name: values[:, :, None] for name, values in packages[3].program()(inputs).items()}

    with pytest.raises(AnenasError, match=r"gives probabilities of \(3, 4, 1\); expected one row of scores per input"):
        program_scores(packages[3], series(3), run=run)
    with pytest.raises(AnenasError, match=r"takes inputs of \(4, 2, 2\), got \(4, 2, 3\)"):
        program_scores(packages[1], np.zeros((1, 4, 2, 3)))


def test_numbers_that_are_not_finite_are_refused(packages: dict[int, Package], tmp_path: Path) -> None:
    def run(inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        scores = packages[3].program()(inputs)["probabilities"]
        scores[-1, 0] = np.nan
        return {"probabilities": scores}

    with pytest.raises(AnenasError, match="the scores are not finite in fp16"):
        program_scores(packages[3], series(6), run=run)
    assert len(program_scores(packages[3], series(5), run=run)) == 5  # that of no input
