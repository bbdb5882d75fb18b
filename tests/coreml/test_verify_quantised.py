"""Programs that compute with integers of 8 bits are held to what rounding explains, steps that it changes among it."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn

from anenas.coreml import Package, convert, verify_network
from anenas.data import Split
from anenas.graph import get_weight_format
from anenas.network import Deployed, Normalisation, build, fuse
from anenas.space import Architecture
from anenas.training import train_quantised

ARCHITECTURE = Architecture.parse("1x3x16x16-conv_r1_s2_c16_k3_relu-mbconv_r1_s2_c16_k3_e4_se_hswish-head_n3")
PIXELS = np.random.default_rng(0).integers(0, 256, (32, 3, 16, 16)).astype(np.uint8)


def _as_they_are(batch: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return batch


@pytest.fixture(scope="module")
def quantised(tmp_path_factory: pytest.TempPathFactory) -> tuple[Package, nn.Module]:
    torch.manual_seed(0)
    network = Deployed(fuse(build(ARCHITECTURE)), Normalisation((0.5,) * 3, (0.25,) * 3)).eval()
    with torch.no_grad():  # scores that differ from one input to the next
        _classifier(network).mul_(30)
    split = Split(np.tile(PIXELS, (4, 1, 1, 1)), np.arange(128) % 3)
    found = train_quantised(network, split, epochs=2, augment=_as_they_are)
    path, form = tmp_path_factory.mktemp("quantised") / "model.mlpackage", get_weight_format("w8a8")
    return convert(found, path, shape=ARCHITECTURE.input, classes=["a", "b", "c"], target=form.target), found


def _classifier(network: nn.Module) -> torch.Tensor:
    return next(one for one in network.parameters() if one.ndim > 1 and one.shape[0] == 3)


def _weights(network: nn.Module) -> list[torch.Tensor]:
    return [one for one in network.parameters() if one.ndim == 4 and one.shape[0] > 3]


def test_it_agrees_with_the_network_that_it_was_converted_from(quantised: tuple[Package, nn.Module]) -> None:
    package, network = quantised
    found = verify_network(package, network, PIXELS[:8].astype(np.float32), rounded=False)
    assert found.passed, found.problems
    assert max(found.tolerances.values()) < 0.03


@pytest.mark.parametrize("mistake", ["epsilon", "weight", "label"])
def test_a_small_mistake_is_noticed(quantised: tuple[Package, nn.Module], mistake: str) -> None:
    package, network = quantised
    network = copy.deepcopy(network)
    with torch.no_grad():
        if mistake == "epsilon":  # 1e-3 for 1e-5 where the variance is 0.001
            _weights(network)[0].div_((0.002 / 0.00101) ** 0.5)
        elif mistake == "weight":  # one of 48 in the classifier
            weight = _classifier(network)
            weight[0, 5] += 2 * weight.abs().max()
        else:
            for one in list(network.parameters())[-2:]:
                one[[0, 1]] = one[[1, 0]]
    found = verify_network(package, network, PIXELS[:8].astype(np.float32), rounded=False)
    assert not found.passed
