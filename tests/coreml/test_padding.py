"""Which padding becomes part of the convolution behind it, and that this changes nothing but the operations."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from anenas.coreml._padding import pipeline
from anenas.mil import ProgramFile, coremltools, load_program

Built = Callable[[dict[str, Any], dict[str, Any], str], tuple[Path, Path]]
SHAPE = (1, 3, 7, 8)
X = np.random.default_rng(0).standard_normal(SHAPE).astype(np.float32)
WEIGHT = np.random.default_rng(1).standard_normal((4, 3, 3, 3)).astype(np.float32)


@pytest.fixture
def built(tmp_path: Path) -> Built:
    """Padding and a convolution as they stand, and after the pass."""

    def built(padding: dict[str, Any], convolution: dict[str, Any], also: str = "") -> tuple[Path, Path]:
        ct = coremltools()
        from coremltools.converters.mil import Builder as mb  # noqa: N813

        def build(x: Any) -> Any:
            padded = mb.pad(x=x, **padding)
            y = mb.conv(x=padded, weight=WEIGHT, **convolution)
            if also == "output":
                return y, padded
            return (y, mb.relu(x=padded)) if also == "read" else y

        paths = []
        for name, passes in (("plain", ct.PassPipeline.EMPTY), ("merged", pipeline())):
            function = mb.program(input_specs=[mb.TensorSpec(SHAPE)], opset_version=ct.target.iOS16)(build)
            model = ct.convert(
                function, convert_to="mlprogram", pass_pipeline=passes, skip_model_load=True,
                minimum_deployment_target=ct.target.iOS16,
                compute_precision=ct.precision.FLOAT32,
            )  # fmt: skip
            paths.append(tmp_path / f"{name}.mlpackage")
            model.save(str(paths[-1]))
        return paths[0], paths[1]

    return built


SIDES = [0, 0, 0, 0, 1, 0, 2, 3]
ZEROS = {"pad": SIDES, "mode": "constant", "constant_val": np.float32(0)}
OWN = {"pad_type": "custom", "pad": [0, 1, 1, 2], "strides": [2, 1]}


@pytest.mark.parametrize(
    ("padding", "convolution", "also", "merged"),
    [
        (ZEROS, OWN, "", True),
        (ZEROS, {"pad_type": "valid"}, "", True),
        (ZEROS | {"pad": [1, 2, 0, 3]}, OWN, "", True),  # of the last axes alone
        (ZEROS, {"pad_type": "same"}, "", False),
        (ZEROS | {"constant_val": np.float32(1)}, OWN, "", False),
        (ZEROS | {"mode": "reflect"}, OWN, "", False),
        (ZEROS | {"pad": [1, 1]}, OWN, "", False),
        (ZEROS | {"pad": [1, 0, 0, 0, 1, 1, 1, 1]}, OWN, "", False),
        (ZEROS, OWN, "output", False),
        (ZEROS, OWN, "read", False),
    ],
)
def test_padding_of_height_and_width_with_zeros_is_merged(
    built: Built, padding: dict[str, Any], convolution: dict[str, Any], also: str, merged: bool
) -> None:
    plain, after = built(padding, convolution, also)
    kinds = [[one.type for one in ProgramFile.open(path).main.operations] for path in (plain, after)]
    assert "pad" in kinds[0] and ("pad" not in kinds[1]) == merged
    for one, other in zip(*(load_program(path)({"x": X}).values() for path in (plain, after)), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)
