"""A small network that was trained, and its exported program."""

from __future__ import annotations

import json
import shutil
import struct
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

from anenas.coreml import Package, convert
from anenas.network import Deployed, Normalisation, build, fuse
from anenas.space import Architecture

TINY = "1x1x16x16-conv_r1_s2_c16_k3_hswish-mbconv_r1_s2_c16_k3_e2_se_relu-mobileone_r1_s1_c16_k3_b2_silu-head_n4"
CLASSES = ["a", "b", "c", "d"]
MEAN, STD = (0.3,), (0.35,)


def trained(text: str = TINY) -> nn.Module:
    """Far enough that batch normalisation has statistics and the classes differ."""
    torch.manual_seed(0)
    network = build(Architecture.parse(text)).train()
    optimiser = torch.optim.SGD(network.parameters(), lr=0.1)
    for _ in range(10):
        labels = torch.randint(0, 4, (32,))
        images = torch.randn(32, 1, 16, 16) + labels.view(-1, 1, 1, 1)
        optimiser.zero_grad()
        nn.functional.cross_entropy(network(images), labels).backward()
        optimiser.step()
    return network.eval()


def deploy(network: nn.Module) -> nn.Module:
    """What ships of it."""
    return Deployed(fuse(network), Normalisation(MEAN, STD)).eval()


def export(network: nn.Module, folder: Path) -> Package:
    """Its package, with its weights beside it."""
    metadata = {"anenas.architecture": TINY, "anenas.mean": json.dumps(MEAN), "anenas.std": json.dumps(STD)}
    save_file({name: t.contiguous() for name, t in network.state_dict().items()}, folder / "weights.safetensors")
    return convert(deploy(network), folder / "m.mlpackage", shape=(1, 1, 16, 16), classes=CLASSES, metadata=metadata)


def edited(package: Package, folder: Path, at: int = 40) -> Package:
    """A copy with one weight of the first large blob changed by half."""
    copy = folder / "edited.mlpackage"
    shutil.copytree(package.path, copy)
    (file,) = copy.rglob("weight.bin")
    data = bytearray(file.read_bytes())
    _, _, size, start = struct.unpack_from("<IIQQ", data, 64)
    assert size > 2 * at
    (value,) = struct.unpack_from("<e", data, start + 2 * at)
    struct.pack_into("<e", data, start + 2 * at, value + 0.5)
    file.write_bytes(bytes(data))
    return Package.open(copy)
