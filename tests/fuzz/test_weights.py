"""Files of weights, and trainings that were paused."""

from __future__ import annotations

import copy
import io
import json
import struct
from pathlib import Path
from typing import Any

import pytest
import torch
from fuzzing import changed, damaged, fuzz, lawful
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import nn

from anenas.network import build
from anenas.pretrained import PretrainedWeights, read_trained, save_trained
from anenas.pretrained._weights import read_state
from anenas.space import Architecture
from anenas.training._checkpoint import Progress, load_checkpoint, save_checkpoint

NETWORK = Architecture.parse("1x1x8x8-conv_r1_s2_c16_k3_relu-head_n3")
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("weights")


def _other(draw: Any, whole: bytes) -> bytes:
    """A file of safetensors of which bytes, or values of its head, are others."""
    if draw(st.booleans()):
        return bytes(draw(damaged(whole)))
    (size,) = struct.unpack("<Q", whole[:8])
    head = json.loads(whole[8 : 8 + size])
    if draw(st.booleans()) and "__metadata__" in head:
        key = draw(st.sampled_from(sorted(head["__metadata__"])))
        head["__metadata__"][key] = json.dumps(draw(changed(json.loads(head["__metadata__"][key]))))
    else:
        head = draw(changed(head))
    text = json.dumps(head).encode()
    return struct.pack("<Q", len(text)) + text + whole[8 + size :]


def _training(steps: int) -> tuple[nn.Module, torch.optim.Optimizer, torch.amp.GradScaler]:
    torch.manual_seed(steps)
    network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4))
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.1)
    for _ in range(steps):
        optimizer.zero_grad()
        network(torch.randn(2, 1, 8, 8)).square().sum().backward()
        optimizer.step()
    return network, optimizer, torch.amp.GradScaler("cpu", enabled=False)


@fuzz()
@given(data=st.data())
def test_a_paused_training_of_which_values_or_bytes_are_others(folder: Path, data: st.DataObject) -> None:
    path = folder / "checkpoint.safetensors"
    network, optimizer, scaler = _training(2)
    save_checkpoint(path, Progress(2, ((1, 2.5),), (0.5,)), network, optimizer, scaler, CPU)
    path.write_bytes(_other(data.draw, path.read_bytes()))
    network, optimizer, scaler = _training(0)
    before, random = copy.deepcopy(network.state_dict()), torch.get_rng_state()
    with lawful(folder):
        progress = load_checkpoint(path, network, optimizer, scaler, CPU)
    after = network.state_dict()
    if not progress.step:
        assert all(torch.equal(before[name], after[name]) for name in before) and not optimizer.state
        assert torch.equal(random, torch.get_rng_state())
    else:
        network(torch.randn(2, 1, 8, 8)).square().sum().backward()
        optimizer.step()


@fuzz()
@given(data=st.data())
def test_a_trained_network_of_which_values_or_bytes_are_others(folder: Path, data: st.DataObject) -> None:
    path = folder / "trained.safetensors"
    save_trained(path, NETWORK, build(NETWORK).state_dict(), [127.5], [64.0])
    path.write_bytes(_other(data.draw, path.read_bytes()))
    with lawful(folder):
        read_trained("study:s", path, "a study").module()


@fuzz()
@given(data=st.data())
def test_a_state_dict_of_which_values_or_bytes_are_others(folder: Path, data: st.DataObject) -> None:
    state = {"conv.weight": torch.zeros(4, 1, 3, 3), "conv.bias": torch.zeros(4)}
    if data.draw(st.booleans()):
        path = folder / "state.safetensors"
        save_file(state, path)
        path.write_bytes(_other(data.draw, path.read_bytes()))
    else:
        path, stream = folder / "state.pt", io.BytesIO()
        wrapped = data.draw(st.sampled_from([state, {"state_dict": state}, {"model": {"model": state}}, [state], None]))
        torch.save(wrapped, stream, _use_new_zipfile_serialization=data.draw(st.booleans()))
        whole = stream.getvalue()
        path.write_bytes(data.draw(damaged(whole)) if data.draw(st.integers(0, 3)) else whole)
    with lawful(folder):
        found = read_state("weights:x", path)
        PretrainedWeights.of_state("weights:x", "mobilenetv3_small_050", found, mean=[0], std=[1], origin="a file")
