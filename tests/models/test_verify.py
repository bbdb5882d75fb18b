from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from trained import CLASSES, MEAN, STD, TINY, deploy, edited, export, trained

from anenas._errors import AnenasError
from anenas.coreml import Package, convert
from anenas.models import verify_against
from anenas.network import Deployed, Normalisation, fuse
from anenas.tasks import MULTILABEL, REGRESSION, Task


@pytest.fixture(scope="module")
def network() -> nn.Module:
    return trained()


@pytest.fixture(scope="module")
def deployed(network: nn.Module) -> nn.Module:
    return deploy(network)


@pytest.fixture(scope="module")
def package(network: nn.Module, tmp_path_factory: pytest.TempPathFactory) -> Package:
    return export(network, tmp_path_factory.mktemp("exported"))


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (8, 1, 16, 16)).astype(np.float32)


def test_the_weights_that_were_exported_pass(package: Package) -> None:
    result = verify_against(package.path, str(package.path.parent / "weights.safetensors"), samples=2)
    assert result.passed
    assert result.fp32[0].relative < 1e-5


def test_other_weights_do_not(package: Package, network: nn.Module, tmp_path: Path) -> None:
    weights = {name: t.clone() for name, t in network.state_dict().items()}
    weights["head.1.weight"][0] += 0.3
    save_file(weights, tmp_path / "w.safetensors")
    assert not verify_against(package.path, str(tmp_path / "w.safetensors"), samples=2).passed


@pytest.mark.parametrize("task", [MULTILABEL, REGRESSION])
def test_of_other_tasks_the_weights_that_were_exported_tell_the_same(
    task: Task, network: nn.Module, tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    numbers = rng.normal([300, 5, 0, -2], [20, 1, 3, 0.2], (50, 4)).astype(np.float32)
    shipped = Deployed(fuse(network), Normalisation(MEAN, STD), task.output(numbers)).eval()
    metadata = {"anenas.architecture": TINY, "anenas.mean": json.dumps(MEAN), "anenas.std": json.dumps(STD)}
    if shipped.units:
        metadata["anenas.units"] = json.dumps([one.tolist() for one in shipped.units])
    path = tmp_path / "m.mlpackage"
    convert(shipped, path, shape=(1, 1, 16, 16), classes=CLASSES, metadata=metadata, task=task)
    weights = {name: t.clone() for name, t in network.state_dict().items()}
    for changed, most in ((0.0, 1e-5), (0.3, np.inf)):
        weights["head.1.weight"][0] += changed
        save_file(weights, tmp_path / "w.safetensors")
        differences = [one.relative for one in verify_against(path, str(tmp_path / "w.safetensors"), samples=2).fp32]
        assert 1e-3 * changed <= max(differences) < most


def test_a_tolerance_that_is_given_is_not_widened(package: Package) -> None:
    weights = str(package.path.parent / "weights.safetensors")
    result = verify_against(package.path, weights, samples=2, tolerance=1e-12)
    assert result.tolerances["fp32"] == 1e-12
    assert not result.passed


def test_values_of_another_origin(package: Package, deployed: nn.Module, pixels: np.ndarray, tmp_path: Path) -> None:
    with torch.no_grad():
        expected = deployed(torch.from_numpy(pixels)).numpy()
    np.savez(tmp_path / "right.npz", image=pixels, classLabel_probs=expected)
    np.savez(tmp_path / "wrong.npz", image=pixels, classLabel_probs=expected[:, ::-1])
    assert verify_against(package.path, str(tmp_path / "right.npz")).passed
    assert not verify_against(package.path, str(tmp_path / "wrong.npz")).passed


def test_another_package(package: Package, tmp_path: Path) -> None:
    label, scores = verify_against(package.path, str(package), samples=2).fp32
    assert (label.name, label.largest, scores.name, scores.largest) == ("classLabel", 0, "classLabel_probs", 0)
    other = verify_against(edited(package, tmp_path).path, str(package), samples=2)
    assert other.fp32[1].largest > 0


def test_an_architecture_is_held_to_operations_and_sizes(package: Package) -> None:
    assert verify_against(package.path, TINY).passed
    with pytest.raises(AnenasError, match="does not have that architecture"):
        verify_against(package.path, TINY.replace("e2", "e4"))


@pytest.mark.parametrize(
    ("against", "message"),
    [
        ("nowhere.safetensors", "there is no file nowhere.safetensors"),
        ("nowhere.npz", "'nowhere.npz' is not there"),
        ("nowhere.mlpackage", "is not an .mlpackage"),
        ("something", r"cannot verify against 'something'; expected weights \(.safetensors\)"),
    ],
)
def test_what_it_cannot_be_held_against_is_one_line(package: Package, against: str, message: str) -> None:
    with pytest.raises(AnenasError, match=message):
        verify_against(package.path, against)


def test_weights_of_another_network_are_told(package: Package, tmp_path: Path) -> None:
    save_file({"x": torch.zeros(2)}, tmp_path / "other.safetensors")
    (tmp_path / "cut.safetensors").write_bytes((tmp_path / "other.safetensors").read_bytes()[:9])
    for name, why in (("other", r"it has no head.1.bias; expected those that the search wrote"), ("cut", "")):
        with pytest.raises(
            AnenasError, match=f"{name}.safetensors does not contain the weights of .*: {why}"
        ) as raised:
            verify_against(package.path, str(tmp_path / f"{name}.safetensors"))
        assert "\n" not in str(raised.value)


def test_values_under_other_names_are_told(package: Package, pixels: np.ndarray, tmp_path: Path) -> None:
    np.savez(tmp_path / "named.npz", x=pixels, y=pixels)
    with pytest.raises(AnenasError, match="expected inputs and outputs: image, classLabel, classLabel_probs"):
        verify_against(package.path, str(tmp_path / "named.npz"))


def test_operations_are_compared_with_weights_alone(package: Package) -> None:
    weights = str(package.path.parent / "weights.safetensors")
    assert len(verify_against(package.path, weights, samples=2, layers=True).layers) > 10
    with pytest.raises(AnenasError, match=r"can only be compared with the weights of the network \(\.safetensors\)"):
        verify_against(package.path, str(package), layers=True)


def test_a_tolerance_of_the_caller_s_is_what_decides(package: Package, tmp_path: Path) -> None:
    other = str(edited(package, tmp_path))
    found = verify_against(package.path, other, samples=2)
    least = max(one.relative for one in found.fp32)
    assert verify_against(package.path, other, samples=2, tolerance=1.01 * least).tolerances["fp32"] == 1.01 * least
    assert not verify_against(package.path, other, samples=2, tolerance=0.5 * least).passed


def test_a_package_that_does_not_say_what_it_is_of_cannot_be_held_against_weights(
    package: Package, network: nn.Module, tmp_path: Path
) -> None:
    bare = convert(deploy(network), tmp_path / "bare.mlpackage", shape=(1, 1, 16, 16), classes=CLASSES)
    with pytest.raises(AnenasError, match=r"does not say which network it contains .*'anenas\.architecture'"):
        verify_against(bare.path, str(package.path.parent / "weights.safetensors"))
