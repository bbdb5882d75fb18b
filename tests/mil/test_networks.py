"""Converted networks compute what torch computes."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from kinds import BODY_KINDS, input_shape, stem
from torch import nn

from anenas._torchvision import import_torchvision
from anenas.blocks import Block
from anenas.coreml import TOLERANCES, convert
from anenas.mil import coremltools, load_program
from anenas.network import Deployed, Normalisation, build, fuse
from anenas.space import Architecture, Head, Stage

Converted = Callable[..., Path]


def stirred(network: nn.Module) -> nn.Module:
    """With statistics as if trained, so that normalisations do something."""
    torch.manual_seed(0)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.uniform_(-0.1, 0.1)  # type: ignore[union-attr]
            module.running_var.uniform_(0.5, 1.5)  # type: ignore[union-attr]
    return network.eval()


def pictures(*shape: int) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(0))


def assert_agrees(
    path: Path, network: nn.Module, *inputs: torch.Tensor, tolerance: float = 1e-3, **options: Any
) -> None:
    program = load_program(path, **options)
    with torch.no_grad():
        expected = network(*inputs)
    expected = list(expected) if isinstance(expected, tuple) else [expected]
    actual = list(program(dict(zip([given.name for given in program.inputs], inputs, strict=True))).values())
    for ours, theirs in zip(actual, expected, strict=True):
        assert ours.shape == tuple(theirs.shape)
        scale = float(theirs.abs().max())
        np.testing.assert_allclose(ours, theirs.numpy(), rtol=tolerance, atol=tolerance * scale)


@pytest.mark.parametrize("kind", BODY_KINDS, ids=lambda kind: kind.kind)
def test_every_option_of_a_block(
    kind: type[Block], tmp_path: Path, covering: Callable[[type[Block], int], list[Block]]
) -> None:
    stages = [Stage(block, 1, 1, 32 if i % 4 < 2 else 16) for i, block in enumerate(covering(kind, 1))]
    stages += [Stage(block, 1, 2, 32) for block in covering(kind, 2)[:2]]
    architecture = Architecture(input_shape(kind, 3, 32), (stem(kind, 1, 32), *stages), Head(0, "", 10))
    network = Deployed(fuse(stirred(build(architecture))), Normalisation((0.4,) * 3, (0.3,) * 3)).eval()
    path = tmp_path / "network.mlpackage"
    convert(network, path, shape=architecture.input, classes=[f"class {i}" for i in range(10)])
    x = (pictures(4, *architecture.input[1:]) * 255).floor()
    with torch.no_grad():
        expected = network(x).numpy()
    # Its weights are float16; everything else is where the two precisions differ.
    for precision, tolerance in (("fp32", 5e-3), ("fp16", 2e-2)):
        program = load_program(path, precision)  # type: ignore[arg-type]
        outputs = program({program.inputs[0].name: x})
        np.testing.assert_allclose(outputs["classLabel_probs"], expected, atol=tolerance * expected.max())


class Recurrent(nn.Module):
    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.layer(x)[0]
        return y


@pytest.mark.parametrize(
    "layer",
    [
        nn.LSTM(3, 5, batch_first=True),
        nn.LSTM(3, 5, num_layers=2, bidirectional=True),
        nn.GRU(3, 5, batch_first=True),
        nn.GRU(3, 5, bidirectional=True),
        nn.RNN(3, 5),
        nn.RNN(3, 5, nonlinearity="relu"),
    ],
    ids=str,
)
def test_recurrent_networks(converted: Converted, layer: nn.Module) -> None:
    network = Recurrent(layer).eval()
    assert_agrees(converted(network, (2, 4, 3)), network, pictures(2, 4, 3))


class Decoder(nn.Module):
    """Upsampling of every kind, as in networks that give pictures."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.up = nn.ConvTranspose2d(4, 4, 3, stride=2, padding=1, output_padding=1)
        self.wide = nn.Conv2d(4, 16, 3, padding="same", padding_mode="reflect")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = nn.functional.interpolate(self.up(x), scale_factor=2.0, mode="bilinear", align_corners=False)
        z = nn.functional.interpolate(x, size=(16, 20), mode="nearest")
        w = nn.functional.interpolate(x, size=(16, 20), mode="bilinear", align_corners=True)
        y = nn.functional.pixel_shuffle(self.wide(y + z + w), 2)
        return nn.functional.group_norm(y, 2) + nn.functional.instance_norm(y)


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.project = nn.Linear(8, 24)
        self.mix = nn.Sequential(nn.LayerNorm(8), nn.Linear(8, 8), nn.GELU())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        query, key, value = self.project(x).reshape(1, 6, 3, 2, 4).permute(2, 0, 3, 1, 4)
        y = nn.functional.scaled_dot_product_attention(query, key, value).transpose(1, 2).reshape(1, 6, 8)
        return self.mix(y) + torch.einsum("bij,bkj->bik", x, x) @ y


@pytest.mark.parametrize("target", ["iOS15", "iOS16", "iOS17", "iOS18"])
def test_networks_for_every_system(converted: Converted, target: str) -> None:
    for network, shape in ((Decoder(), (1, 4, 4, 5)), (Attention(), (1, 6, 8))):
        assert_agrees(converted(network, shape, target=target), network.eval(), pictures(*shape))


# Each at the smallest resolution that it takes. Converting is what takes long, so those that take longest, and those
# made of the same layers as one that is here (mobilenetv3, efficientnet, regnety, ese_vovnet), run only when they are
# asked for.
QUICK = [
    "convnext_atto@32", "cspresnet50@32", "dla34@32", "dpn48b@32", "edgenext_xx_small@64", "efficientnet_lite0@32",
    "ese_vovnet19b_dw@32", "mobilenetv3_small_100@32", "mobileone_s0@32", "nf_resnet26@32", "pit_ti_224@224",
    "regnety_002@32", "repvgg_a0@32", "resnet18@32", "skresnet18@32", "starnet_s1@32",
]  # fmt: skip
SLOW = [
    "fbnetc_100@32", "ghostnet_100@32", "hardcorenas_a@32", "lcnet_050@32", "mnasnet_100@32", "mobilenetv2_050@32",
    "regnetx_002@32", "res2net50_26w_4s@32", "rexnet_100@32", "selecsls42b@64", "semnasnet_100@32", "tinynet_e@32",
    "vovnet39a@32", "xception41@64",
]  # fmt: skip
asked = pytest.mark.skipif("ANENAS_TEST_FAMILIES" not in os.environ, reason="set ANENAS_TEST_FAMILIES to run it")


@pytest.mark.parametrize("family", [*QUICK, *(pytest.param(family, marks=asked) for family in SLOW)])
def test_networks_of_timm(converted: Converted, family: str) -> None:
    import_torchvision()
    import timm

    name, _, resolution = family.partition("@")
    size = int(resolution)
    network = fuse(stirred(timm.create_model(name, num_classes=10))).eval()
    ct = coremltools()
    path = converted(network, (1, 3, size, size), target="iOS17", compute_precision=ct.precision.FLOAT32)
    x = pictures(3, 3, size, size)
    assert_agrees(path, network, x)
    with torch.no_grad():
        overflows = float(network(x).abs().max()) > np.finfo(np.float16).max
    if overflows:  # fresh weights may make the values grow from layer to layer
        program = load_program(path, "fp16")
        program({program.inputs[0].name: x})
        assert "overflow" in {event.kind for event in program.report}
    else:  # every result rounded to 11 bits, and some hundred of them one after the other
        assert_agrees(path, network, x, precision="fp16", tolerance=TOLERANCES["fp16"])
