from __future__ import annotations

import pytest
import torch

from anenas.network import build, inherit
from anenas.space import Architecture

SMALL = Architecture.parse("1x1x16x16-conv_r1_s2_c16_k3_relu-mbconv_r1_s2_c32_k3_e2_relu-head_n3")


def test_equal_architectures_inherit_everything() -> None:
    donor, heir = build(SMALL).eval(), build(SMALL).eval()
    assert inherit(heir, donor.state_dict()) == 1
    x = torch.randn(2, 1, 16, 16)
    with torch.no_grad():
        assert torch.equal(heir(x), donor(x))


@pytest.mark.parametrize(("mine", "theirs"), [(16, 32), (32, 16)])
def test_of_channels_the_first_are_taken(mine: int, theirs: int) -> None:
    donor, heir = torch.nn.Conv2d(mine, theirs, 1), torch.nn.Conv2d(theirs, mine, 1)
    before, both = heir.weight.clone(), min(mine, theirs)
    assert 0 < inherit(heir, donor.state_dict()) <= 1
    assert torch.equal(heir.weight[:both, :both], donor.weight[:both, :both])
    assert torch.equal(heir.weight[both:], before[both:]) and torch.equal(heir.weight[:, both:], before[:, both:])


def test_of_a_kernel_the_middle_is_taken() -> None:
    donor, heir = torch.nn.Conv2d(1, 1, 3), torch.nn.Conv2d(1, 1, 5)
    before = heir.weight.clone()
    inherit(heir, donor.state_dict())
    assert torch.equal(heir.weight[..., 1:4, 1:4], donor.weight)
    assert torch.equal(heir.weight[..., 0, :], before[..., 0, :])
    inherit(donor, {"weight": before})
    assert torch.equal(donor.weight, before[..., 1:4, 1:4])


def test_what_the_donor_does_not_have_stays_as_it_was() -> None:
    heir = build(SMALL)
    before = {name: tensor.clone() for name, tensor in heir.state_dict().items()}
    assert inherit(heir, {"stem.0.conv.weight": torch.zeros(3), "else": torch.zeros(1)}) == 0
    assert all(torch.equal(tensor, before[name]) for name, tensor in heir.state_dict().items())
