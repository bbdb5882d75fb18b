"""How a compressed weight is stored, by what its constants hold."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from anenas.graph import Storage
from anenas.mil._storage import storage
from anenas.mil._syntax import Constant, Operation
from anenas.mil._types import ValueType, named_type


def stored(name: str, dtype: str, *shape: int, offset: int = 0) -> Constant:
    message = SimpleNamespace(blobFileValue=SimpleNamespace(offset=offset))
    return Constant(name, ValueType("tensorType", named_type(dtype), shape), lambda: None, message)


def unpacked(kind: str, *shape: int, **operands: Constant) -> Constant:
    step = Operation("w", f"constexpr_{kind}", {name: (one,) for name, one in operands.items()}, ())
    kept = ValueType("tensorType", named_type("fp16"), shape)
    return Constant("w", kept, lambda: None, unpacked_by=step)


WHOLE = {"axis": stored("axis", "int32"), "zero_point": stored("zero", "int8", 64)}
MASK = stored("mask", "uint1", 64, 32, offset=64)
KEPT = stored("kept", "fp16", 512, offset=128)
CASES: dict[str, tuple[Constant, Storage]] = {
    "a scale per channel, as of iOS 16": (
        unpacked(
            "affine_dequantize",
            64,
            32,
            quantized_data=stored("q", "int8", 64, 32),
            scale=stored("s", "fp16", 64),
            **WHOLE,
        ),
        Storage("int8", 64 * 32 + 64 * 2 + 64, 0, 1.0),
    ),
    "a scale per channel, as of iOS 18": (
        unpacked("blockwise_shift_scale", 64, 32, data=stored("q", "int4", 64, 32), scale=stored("s", "fp16", 64, 1)),
        Storage("int4", 64 * 16 + 64 * 2, 0, 1.0),
    ),
    "blocks": (
        unpacked("blockwise_shift_scale", 64, 32, data=stored("q", "int4", 64, 32), scale=stored("s", "fp16", 64, 2)),
        Storage("int4-block", 64 * 16 + 128 * 2, 0, 1.0),
    ),
    "an odd number of bits": (
        unpacked("blockwise_shift_scale", 3, 3, data=stored("q", "int4", 3, 3), scale=stored("s", "fp16", 1, 1)),
        Storage("int4", 5 + 2, 0, 1.0),
    ),
    "one table, as of iOS 16": (
        unpacked(
            "lut_to_dense",
            64,
            32,
            indices=stored("i", "uint8", 64 * 32 * 4 // 8),
            lut=stored("t", "fp16", 16),
            shape=stored("shape", "uint32", 2),
        ),
        Storage("palette4", 64 * 16 + 32, 1, 1.0),
    ),
    "a table for each group": (
        unpacked("lut_to_dense", 64, 32, indices=stored("i", "uint3", 64, 32), lut=stored("t", "fp16", 8, 1, 8, 1)),
        Storage("palette3", 64 * 12 + 8 * 8 * 2, 8, 1.0),
    ),
    "vectors": (
        unpacked("lut_to_dense", 64, 32, indices=stored("i", "uint4", 16, 32), lut=stored("t", "fp16", 1, 1, 16, 4)),
        Storage("palette4", 16 * 16 + 16 * 4 * 2, 1, 1.0),
    ),
    "one value": (
        unpacked("lut_to_dense", 64, 32, indices=stored("i", "uint1", 64, 32), lut=stored("t", "fp16", 1, 1, 1, 1)),
        Storage("palette1", 64 * 4 + 2, 1, 1.0),
    ),
    "a mask": (
        unpacked("sparse_to_dense", 64, 32, nonzero_data=KEPT, mask=MASK),
        Storage("sparse", 64 * 4 + 1024, 0, 0.25),
    ),
    "another type": (
        unpacked("cast", 64, 32, source_val=stored("half", "fp16", 64, 32), output_dtype=stored("fp32", "uint8")),
        Storage("cast", 64 * 32 * 2, 0, 1.0),
    ),
    "floats with a scale": (
        unpacked("blockwise_shift_scale", 64, 32, data=stored("q", "fp16", 64, 32), scale=stored("s", "fp16", 64, 1)),
        Storage("blockwise_shift_scale", 64 * 64 + 64 * 2, 0, 1.0),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_every_kind_of_storage(case: str) -> None:
    found, expected = CASES[case]
    assert storage(found) == expected


@pytest.mark.parametrize("kept", ["palette", "integers"])
def test_a_mask_that_two_operations_read_is_counted_once(kept: str) -> None:
    """Values that were kept are themselves unpacked, with the mask of the whole weight at hand."""
    if kept == "palette":
        inner: dict[str, Any] = {"indices_mask": MASK, "indices_nonzero_data": stored("i", "uint4", 512, offset=192)}
        one = unpacked("lut_to_sparse", 64, 32, **inner, lut=stored("t", "fp16", 1, 1, 16, 1, offset=256))
        held, form, tables = 256 + 32, "sparse+palette4", 1
    else:
        inner = {"data_mask": MASK, "nonzero_data": stored("q", "int8", 512, offset=192)}
        one = unpacked(
            "sparse_blockwise_shift_scale", 64, 32, **inner, scale=stored("s", "fp16", 64, 1, offset=256)
        )  # fmt: skip
        held, form, tables = 512 + 128, "sparse+int8", 0
    again = stored("mask_again", "uint1", 64, 32, offset=64)  # the same place in the file
    weight = unpacked("sparse_to_dense", 64, 32, nonzero_data=one, mask=again)
    assert storage(weight) == Storage(form, 64 * 4 + held, tables, 0.25)


def test_scales_of_tables_that_are_themselves_compressed_belong_to_the_weight() -> None:
    table = unpacked(
        "blockwise_shift_scale",
        1,
        1,
        16,
        1,
        data=stored("t", "int8", 1, 1, 16, 1),
        scale=stored("s", "fp16", 1, 1, 1, 1),
    )
    weight = unpacked("lut_to_dense", 64, 32, indices=stored("i", "uint4", 64, 32), lut=table)
    assert storage(weight) == Storage("palette4+int8", 64 * 16 + 16 + 2, 1, 1.0)
