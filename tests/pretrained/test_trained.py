from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from anenas._errors import AnenasError
from anenas.network import build
from anenas.pretrained import PretrainedWeights, read_trained, save_trained
from anenas.space import Architecture

SMALL = Architecture.parse("1x3x32x32-conv_r1_s2_c16_k3_relu-conv_r1_s2_c16_k3_relu-head_n4")
MEAN, STD = (0.1, 0.2, 0.3), (0.4, 0.5, 0.6)


def test_a_network_is_read_as_it_was_saved(tmp_path: Path) -> None:
    network = build(SMALL).eval()
    save_trained(tmp_path / "w.safetensors", SMALL, network.state_dict(), MEAN, STD)
    found = read_trained("study:s", tmp_path / "w.safetensors", "trial 1 of study s")
    assert (found.architecture, found.mean, found.std) == (SMALL, MEAN, STD)
    x = torch.rand(2, 3, 32, 32)
    with torch.no_grad():
        assert torch.equal(found.module()(x), network(x))
    assert str(found) == "weights of trial 1 of study s"
    assert load_file(tmp_path / "w.safetensors").keys() == network.state_dict().keys()


def test_the_same_network_makes_the_same_file(tmp_path: Path) -> None:
    network = build(SMALL).eval()
    for name in "abcdef":
        save_trained(tmp_path / name, SMALL, network.state_dict(), MEAN, STD)
    assert len({(tmp_path / name).read_bytes() for name in "abcdef"}) == 1


def test_a_backbone_keeps_how_it_normalises_pixels(tmp_path: Path) -> None:
    architecture = Architecture.parse("1x3x64x64-timm:resnet18:layer2_c128-head_n4")
    network = build(architecture)
    save_trained(tmp_path / "w.safetensors", architecture, network.state_dict(), MEAN, STD)
    weights = read_trained("study:s", tmp_path / "w.safetensors", "trial 1, licence mine").backbone()
    assert isinstance(weights, PretrainedWeights) and weights.network == "resnet18"
    assert weights.mean == pytest.approx((0.485, 0.456, 0.406)) and weights.std == pytest.approx((0.229, 0.224, 0.225))
    assert all(name.startswith("stem.0.") for name in weights.state)
    assert str(weights) == "weights of trial 1, licence mine"


def test_what_does_not_say_what_it_is_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AnenasError, match=r"^study:s: there is no file "):
        read_trained("study:s", tmp_path / "nowhere.safetensors", "")
    (tmp_path / "broken.safetensors").write_bytes(b"\xff" * 100)
    with pytest.raises(AnenasError, match=r"^study:s: cannot read "):
        read_trained("study:s", tmp_path / "broken.safetensors", "")
    for about in (
        None,
        {"network": "[]"},
        {"network": "{"},
        {"network": '{"architecture": "a", "mean": 1, "std": []}'},
    ):
        save_file({"a": torch.zeros(1)}, tmp_path / "bare.safetensors", about)
        with pytest.raises(AnenasError, match="does not say which network it contains"):
            read_trained("study:s", tmp_path / "bare.safetensors", "")


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    save_trained(tmp_path / "w.safetensors", SMALL, {"stem.0.conv.weight": torch.zeros(3)}, MEAN, STD)
    with pytest.raises(AnenasError, match=r"^bundle:b: its weights do not fit its architecture"):
        read_trained("bundle:b", tmp_path / "w.safetensors", "").module()
