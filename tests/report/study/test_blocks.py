from __future__ import annotations

from anenas.report.study._blocks import blocks_of
from anenas.space import Architecture


def test_blocks_are_the_stages_with_the_size_that_comes_out() -> None:
    text = "1x3x64x64-conv_r1_s2_c16_k3_relu-mbconv_r2_s2_c32_k5_e4_se_hswish-head_c128_relu_n10"
    first, stem, stage, head = blocks_of(Architecture.parse(text))
    assert first == ["input", 1, 3, "64×64", ""]
    assert stem == ["conv", 1, 16, "32×32", "kernel 3, activation relu"]
    assert stage[:4] == ["mbconv", 2, 32, "16×16"]
    assert head == ["head", 1, 10, "", "mean over all, a layer of 128 relu"]


def test_a_backbone_has_no_size_that_is_known_without_it() -> None:
    backbone = Architecture.parse("1x3x96x96-timm:tf_efficientnet_lite0:blocks.4_c112-head_n10")
    assert blocks_of(backbone)[1] == ["tf_efficientnet_lite0", 1, 112, "", "up to blocks.4"]
