from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anenas import AnenasError
from anenas.graph import (
    SMALLEST,
    Graph,
    Op,
    Storage,
    Tensor,
    WeightFormat,
    compressed,
    fingerprint,
    get_weight_format,
    weight_formats,
)


def conv(channels_in: int = 64, channels_out: int = 64, kernel: int = 3, kind: str = "conv") -> Graph:
    x, y = Tensor("x", (1, channels_in, 8, 8)), Tensor("y", (1, channels_out, 8, 8))
    shape = (channels_out, channels_in) if kind == "conv" else (channels_in, channels_out)
    weights = (Tensor("w", (*shape, kernel, kernel)), Tensor("b", (channels_out,)))
    return Graph((x,), (Op("y", kind, (x,), (y,), weights),), (y,))


def test_a_weight_takes_what_is_stored_of_it() -> None:
    weight = Tensor("w", (64, 64), storage=Storage("palette4", 2080, 1))
    assert weight.bytes == 2080
    assert weight.elements == 4096


@pytest.mark.parametrize(
    ("form", "weight_bytes"),
    [
        ("fp16", 73728),
        ("int8", 36864 + 64 * 3),
        ("int8-block", 36864 + 64 * 2 * 2),
        ("int4-block", 18432 + 64 * 2 * 2),
        ("palette8", 36864 + 512),
        ("palette4", 18432 + 32),
        ("palette4-grouped", 18432 + 4 * 32),
        ("palette4+int8", 18432 + 16 + 2),
        ("sparse50", 4608 + 36864),
        ("sparse75+palette4", 4608 + 4608 + 32),
    ],
)
def test_a_form_takes_its_elements_tables_scales_and_mask(form: str, weight_bytes: int) -> None:
    (op,) = compressed(conv(), get_weight_format(form)).ops
    assert op.weights[0].bytes == weight_bytes
    assert op.weights[1].bytes == 128


@given(st.sampled_from(sorted(weight_formats())), st.integers(1, 80), st.integers(1, 80), st.sampled_from([1, 3, 5]))
def test_compressing_changes_nothing_but_how_weights_are_stored(
    form: str, channels_in: int, channels_out: int, kernel: int
) -> None:
    plain = conv(channels_in, channels_out, kernel)
    smaller = compressed(plain, get_weight_format(form))
    assert smaller.macs == plain.macs
    assert smaller.parameters == plain.parameters
    if plain.ops[0].weights[0].elements <= SMALLEST or form == "fp16":
        assert smaller == plain
    else:
        assert smaller.weight_bytes < plain.weight_bytes


def test_what_does_not_divide_has_a_scale_for_each_channel_and_one_table() -> None:
    (op,) = compressed(conv(channels_in=24), get_weight_format("int4-block")).ops
    assert op.weights[0].storage == Storage("int4", 24 * 64 * 9 // 2 + 64 * 2)
    (op,) = compressed(conv(channels_out=24), get_weight_format("palette4-grouped")).ops
    assert op.weights[0].storage == Storage("palette4", 24 * 64 * 9 // 2 + 32, 1)


def test_groups_and_blocks_may_be_of_one_channel() -> None:
    (op,) = compressed(conv(), WeightFormat("", "", palette=4, group=1)).ops
    assert op.weights[0].storage == Storage("palette4", 64 * 64 * 9 // 2 + 64 * 32, 64)
    (op,) = compressed(conv(), WeightFormat("", "", integer=4, block=1)).ops
    assert op.weights[0].storage == Storage("int4-block", 64 * 64 * 9 // 2 + 64 * 64 * 2)


def test_a_transposed_convolution_has_its_output_channels_second() -> None:
    (op,) = compressed(conv(32, 64, kind="conv_transpose"), get_weight_format("int8")).ops
    assert op.weights[0].storage == Storage("int8", 32 * 64 * 9 + 64 * 3)


def test_quantised_activations_are_made_once_for_all_that_read_them() -> None:
    x = Tensor("x", (1, 64, 8, 8))
    left, right = (Tensor(name, (1, 64, 8, 8)) for name in ("left", "right"))
    weight = Tensor("w", (64, 64, 3, 3))
    graph = Graph((x,), tuple(Op(out.name, "conv", (x,), (out,), (weight,)) for out in (left, right)), (left, right))
    ops = compressed(graph, get_weight_format("w8a8")).ops
    assert [op.kind for op in ops] == ["quantize", "dequantize", "conv", "conv"]
    assert ops[0].outputs[0].dtype == "int8"


def test_only_forms_beyond_ios_16_need_ios_18() -> None:
    assert {name for name, form in weight_formats().items() if not form.is_ios18} == {
        "fp16", "int8", "palette8", "palette6", "palette4", "palette2", "sparse50", "sparse75",
    }  # fmt: skip


def test_an_unknown_form_offers_the_nearest() -> None:
    with pytest.raises(AnenasError, match="did you mean palette4"):
        get_weight_format("pallette4")


def test_compressed_programs_have_fingerprints_of_their_own() -> None:
    plain = conv()
    prints = {fingerprint(compressed(plain, form)) for form in weight_formats().values()}
    assert len(prints) == len(weight_formats())
    assert fingerprint(plain) in prints


@pytest.mark.parametrize("form", weight_formats().values(), ids=lambda form: form.name)
def test_a_vector_is_in_no_blocks(form: WeightFormat) -> None:
    assert not form.is_in_blocks((4096,))
