from __future__ import annotations

import pytest
import torch

from anenas._errors import AnenasError
from anenas.blocks import Backbone, TimmNetwork, backbone_cuts, pixel_factors

NETWORKS = ("tf_efficientnet_lite0", "mobilenetv4_conv_small", "resnet18", "mobileone_s0")


@pytest.mark.parametrize("network", NETWORKS)
def test_a_cut_gives_what_the_whole_network_has_at_that_stage(network: str) -> None:
    whole = TimmNetwork(network).eval()
    pixels = torch.randint(256, (1, 3, 64, 64), generator=torch.Generator().manual_seed(0)).float()
    for cut, channels in backbone_cuts(network).items():
        part = TimmNetwork(network, cut).eval()
        missing = part.load_state_dict(whole.state_dict(), strict=False).missing_keys
        seen: list[torch.Tensor] = []
        module = whole.net.get_submodule(cut) if cut else whole
        handle = module.register_forward_hook(lambda _, __, output, seen=seen: seen.append(output))
        with torch.no_grad():
            whole(pixels)
            features = part(pixels)
        handle.remove()
        assert not missing
        assert features.shape[1] == channels
        torch.testing.assert_close(features, seen[0])


def test_a_cut_network_is_smaller() -> None:
    sizes = [
        sum(p.numel() for p in TimmNetwork("tf_efficientnet_lite0", cut).parameters())
        for cut in ("blocks.2", "blocks.4", "")
    ]
    assert sizes == sorted(sizes) and sizes[0] < sizes[2] / 20


def test_a_network_that_pools_before_its_last_layers_ends_in_one_pixel() -> None:
    assert Backbone("mobilenetv4_conv_small").size(96, 96, 1) == (1, 1)
    assert Backbone("mobilenetv4_conv_small", "blocks.2").size(96, 96, 1) == (6, 6)
    assert backbone_cuts("mobilenetv4_conv_small")[""] == 1280


def test_pixels_are_normalised_by_the_network_itself() -> None:
    network = TimmNetwork("resnet18", "layer2").eval()
    scale, shift = pixel_factors((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    torch.testing.assert_close((network.scale, network.shift), (scale, shift))
    pixels = torch.rand(1, 3, 32, 32) * 255
    with torch.no_grad():
        torch.testing.assert_close(network(pixels), network.net.forward_features(pixels * scale + shift))


def test_early_stages_are_no_cuts() -> None:
    assert "layer1" not in backbone_cuts("resnet18")


@pytest.mark.parametrize(
    ("network", "message"),
    [
        ("resnet1x", "unknown timm model 'resnet1x'; did you mean resnet18"),
        ("vit_tiny_patch16_224", "vit_tiny_patch16_224 cannot be a backbone: it is no CNN"),
        ("swin_tiny_patch4_window7_224", "swin_tiny_patch4_window7_224 cannot be a backbone: it is no CNN"),
    ],
)
def test_what_cannot_be_a_backbone_says_why(network: str, message: str) -> None:
    with pytest.raises(AnenasError, match=f"^{message}"):
        backbone_cuts(network)


def test_an_unknown_stage_is_named() -> None:
    with pytest.raises(AnenasError, match=r"^unknown stage of resnet18 'layer5'; did you mean layer4"):
        TimmNetwork("resnet18", "layer5")


def test_it_stands_alone_and_takes_three_channels() -> None:
    backbone = Backbone("resnet18")
    assert backbone.place_problem(first=True, depth=1, channels=3) is None
    for place in ({"first": False}, {"depth": 2}, {"channels": 1}):
        problem = backbone.place_problem(**{"first": True, "depth": 1, "channels": 3} | place)  # type: ignore[arg-type]
        assert problem == "timm:resnet18 takes the network's input, of three channels: it can only be the first, once"
