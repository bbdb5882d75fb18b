from __future__ import annotations

import numpy as np
import pytest
import torch

from anenas.coreml import Quantiser
from anenas.data import Split
from anenas.network import Deployed, Normalisation, build, fuse
from anenas.space import Architecture
from anenas.training import accuracy, train, train_quantised

ARCHITECTURE = Architecture.parse("1x1x8x8-conv_r1_s2_c16_k3_relu-head_n2")
NORMALISE = Normalisation((0.5,), (0.25,))


def as_they_are(batch: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return batch


@pytest.fixture(scope="module")
def split() -> Split:
    """Class 1 is bright, class 0 dark."""
    labels = np.arange(128) % 2
    images = np.random.default_rng(0).integers(0, 100, (128, 1, 8, 8)) + 155 * labels[:, None, None, None]
    return Split(images.astype(np.uint8), labels)


@pytest.fixture(scope="module")
def deployed(split: Split) -> Deployed:
    torch.manual_seed(0)
    network = build(ARCHITECTURE)
    train(network, split, NORMALISE, epochs=2, augment=as_they_are)
    return Deployed(fuse(network), NORMALISE).eval()


def test_a_network_that_computes_with_integers_is_as_accurate_and_the_one_before_is_left_as_it_was(
    deployed: Deployed, split: Split
) -> None:
    before = {name: tensor.clone() for name, tensor in deployed.state_dict().items()}
    steps: list[tuple[int, int]] = []
    quantised = train_quantised(
        deployed, split, epochs=2, augment=as_they_are, on_step=lambda *step: steps.append(step)
    )
    assert steps == [(step, len(steps)) for step in range(1, len(steps) + 1)]
    assert accuracy(quantised, split) == 1.0
    assert not quantised.training
    assert {parameter.device.type for parameter in quantised.parameters()} == {"cpu"}
    pixels = torch.from_numpy(split.inputs[:8]).float()
    with torch.no_grad():
        assert not torch.equal(quantised(pixels), deployed(pixels))
    after = deployed.state_dict()
    assert after.keys() == before.keys()
    assert all(torch.equal(before[name], tensor) for name, tensor in after.items())


def test_equal_seeds_end_alike(deployed: Deployed, split: Split) -> None:
    pixels = torch.from_numpy(split.inputs[:8]).float()
    first, second, other = (
        train_quantised(deployed, split, epochs=1, augment=as_they_are, seed=seed)(pixels) for seed in (1, 1, 2)
    )
    assert torch.equal(first, second)
    assert not torch.equal(first, other)


def test_the_quantiser_takes_a_step_for_each_of_the_training(
    deployed: Deployed, split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    stepped: list[int] = []
    step = Quantiser.step

    def counted(quantiser: Quantiser) -> Quantiser:
        stepped.append(1)
        return step(quantiser)

    monkeypatch.setattr(Quantiser, "step", counted)
    steps: list[int] = []
    train_quantised(deployed, split, epochs=1, augment=as_they_are, on_step=lambda step, of: steps.append(of))
    assert len(stepped) == len(steps) == steps[0]
