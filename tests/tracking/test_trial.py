from __future__ import annotations

from pretend import estimate

from anenas.search import CompletedTrial, Evaluation
from anenas.space import Architecture
from anenas.tracking._trial import figures, parameters

BLOCKS = (
    "1x1x32x32-conv_r1_s2_c16_k3_relu-mbconv_r2_s2_c64_k3_e4_relu-dsconv_r3_s2_c32_k3_relu-mbconv_r2_s1_c48_k5_e4_relu"
)


def test_what_the_whole_network_is_comes_first_by_name() -> None:
    found = parameters(Architecture.parse(f"{BLOCKS}-head_n3"))
    assert sorted(found)[:3] == ["all.block", "all.depth", "all.width"]
    assert (found["all.block"], found["all.depth"], found["all.width"]) == ("mbconv", "7", "64")


def test_every_network_has_a_number_for_the_width_of_its_head() -> None:
    for head, width in (("head_n3", "0"), ("head_c128_relu_n3", "128")):
        found = parameters(Architecture.parse(f"{BLOCKS}-{head}"))
        assert found["head.width"] == width
        assert ("head.activation" in found) == (width != "0")


def test_the_score_that_the_search_ranks_by_comes_first() -> None:
    evaluation = Evaluation(0.7, estimate(0.2), metric="macro_f1", metrics={"accuracy": 0.8, "macro_f1": 0.7})
    trial = CompletedTrial(0, Architecture.parse(f"{BLOCKS}-head_n3"), evaluation=evaluation)
    found = figures(trial)
    assert next(iter(found)) == "macro_f1" and (found["macro_f1"], found["accuracy"]) == (0.7, 0.8)
