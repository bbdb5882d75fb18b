from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from anenas._errors import AnenasError
from anenas.ane import check, get_chip, program_cost
from anenas.mil import ProgramFile, coremltools, load_program, read_graph


class Counters(nn.Module):
    """Keeps the sum of its inputs, and the last of them."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("total", torch.zeros(1, 3, dtype=torch.float16))
        self.register_buffer("last", torch.zeros(1, 3, dtype=torch.float16))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        before = self.last * 1
        self.total.add_(x)
        self.last[:, :] = x
        return torch.cat([self.total * 2, before], 1)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    ct = coremltools()
    half = ct.TensorType(shape=(1, 3), dtype=np.float16)
    model = ct.convert(
        torch.jit.trace(Counters().eval(), torch.zeros(1, 3)),
        inputs=[ct.TensorType(name="x", shape=(1, 3))],
        outputs=[ct.TensorType(name="y")],
        states=[ct.StateType(wrapped_type=half, name=name) for name in ("total", "last")],
        minimum_deployment_target=ct.target.iOS18,
        skip_model_load=True,
    )
    path = tmp_path_factory.mktemp("states") / "state.mlpackage"
    model.save(str(path))
    return path


X = np.array([[1, 2, 3], [4, 5, 6], [0.5, 0, 0]], np.float32)


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_samples_run_in_turn_each_with_what_the_one_before_left(package: Path, precision: str) -> None:
    found = load_program(package, precision)({"x": X})["y"]  # type: ignore[arg-type]
    np.testing.assert_array_equal(found, [[2, 4, 6, 0, 0, 0], [10, 14, 18, 1, 2, 3], [11, 14, 18, 4, 5, 6]])


def test_a_call_begins_from_the_state_that_it_is_given_and_leaves_the_next(package: Path) -> None:
    program = load_program(package)
    assert [(one.name, one.dtype, one.shape) for one in program.states] == [
        ("total", "fp16", (1, 3)), ("last", "fp16", (1, 3)),
    ]  # fmt: skip
    state = program.new_state()
    first = [program({"x": sample[None]}, state=state)["y"] for sample in X]
    np.testing.assert_array_equal(np.concatenate(first), program({"x": X})["y"])
    np.testing.assert_array_equal(state["total"], [[5.5, 7, 9]])
    np.testing.assert_array_equal(state["last"], X[2:])
    assert state["total"].dtype == np.float16


def test_a_state_of_another_shape_or_name_is_refused(package: Path) -> None:
    program = load_program(package)
    for state in ({"total": np.zeros((1, 4))}, {"total": np.zeros((1, 3))}, program.new_state() | {"more": X}):
        with pytest.raises(AnenasError, match=r"total|last|more"):
            program({"x": X[:1]}, state=state)


def test_it_has_a_graph_that_is_checked_and_costed(package: Path) -> None:
    graph = read_graph(ProgramFile.open(package))
    assert [tensor.name for tensor in graph.inputs] == ["x"]
    written = [op for op in graph.ops if op.kind == "write_state"]
    assert len({op.name for op in graph.ops}) == len(graph.ops) and len(written) == 2
    assert all(op.outputs[0].shape == (1, 3) for op in written)
    assert not [finding for finding in check(graph, get_chip("A15")) if finding.rule == "state"]
    touching = sum(op.kind in ("read_state", "write_state") for op in graph.ops)
    assert [finding.rule for finding in check(graph, get_chip("A15@ios17"))].count("state") == touching > 2
    assert program_cost(graph, get_chip("A15")).operations == len(graph.ops)


def _written_inside(state: Any, x: Any) -> Any:
    """Adds x where its sum is above 0, then doubles the state as often as the largest of x says."""
    from coremltools.converters.mil import Builder

    largest = Builder.reduce_max(x=x, axes=[0, 1], keep_dims=False)

    def write(factor: float, more: Any) -> Any:
        value = Builder.mul(x=Builder.read_state(input=state), y=np.float16(factor))
        return Builder.coreml_update_state(state=state, value=Builder.add(x=value, y=more))

    above = Builder.greater(x=Builder.reduce_sum(x=x, axes=[0, 1], keep_dims=False), y=np.float16(0))
    Builder.cond(pred=above, _true_fn=lambda: write(1, x), _false_fn=lambda: Builder.identity(x=x))
    count = Builder.while_loop(
        _cond=lambda left: Builder.greater(x=left, y=np.float16(0)),
        _body=lambda left: _first_of(Builder.sub(x=left, y=np.float16(1)), write(2, np.float16(0))),
        loop_vars=[largest],
    )
    return Builder.add(x=Builder.read_state(input=state), y=Builder.mul(x=count, y=np.float16(0)))


def _first_of(first: Any, *_: Any) -> Any:
    return first


@pytest.fixture(scope="module")
def branching(tmp_path_factory: pytest.TempPathFactory) -> Path:
    ct = coremltools()
    from coremltools.converters.mil import Builder
    from coremltools.converters.mil.mil import types

    program = Builder.program(
        input_specs=[
            Builder.StateTensorSpec((1, 3), dtype=types.fp16),
            Builder.TensorSpec((1, 3), dtype=types.fp16),
        ],
        opset_version=ct.target.iOS18,
    )(_written_inside)
    path = tmp_path_factory.mktemp("branching") / "branching.mlpackage"
    model = ct.convert(
        program, convert_to="mlprogram", minimum_deployment_target=ct.target.iOS18, skip_model_load=True,
        pass_pipeline=ct.PassPipeline.EMPTY,
    )  # fmt: skip
    model.save(str(path))
    return path


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_a_state_that_is_written_inside_a_branch_or_a_loop_is_what_is_read_after_it(
    branching: Path, precision: str
) -> None:
    program = load_program(branching, precision)  # type: ignore[arg-type]
    (source,), (output,), (state,) = program.inputs, program.outputs, program.states
    given = np.array([[1, 2, 0], [-1, -5, 1], [0, 0, -3], [0, 0, 1]], np.float16)
    held = {state.name: np.zeros((1, 3), np.float16)}
    found = [program({source.name: one[None]}, state=held)[output.name] for one in given]
    # (0 + [1 2 0]) · 2²; not added, · 2; neither; (that + [0 0 1]) · 2.
    expected = [[4, 8, 0], [8, 16, 0], [8, 16, 0], [16, 32, 2]]
    np.testing.assert_array_equal(np.concatenate(found), expected)
    np.testing.assert_array_equal(held[state.name], expected[-1:])
    np.testing.assert_array_equal(program({source.name: given})[output.name], expected)
