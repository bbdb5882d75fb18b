from __future__ import annotations

import dataclasses

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from anenas._errors import AnenasError
from anenas.blocks import ACTIVATIONS, Block, SequenceBlock, block_kinds
from anenas.graph import all_weight_formats
from anenas.space import Architecture, Head, Stage

TEXT = (
    "1x3x64x48-conv_r1_s2_c16_k3_relu-mbconv_r2_s1_c32_k5_e4_se_hswish-uib_r3_s2_c48_a0_k3_e2_silu-head_c128_relu_n10"
)
ARCHITECTURE = Architecture(
    (1, 3, 64, 48),
    (
        Stage(block_kinds()["conv"](), 1, 2, 16),
        Stage(block_kinds()["mbconv"](kernel=5, se=True, activation="hswish"), 2, 1, 32),  # type: ignore[call-arg]
        Stage(block_kinds()["uib"](expansion=2, activation="silu"), 3, 2, 48),  # type: ignore[call-arg]
    ),
    Head(128, "relu", 10),
)

numbers = st.integers(1, 999_999_999)
widths = st.integers(1, 65_536)


def every_stage(block: Block) -> st.SearchStrategy[Stage]:
    strides = st.integers(1, 4).filter(lambda stride: not block.problem(stride))
    return st.builds(Stage, st.just(block), st.integers(1, 200), strides, widths)


# Blocks of series work on few steps only, and have tests of their own.
kinds = [kind for kind in block_kinds().values() if not issubclass(kind, SequenceBlock)]
blocks = st.sampled_from([block for kind in kinds for block in kind.every()])
heads = st.builds(Head, numbers, st.sampled_from(ACTIVATIONS), numbers) | st.builds(
    Head, st.just(0), st.just(""), numbers
)
architectures = st.builds(
    Architecture,
    st.tuples(numbers, widths, numbers, numbers),
    st.lists(blocks.flatmap(every_stage), min_size=1, max_size=5).map(tuple),
    heads,
)


@st.composite
def nearly_architectures(draw: st.DrawFn) -> str:
    """The text of an architecture with a few characters replaced, left out or put in."""
    text = str(draw(architectures))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(text)))
        put_in = draw(st.sampled_from(["", *"-_x0123rsckea ", "\n", "٣", "relu", "se", "_se", "uib", "head"]))
        text = text[:at] + put_in + text[at + draw(st.integers(0, 2)) :]
    return text


def test_an_architecture_is_one_line_and_that_line_is_the_architecture() -> None:
    assert str(ARCHITECTURE) == TEXT
    assert Architecture.parse(TEXT) == ARCHITECTURE


def test_an_architecture_without_a_layer_in_its_head_leaves_it_out() -> None:
    text = "1x1x8x8-conv_r1_s1_c16_k3_relu-head_n2"
    architecture = Architecture.parse(text)
    assert architecture.head == Head(0, "", 2)
    assert str(architecture) == text


@given(architectures)
def test_every_architecture_is_read_back_from_its_text(architecture: Architecture) -> None:
    assert Architecture.parse(str(architecture)) == architecture


@given(st.text() | nearly_architectures())
@example("")
@example("-")
@example("--")
@example(f"  {TEXT}\n")
@example(TEXT.replace("c16", "c016"))
@example(TEXT.replace("1x3", "01x3"))
@example(TEXT.replace("n10", "n1٠"))
@example(TEXT.replace("c16", "c١٦"))
@example(TEXT.replace("1x3x64", "1x3x٦٤"))
@example(TEXT.replace("_se_", "__"))
@example(TEXT.replace("r2", "r" + 5000 * "9"))
@example(TEXT.replace("128_relu", "128_gelu"))
@example(TEXT.replace("c128_relu", "c0_relu"))
@example(TEXT.replace("_relu-mb", "_relu_-mb"))
def test_a_text_is_refused_or_is_what_its_architecture_prints(text: str) -> None:
    try:
        architecture = Architecture.parse(text)
    except AnenasError:
        return
    assert str(architecture) == text.strip()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "'' is not an architecture; expected 'NxCxHxW-STAGE-…-HEAD', see `anenas space sample`"),
        ("1x1x8x8-head_n10", "'1x1x8x8-head_n10' is not an architecture"),
        (TEXT.replace("1x3x64x48", "3x64x48"), "is not an architecture"),
        (
            TEXT.replace("-head", "-foot"),
            "'foot_c128_relu_n10': expected a head such as head_c128_relu_n10 or head_n10",
        ),
        (TEXT.replace("_n10", ""), "'head_c128_relu': expected a head"),
        (TEXT.replace("128_relu", "128_rely"), "unknown activation 'rely'; did you mean relu"),
        (TEXT.replace("mbconv", "mbcomv"), "unknown block 'mbcomv'; did you mean mbconv"),
        (TEXT.replace("_r1", "_1"), "'conv_1_s2_c16_k3_relu': expected r and a number"),
        (TEXT.replace("s2_c16", "c16_s2"), "expected s and a number"),
        (TEXT.replace("c16", "c0"), "expected c and a number"),
        (TEXT.replace("k3_relu", "k4_relu"), "expected kernel as one of k3, k1, k5, k7, found 'k4'"),
        (TEXT.replace("_k3_relu", ""), "'conv_r1_s2_c16': expected kernel as one of k3, k1, k5, k7, found nothing"),
        (TEXT.replace("k3_relu", "k3_relu_se"), "'se' is not a choice of conv"),
        (TEXT.replace("s2_c48_a0_k3", "s2_c48_a0_k0"), "it has no depthwise convolution to stride with"),
    ],
)
def test_what_is_wrong_with_a_text_is_said(text: str, message: str) -> None:
    with pytest.raises(AnenasError) as raised:
        Architecture.parse(text)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "text",
    [
        "1x6x1x128-tcn_r1_s2_c16_k3_d1_relu-min_gru_r2_s2_c32_bi_res-head_last_c64_relu_n7",
        "1x1x1x1024-qrnn_r1_s1_c16_k5_bi-head_max_n2",
        "1x1x1x256-embedding_r1_s1_c32_v2048_onehot-sru_r1_s2_c16-head_n7",
        "1x1x1x256_masked-embedding_r1_s1_c32_v64_gather-sru_r1_s2_c16-head_n7",
        "1x2x1x29_masked-tcn_r1_s2_c16_k3_d1_relu-head_max_n2",
        "1x2x1x29-tcn_r1_s2_c16_k3_d1_relu-head_last_c64_relu_skip_n2",
        "1x2x1x29-tcn_r1_s2_c16_k3_d1_relu-head_skip_n2",
        "1x6x1x64-unrolled_lstm_r1_s2_c16_bi-unrolled_gru_r1_s1_c16_res-lstm_r1_s1_c16-gru_r1_s1_c16-head_n7",
    ],
)
def test_networks_of_series_are_read_back_too(text: str) -> None:
    assert str(Architecture.parse(text)) == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1x3x8x8-min_gru_r1_s1_c16-head_n2", "block min_gru works on series, (N, C, 1, T), and the input is 8 high"),
        ("1x3x1x1025-lstm_r1_s2_c16-head_n2", "the length of a sequence, at most 1,024"),
        ("1x3x1x128-lstm_r1_s2_c16-unrolled_gru_r1_s1_c16-head_n2", "unrolled_gru takes 32 steps at most, got 64"),
        ("1x3x64x8-conv_r1_s1_c16_k3_relu-patches_r1_s2_c16_relu-head_n2", "it never strides"),
        ("1x3x64x64-patches_r1_s1_c16_relu-head_n2", "patches takes 1,024 steps at most, got 4,096"),
        ("1x3x16x8-patches_r1_s1_c16_relu-lstm_r1_s1_c16-unrolled_gru_r1_s1_c16-head_n2", "got 128"),
        (
            "1x1x1x8-embedding_r1_s1_c16_v100_onehot-head_n2",
            "where a vocabulary is a multiple of 64, at most 2,048, found 'v100'",
        ),
        ("1x1x1x8-embedding_r1_s2_c16_v64_onehot-head_n2", "it never strides; let the stage after it"),
        ("1x1x1x1025-embedding_r1_s1_c16_v64_onehot-head_n2", "the length of a sequence, at most 1,024"),
        ("1x1x1x8-embedding_r2_s1_c16_v64_onehot-head_n2", "it can only be the first, once"),
        ("1x2x1x8-embedding_r1_s1_c16_v64_onehot-head_n2", "takes the network's input, of one channel"),
        ("1x1x1x8-sru_r1_s1_c16-embedding_r1_s1_c16_v64_onehot-head_n2", "it can only be the first, once"),
        ("1x3x8x8-conv_r1_s1_c16_k3_relu-head_last_n2", "only series, (N, C, 1, T), have a last step"),
        ("1x3x1x8-min_grue_r1_s1_c16-head_n2", "unknown block 'min'; did you mean min_gru"),
        (
            "1x1x1x8_masked-min_gru_r1_s1_c16-head_n2",
            "only series, (N, C, 1, T), with two or more channels can have a",
        ),
        (
            "1x3x8x8_masked-conv_r1_s1_c16_k3_relu-head_n2",
            "only series, (N, C, 1, T), with two or more channels can have",
        ),
        ("1x3x8x8-conv_r1_s1_c16_k3_relu-head_skip_n2", "a skip only from series, (N, C, 1, T), of equal length"),
        ("1x3x1x8_masked-min_gru_r1_s1_c16-head_skip_n2", "a skip only from series, (N, C, 1, T), of equal length"),
        ("1x1x1x8-embedding_r1_s1_c16_v64_onehot-head_skip_n2", "a skip only from series, (N, C, 1, T)"),
        ("1x3x1x8_maske-min_gru_r1_s1_c16-head_n2", "is not an architecture"),
        ("1x3x1x8-min_gru_s1_c16-head_n2", "'min_gru_s1_c16': expected r and a number"),
        ("1x3x1x8-min_gru_r1_s1_c16_res_bi-head_n2", "'bi' is not a choice of min_gru"),
    ],
)
def test_what_series_cannot_have_is_said(text: str, message: str) -> None:
    with pytest.raises(AnenasError) as raised:
        Architecture.parse(text)
    assert message in str(raised.value)


@given(st.lists(architectures, max_size=6))
def test_architectures_sort_by_their_text(several: list[Architecture]) -> None:
    assert [str(a) for a in sorted(several)] == sorted(str(a) for a in several)


@given(architectures, architectures)
def test_equal_texts_are_equal_architectures(a: Architecture, b: Architecture) -> None:
    assert (str(a) == str(b)) == (a == b)
    assert len({a, b, Architecture.parse(str(a))}) == len({str(a), str(b)})


def test_an_architecture_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        ARCHITECTURE.input = (1, 1, 8, 8)  # type: ignore[misc]


def test_a_form_is_told_behind_the_network_and_fp16_is_not() -> None:
    plain = Architecture.parse("1x1x8x8-conv_r1_s1_c16_k3_relu-head_n3")
    assert plain.form == "fp16"
    for form in all_weight_formats():
        architecture = dataclasses.replace(plain, form=form)
        assert str(architecture) == (str(plain) if form == "fp16" else f"{plain}@{form}")
        assert Architecture.parse(str(architecture)) == architecture


def test_an_unknown_form_is_told() -> None:
    with pytest.raises(AnenasError, match="unknown form 'palet4'; did you mean palette4"):
        Architecture.parse("1x1x8x8-conv_r1_s1_c16_k3_relu-head_n3@palet4")


@pytest.mark.parametrize(
    "text", ["1x99999x16x16-conv_r1_s1_c16_k3_relu-head_n3", "1x3x16x16-conv_r1_s1_c99999_k3_relu-head_n3"]
)
def test_more_channels_than_can_be_trained_are_refused(text: str) -> None:
    with pytest.raises(AnenasError, match="99,999 channels; expected 65,536 at most"):
        Architecture.parse(text)


@pytest.mark.parametrize(
    ("text", "summary"),
    [
        (
            "1x3x64x64-conv_r1_s2_c16_k3_relu-conv_r2_s2_c16_k3_relu-mbconv_r2_s2_c32_k5_e4_relu-head_c96_relu_n10",
            "5 blocks: 3×conv, 2×mbconv, head 96",
        ),
        ("1x1x16x16-conv_r1_s2_c16_k3_relu-head_n3@palette4", "1 block: conv, as palette4"),
        ("1x3x96x96-timm:tf_efficientnet_lite0:blocks.4_c112-head_n10", "tf_efficientnet_lite0 to blocks.4"),
    ],
)
def test_a_summary_says_what_a_network_is_made_of(text: str, summary: str) -> None:
    assert Architecture.parse(text).summary == summary


def test_shapes_are_those_that_come_out_of_each_stage() -> None:
    text = "1x3x65x64-conv_r1_s2_c16_k3_relu-mbconv_r2_s1_c32_k5_e4_relu-dsconv_r2_s2_c48_k3_relu-head_n10"
    assert Architecture.parse(text).shapes == [(1, 16, 33, 32), (1, 32, 33, 32), (1, 48, 17, 16)]
    whole = Architecture.parse("1x3x96x96-timm:tf_efficientnet_lite0:blocks.4_c112-head_n10")
    assert whole.shapes == [None]
