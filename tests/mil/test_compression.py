"""Compressed weights unpack to exactly what coremltools unpacks them to."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from anenas.mil import ProgramFile, coremltools, load_program
from anenas.mil._values import unpack_bits
from anenas.mil.operations import FOLDED


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.stem = nn.Conv2d(4, 32, 3)
        self.mix = nn.Conv2d(32, 64, 1)
        self.head = nn.Linear(64, 16)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.head(self.mix(self.stem(x).relu()).relu().mean((2, 3)))
        return y


def optimize() -> Any:
    coremltools()
    return importlib.import_module("coremltools.optimize.coreml")


def linear(dtype: str, granularity: str, block: int = 32, mode: str = "linear") -> Callable[[Any], Any]:
    def compress(model: Any) -> Any:
        tools = optimize()
        options = {"mode": mode, "dtype": dtype, "granularity": granularity, "weight_threshold": 0}
        options |= {"block_size": block} if granularity == "per_block" else {}
        config = tools.OptimizationConfig(tools.OpLinearQuantizerConfig(**options))
        return tools.linear_quantize_weights(model, config)

    return compress


def palette(bits: int, granularity: str = "per_tensor", **options: Any) -> Callable[[Any], Any]:
    def compress(model: Any) -> Any:
        tools = optimize()
        settings = {"nbits": bits, "mode": "kmeans", "granularity": granularity, "weight_threshold": 0} | options
        config = tools.OptimizationConfig(tools.OpPalettizerConfig(**settings))
        return tools.palettize_weights(model, config)

    return compress


def pruned(then: Callable[[Any], Any] | None = None) -> Callable[[Any], Any]:
    def compress(model: Any) -> Any:
        tools = optimize()
        config = tools.OptimizationConfig(tools.OpMagnitudePrunerConfig(target_sparsity=0.6, weight_threshold=0))
        model = tools.prune_weights(model, config)
        return then(model) if then else model

    return compress


def jointly(name: str, **options: Any) -> Callable[[Any], Any]:
    """Pruning and another compression of the same weights."""

    def compress(model: Any) -> Any:
        tools = optimize()
        model = pruned()(model)
        kind = tools.OpPalettizerConfig if name == "palettize_weights" else tools.OpLinearQuantizerConfig
        config = tools.OptimizationConfig(kind(weight_threshold=0, **options))
        return getattr(tools, name)(model, config, joint_compression=True)

    return compress


AFFINE = {"constexpr_affine_dequantize"}
LUT = {"constexpr_lut_to_dense"}
BLOCKS = {"constexpr_blockwise_shift_scale"}
SPARSE = {"constexpr_sparse_to_dense"}
GROUPS = {"granularity": "per_grouped_channel", "group_size": 8}
BY_PALETTE = {"name": "palettize_weights", "nbits": 3}
BY_SCALE = {"name": "linear_quantize_weights", "dtype": "int8"}

FORMS = {
    "affine": ("iOS16", linear("int8", "per_channel"), AFFINE),
    "affine, unsigned": ("iOS16", linear("uint8", "per_channel"), AFFINE),
    "affine, symmetric": ("iOS16", linear("int8", "per_tensor", mode="linear_symmetric"), AFFINE),
    **{f"{bits} bits": ("iOS16", palette(bits), LUT) for bits in (1, 2, 4, 6, 8)},
    "sparse": ("iOS16", pruned(), SPARSE),
    "channels": ("iOS18", linear("int8", "per_channel"), BLOCKS),
    "tensor": ("iOS18", linear("int8", "per_tensor"), BLOCKS),
    "blocks of int4": ("iOS18", linear("int4", "per_block", 2), BLOCKS),
    "blocks of uint4": ("iOS18", linear("uint4", "per_block", 2), BLOCKS),
    **{f"{bits} bits, iOS 18": ("iOS18", palette(bits), LUT) for bits in (1, 2, 3, 4, 6, 8)},
    "palettes of groups": ("iOS18", palette(3, **GROUPS), LUT),
    "palettes with scales": ("iOS18", palette(4, enable_per_channel_scale=True, **GROUPS), LUT | BLOCKS),
    "vectors": ("iOS18", palette(4, cluster_dim=4), LUT),
    "sparse, iOS 18": ("iOS18", pruned(), SPARSE),
    "sparse palettes": ("iOS18", jointly(**BY_PALETTE), SPARSE | {"constexpr_lut_to_sparse"}),
    "sparse blocks": ("iOS18", jointly(**BY_SCALE), SPARSE | {"constexpr_sparse_blockwise_shift_scale"}),
}


def weights(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    """The constant operands of the layers."""
    steps = load_program(path)._steps.steps
    return {step.name: step.constants["weight"].numpy() for step in steps if "weight" in step.constants}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The network before it is compressed, for each system."""
    ct = coremltools()
    paths = {}
    for target in ("iOS16", "iOS18"):
        with torch.no_grad():
            traced = torch.jit.trace(Small().eval(), torch.zeros(1, 4, 9, 9))
        inputs = [ct.TensorType(name="x", shape=(1, 4, 9, 9))]
        options = {"minimum_deployment_target": getattr(ct.target, target), "skip_model_load": True}
        model = ct.convert(traced, convert_to="mlprogram", inputs=inputs, **options)
        paths[target] = tmp_path_factory.mktemp("plain") / "model.mlpackage"
        model.save(str(paths[target]))
    return paths


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_compression(plain: dict[str, Path], tmp_path: Path, form: str) -> None:
    target, compress, kinds = FORMS[form]
    model = compress(coremltools().models.MLModel(str(plain[target]), skip_model_load=True))
    for name, one in (("compressed", model), ("unpacked", optimize().decompress_weights(model))):
        one.save(str(tmp_path / f"{name}.mlpackage"))
    found = {operation.type for operation in ProgramFile.open(tmp_path / "compressed.mlpackage").block.operations}
    assert {kind for kind in found if kind.startswith("constexpr_")} == kinds
    ours, theirs = weights(tmp_path / "compressed.mlpackage"), weights(tmp_path / "unpacked.mlpackage")
    assert ours.keys() == theirs.keys()
    for name, weight in ours.items():
        np.testing.assert_array_equal(weight, theirs[name])


def unpacked_by_coremltools(name: str, system: str, *operands: Any) -> Any:
    coremltools()
    from coremltools.converters.mil.mil.ops.registry import SSAOpRegistry

    (version,) = [one for target, one in SSAOpRegistry.core_ops[name].items() if target.name == system]
    return version.decompress(*operands)


@given(data=st.data())
def test_scales_and_offsets_of_any_axis(data: st.DataObject) -> None:
    shape = tuple(data.draw(st.lists(st.integers(2, 4), min_size=1, max_size=4)))
    axis = data.draw(st.integers(0, len(shape) - 1))
    random = np.random.default_rng(0)
    whole = random.integers(0, 256, shape, np.uint8)
    sides = [() if data.draw(st.booleans()) else (shape[axis],) for _ in range(2)]
    zero, scale = random.integers(0, 256, sides[0], np.uint8), random.uniform(0.1, 1, sides[1]).astype(np.float32)
    zero, scale = np.asarray(zero), np.asarray(scale)
    found = FOLDED["constexpr_affine_dequantize"](whole, zero, scale, np.int32(axis))
    expected = (whole.astype(np.float32) - _wide(zero, axis, len(shape))) * _wide(scale, axis, len(shape))
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert (found.dtype, found.shape) == (np.float32, shape)


def _wide(parameter: np.ndarray[Any, Any], axis: int, rank: int) -> np.ndarray[Any, Any]:
    return parameter.astype(np.float32).reshape([-1 if one == axis else 1 for one in range(rank)])


@given(data=st.data())
def test_blocks_and_tables_of_any_shape(data: st.DataObject) -> None:
    """Sparse and dense, by scales and by tables, with scalars and vectors in these."""
    blocks = data.draw(st.lists(st.integers(1, 3), min_size=2, max_size=3))
    shape = [count * data.draw(st.integers(1, 3)) for count in blocks]
    random = np.random.default_rng(0)
    whole, mask = random.integers(-8, 8, shape, np.int8), random.integers(0, 2, shape, np.uint8)
    scale, offset = random.uniform(0.1, 1, blocks).astype(np.float32), random.integers(-8, 8, blocks, np.int8)
    kept = whole[mask != 0]
    length = data.draw(st.integers(1, 3))
    lut = random.standard_normal((*blocks, 4, length)).astype(np.float32)
    indices = random.integers(0, 4, shape, np.uint8)
    axis = np.int32(data.draw(st.integers(0, len(shape) - 1))) if length > 1 or data.draw(st.booleans()) else None
    cases: list[tuple[str, tuple[Any, ...]]] = [
        ("constexpr_blockwise_shift_scale", (whole, scale, offset)),
        ("constexpr_blockwise_shift_scale", (whole, scale, None)),
        ("constexpr_sparse_to_dense", (kept, mask)),
        ("constexpr_sparse_blockwise_shift_scale", (mask, kept, scale, offset)),
        ("constexpr_lut_to_dense", (indices, lut)),
        ("constexpr_lut_to_sparse", (mask, indices[mask != 0], lut)),
    ]
    for name, operands in cases:
        theirs = (*operands, axis) if "lut" in name else operands
        expected = unpacked_by_coremltools(name, "iOS18", *theirs)
        options = {"vector_axis": axis} if "lut" in name else {}
        found = FOLDED[name](*operands, **options)
        for one, other in zip(*(v if isinstance(v, tuple) else (v,) for v in (found, expected)), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-6, err_msg=name)


def test_casts_of_weights() -> None:
    half = np.array([0.1, 65504.0], np.float16)
    np.testing.assert_array_equal(FOLDED["constexpr_cast"](half, "fp32"), half.astype(np.float32))


@pytest.mark.parametrize("bits", [1, 2, 3, 4, 6])
@settings(max_examples=20)
@given(data=st.data())
def test_packed_integers_come_out_as_they_went_in(bits: int, data: st.DataObject) -> None:
    signed = data.draw(st.booleans())
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    values = data.draw(st.lists(st.integers(low, high), min_size=1, max_size=30))
    whole = sum((value & (1 << bits) - 1) << bits * place for place, value in enumerate(values))
    packed = np.frombuffer(whole.to_bytes(-(-len(values) * bits // 8), "little"), np.uint8)
    assert unpack_bits(packed, bits, len(values), signed=signed).tolist() == values
