from __future__ import annotations

import random

import torch

from anenas.network import build
from anenas.slimming import slim
from anenas.space import Architecture

TEXT = (
    "1x3x32x32-conv_r1_s2_c16_k3_relu-mbconv_r2_s2_c32_k5_e6_relu-mbconv_r1_s1_c32_k3_e3_relu"
    "-fusedmbconv_r1_s2_c64_k3_e4_silu-conv_r1_s1_c256_k1_relu-head_n3"
)
SPACE = slim(build(Architecture.parse(TEXT)), torch.randn(1, 3, 32, 32), name="mine").space


def test_depth_width_expansion_kernel_and_cut_are_decisions_and_the_whole_network_s_come_first() -> None:
    assert SPACE.name == "mine" and SPACE.cut == (4, 3, 2)
    assert [stage.depth for stage in SPACE.stages] == [(2, 1), (1,), (1,), (1,)]
    assert [stage.width for stage in SPACE.stages] == [(32, 16), (), (64, 48, 32), (256, 192, 128)]
    first = SPACE.stages[0].blocks["mbconv"]
    assert (first["kernel"], first["expansion"], first["activation"]) == ((5, 3), (6, 4, 3, 2), ("relu",))
    assert SPACE.stages[2].blocks["fusedmbconv"]["expansion"] == (4, 3, 2)
    assert str(SPACE.decide(lambda _, options: options[0], classes=3)) == TEXT


def test_a_stage_that_adds_to_the_one_before_it_has_its_width() -> None:
    rng = random.Random(0)
    members = [SPACE.sample(rng) for _ in range(40)]
    assert {member.stages[1].width for member in members} == {32, 16}
    assert all(member.stages[2].width == member.stages[1].width for member in members)
    assert {len(member.stages) - 1 for member in members} == {2, 3, 4}
    assert all(member in SPACE for member in members)
