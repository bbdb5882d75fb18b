from __future__ import annotations

import random
from pathlib import Path

import pytest

from anenas._errors import AnenasError
from anenas.coreml import convert
from anenas.models import load_graph
from anenas.network import Deployed, Normalisation, build, fuse
from anenas.space import Architecture, load_space

TINY = "1x1x16x16-conv_r1_s2_c16_k3_relu-dsconv_r1_s2_c16_k3_relu-head_n4"


def test_an_architecture_and_its_package_are_the_same_program(tmp_path: Path) -> None:
    architecture = Architecture.parse(TINY)
    module = Deployed(fuse(build(architecture)), Normalisation((0.5,), (0.5,))).eval()
    convert(module, tmp_path / "m.mlpackage", shape=architecture.input, classes=["a", "b", "c", "d"])
    foretold, stored = load_graph(TINY), load_graph(str(tmp_path / "m.mlpackage"))
    assert [op.kind for op in stored.ops] == [*(op.kind for op in foretold.ops), "classify"]
    assert stored.weight_bytes == foretold.weight_bytes


def test_a_timm_model_has_the_size_that_is_published_for_it() -> None:
    graph = load_graph("timm:mobilenetv2_100")
    assert graph.inputs[0].shape == (1, 3, 224, 224)
    assert graph.macs == pytest.approx(300e6, rel=0.02)  # Sandler et al. 2018, table 4
    assert load_graph("timm:mobilenetv2_100@112").macs < graph.macs / 3


def test_multi_branch_models_are_fused() -> None:
    assert {op.kind for op in load_graph("timm:mobileone_s0@64").ops} == {
        "conv", "linear", "reduce_mean", "relu", "reshape",
    }  # fmt: skip


def test_an_architecture_can_be_held_to_a_space() -> None:
    drawn = str(load_space("mobile_cnn").sample(random.Random(0)))
    assert load_graph(drawn, "mobile_cnn") == load_graph(drawn)
    with pytest.raises(AnenasError, match="not an architecture of 'mobile_cnn'"):
        load_graph(TINY, "mobile_cnn")


def test_a_space_is_held_at_the_input_of_the_architecture() -> None:
    longer, _ = load_space("sequence_rnn").fitting(1, 200)
    drawn = str(longer.with_input(3, 1, 200).sample(random.Random(0)))
    assert load_graph(drawn, "sequence_rnn") == load_graph(drawn)
    with pytest.raises(
        AnenasError, match="not an architecture of 'sequence_rnn': stem: block tcn works on series"
    ) as raised:
        load_graph(str(load_space("mobile_cnn").sample(random.Random(0))), "sequence_rnn")
    assert "\n" not in str(raised.value)


def test_an_architecture_may_be_longer_than_any_file_name() -> None:
    stages = "-".join(["conv_r1_s1_c16_k3_relu6"] * 16)
    assert len(load_graph(f"1x1x16x16-{stages}-head_n4").ops) > 16


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("timm:resnet51", "did you mean resnet51q or resnet50"),
        ("timm:resnet18@big", "expected a resolution in pixels"),
        ("timm:vit_tiny_patch16_224@100", "does not run at 100×100"),
        ("nowhere.mlpackage", "is not an .mlpackage"),
        ("something", "no model 'something'; expected a .mlpackage"),
        ("1x1x8x8-nonsense-head_n4", "unknown block 'nonsense'"),
        ("a" * 300, "no model 'a+…'; expected"),
        (f"{'a' * 300}.mlpackage", "is not an .mlpackage"),
    ],
)
def test_what_is_no_model_is_one_clear_line(model: str, message: str) -> None:
    with pytest.raises(AnenasError, match=message) as raised:
        load_graph(model)
    assert "\n" not in str(raised.value)
