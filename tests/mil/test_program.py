from __future__ import annotations

import re
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

import anenas
from anenas._errors import AnenasError
from anenas.mil import Program, ProgramFile, coremltools, load_program
from anenas.mil._block import Steps
from anenas.mil._precision import Numerics
from anenas.mil._syntax import Block, Operation, Value
from anenas.mil._types import ValueType, named_type

Array = np.ndarray[Any, np.dtype[Any]]
Built = Callable[..., Program]
Converted = Callable[..., Path]


def builder() -> Any:
    coremltools()
    from coremltools.converters.mil import Builder

    return Builder


def random(*shape: int) -> Array:
    return np.random.RandomState(0).rand(*shape).astype(np.float32)


def only(outputs: dict[str, Array]) -> Array:
    (array,) = outputs.values()
    return array


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(AnenasError) as raised:
        act()
    assert "\n" not in str(raised.value)
    return str(raised.value)


class Classifier(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x.mean((2, 3)) / 255).softmax(1)


@pytest.fixture
def classifier(converted: Converted) -> Path:
    ct = coremltools()
    image = ct.ImageType(name="image", shape=(1, 3, 4, 6), color_layout=ct.colorlayout.BGR, scale=0.5, bias=[1, 2, 3])
    labels = ct.ClassifierConfig(["blue", "green", "red"])
    return converted(Classifier(), (1, 3, 4, 6), inputs=[image], classifier_config=labels)


def test_a_program_is_loaded_and_called_by_its_names(converted: Converted) -> None:
    program = anenas.load_program(converted(nn.Conv2d(2, 3, 3), (1, 2, 8, 8)))
    ((taken,), (result,)) = program.inputs, program.outputs
    assert str(taken) == "x0: fp32 of shape (1, 2, 8, 8)"
    assert (result.dtype, result.shape) == ("fp32", (1, 3, 6, 6))
    x = random(1, 2, 8, 8)
    outputs = program({"x0": x})
    assert list(outputs) == [result.name]
    np.testing.assert_array_equal(only(outputs), only(program({"x0": torch.from_numpy(x)})))


def test_a_picture_is_red_green_blue_whatever_order_the_program_takes(classifier: Path) -> None:
    program = load_program(classifier)
    assert str(program.inputs[0]) == "image: BGR image of shape (1, 3, 4, 6)"
    pixels = np.random.RandomState(0).randint(0, 256, (1, 3, 4, 6)).astype(np.uint8)
    means = pixels[:, ::-1].astype(np.float32).mean((2, 3)) * 0.5 + [1, 2, 3]
    expected = np.exp(means / 255) / np.exp(means / 255).sum(1, keepdims=True)
    outputs = program({"image": pixels})
    np.testing.assert_allclose(outputs["classLabel_probs"], expected, rtol=1e-4)
    assert outputs["classLabel"].tolist() == [program.classes[expected.argmax()]]


def test_a_classifier_gives_a_label_for_each_of_many_inputs(classifier: Path) -> None:
    program = load_program(classifier)
    pixels = np.zeros((3, 3, 4, 6), np.uint8)
    for i in range(3):
        pixels[i, i] = 255
    outputs = program({"image": pixels})
    assert outputs["classLabel"].tolist() == ["red", "green", "blue"]
    assert outputs["classLabel_probs"].shape == (3, 3)


def test_labels_may_be_numbers(converted: Converted) -> None:
    labels = coremltools().ClassifierConfig([10, 20, 30])
    program = load_program(converted(Classifier(), (1, 3, 4, 6), classifier_config=labels))
    label = program({"x0": np.array([0, 0, 9], np.float32).reshape(1, 3, 1, 1) * np.ones((1, 3, 4, 6))})["classLabel"]
    assert (label.tolist(), label.dtype.kind) == ([30], "i")


class Token(nn.Module):
    """A constant joins each input, and shapes name the batch."""

    def __init__(self) -> None:
        super().__init__()
        self.token = nn.Parameter(torch.rand(1, 1, 4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.cat([self.token.expand(x.shape[0], -1, -1), x.flatten(2).transpose(1, 2)], 1)
        return y.reshape(1, 5, 2, 2).permute(0, 2, 1, 3).reshape(1, 2, 10).softmax(-1)


def test_many_inputs_run_together_where_the_program_was_written_for_one(converted: Converted) -> None:
    program = load_program(converted(Token(), (1, 4, 2, 2)))
    x = random(7, 4, 2, 2)
    expected = np.concatenate([only(program({"x0": one[None]})) for one in x])
    runs = []
    inner = program._run
    program._run = lambda given: runs.append(len(given["x0"])) or inner(given)  # type: ignore[method-assign,func-returns-value]
    np.testing.assert_allclose(only(program({"x0": x}, at_once=4)), expected, rtol=1e-5)
    assert runs == [1, 1, 2, 4, 3]  # the first two found out whether it may be done
    program({"x0": x}, at_once=4)
    assert runs[5:] == [4, 3]


class Mixing(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x - x.mean(0, keepdim=True) + x.sum()


def test_inputs_that_would_mix_run_one_by_one(converted: Converted) -> None:
    program = load_program(converted(Mixing(), (1, 3)))
    x = random(4, 3)
    expected = np.concatenate([only(program({"x0": one[None]})) for one in x])
    np.testing.assert_allclose(only(program({"x0": x})), expected, rtol=1e-5)


class Centred(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * 2 - x.mean(0, keepdim=True)


def test_samples_that_are_alike_do_not_hide_that_a_program_mixes_them(converted: Converted) -> None:
    program = load_program(converted(Centred(), (1, 3)))
    x = random(4, 3)
    np.testing.assert_allclose(only(program({"x0": np.repeat(x[:1], 3, 0)})), np.repeat(x[:1], 3, 0), rtol=1e-5)
    np.testing.assert_allclose(only(program({"x0": x[[0, 0, 1, 2]]})), x[[0, 0, 1, 2]], rtol=1e-5)


def test_batches_of_a_program_for_batches(converted: Converted) -> None:
    program = load_program(converted(nn.Conv2d(1, 1, 3), (2, 1, 4, 4)))
    assert only(program({"x0": random(6, 1, 4, 4)})).shape == (6, 1, 2, 2)
    assert refusal(lambda: program({"x0": random(5, 1, 4, 4)})) == (
        "input x0 has the shape (5, 1, 4, 4); expected x0: fp32 of shape (2, 1, 4, 4)"
    )


def test_several_inputs_hold_as_many_samples(built: Built) -> None:
    program = built(lambda a, b: builder().add(x=a, y=b), {"a": (1, 3), "b": (1, 3)})
    a, b = random(4, 3), random(4, 3)
    np.testing.assert_allclose(only(program({"a": a, "b": b})), a + b)
    assert refusal(lambda: program({"a": a, "b": b[:3]})) == (
        "the inputs have different numbers of samples: 4 of a, 3 of b"
    )


def test_flexible_shapes_take_the_size_of_the_input(converted: Converted) -> None:
    ct = coremltools()
    network = nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.Upsample(scale_factor=2), nn.Flatten(2))
    side = ct.RangeDim(4, 16, default=8)
    flexible = ct.TensorType(name="x0", shape=ct.Shape((1, 1, side, 8)))
    program = load_program(converted(network, (1, 1, 8, 8), inputs=[flexible]))
    assert str(program.inputs[0]) == "x0: fp32 of shape (1, 1, 4 to 16, 8)"
    for size in (4, 7, 16):
        x = random(1, 1, size, 8)
        with torch.no_grad():
            np.testing.assert_allclose(only(program({"x0": x})), network(torch.from_numpy(x)), rtol=1e-3, atol=1e-5)
    assert "expected x0: fp32 of shape (1, 1, 4 to 16, 8)" in refusal(lambda: program({"x0": random(1, 1, 17, 8)}))


def test_listed_shapes_are_the_only_ones(converted: Converted) -> None:
    ct = coremltools()
    listed = ct.TensorType(name="x0", shape=ct.EnumeratedShapes([(1, 1, 4, 4), (1, 1, 8, 8)]))
    program = load_program(converted(nn.Conv2d(1, 1, 3), (1, 1, 4, 4), inputs=[listed]))
    for size in (4, 8):
        assert only(program({"x0": random(1, 1, size, size)})).shape == (1, 1, size - 2, size - 2)
    assert "one of the shapes (1, 1, 4, 4), (1, 1, 8, 8)" in refusal(lambda: program({"x0": random(1, 1, 6, 6)}))


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, "no input x0; expected x0: fp32 of shape (1, 2, 8, 8)"),
        ({"x": random(1, 2, 8, 8)}, "unknown input 'x'; did you mean x0?"),
        ({"x0": random(1, 3, 8, 8)}, "input x0 has the shape (1, 3, 8, 8); expected x0: fp32 of shape (1, 2, 8, 8)"),
        ({"x0": np.float32(1)}, "input x0 has the shape (); expected x0: fp32 of shape (1, 2, 8, 8)"),
        ({"x0": random(0, 2, 8, 8)}, "input x0 has the shape (0, 2, 8, 8); expected x0: fp32 of shape (1, 2, 8, 8)"),
        ({"x0": np.array(["a"])}, "input x0 is an array of <U1; expected x0: fp32 of shape (1, 2, 8, 8)"),
        ({"x0": random(1, 2, 8, 8) * 1j}, "input x0 is an array of complex64; expected x0: fp32 of shape (1, 2, 8, 8)"),
    ],
)
def test_inputs_that_are_not_what_they_should_be(converted: Converted, inputs: dict[str, Any], message: str) -> None:
    program = load_program(converted(nn.Conv2d(2, 3, 3), (1, 2, 8, 8)))
    assert refusal(lambda: program(inputs)) == message


def test_integers_are_not_made_of_fractions(built: Built) -> None:
    program = built(lambda a: builder().add(x=a, y=1), {"a": (3,)}, kinds={"a": "int32"})
    np.testing.assert_array_equal(only(program({"a": np.array([1, 2, 3])})), [2, 3, 4])
    assert "is an array of float32; expected a: int32" in refusal(lambda: program({"a": random(3)}))


def test_every_result_can_be_looked_at_in_order(converted: Converted) -> None:
    program = load_program(converted(nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Conv2d(2, 1, 1)), (1, 1, 6, 6)))
    x = random(1, 1, 6, 6)
    seen = dict(program.intermediates({"x0": x}))
    assert len(seen) == 3
    first, second, third = seen.values()
    np.testing.assert_array_equal(second, np.maximum(first, 0))
    np.testing.assert_array_equal(third, only(program({"x0": x})))
    assert "have 2 samples" in refusal(lambda: dict(program.intermediates({"x0": random(2, 1, 6, 6)})))


def test_values_are_let_go_once_nothing_reads_them(built: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    mb = builder()

    def deep(a: Any) -> Any:
        for _ in range(20):
            a = mb.cos(x=a)
        return a

    program = built(deep, {"a": (3,)})
    alive: list[weakref.ref[torch.Tensor]] = []
    most = 0
    inner = torch.Tensor.cos

    def cos(x: torch.Tensor) -> torch.Tensor:
        nonlocal most
        result = inner(x)
        alive.append(weakref.ref(result))
        most = max(most, sum(one() is not None for one in alive))
        return result

    monkeypatch.setattr(torch.Tensor, "cos", cos)
    program({"a": random(3)})
    assert (len(alive), most) == (20, 2)


def test_branches_and_loops(built: Built) -> None:
    mb = builder()

    def build(a: Any, limit: Any) -> Any:
        scale = mb.mul(x=a, y=3.0)  # read inside of both
        total = mb.while_loop(
            _cond=lambda i, total: mb.less(x=i, y=limit),
            _body=lambda i, total: (mb.add(x=i, y=1.0), mb.add(x=total, y=mb.cos(x=mb.mul(x=scale, y=i)))),
            loop_vars=(np.float32(0), mb.sub(x=a, y=a)),
        )[1]
        positive = mb.greater(x=mb.reduce_sum(x=total), y=0.0)
        return mb.cond(
            pred=positive, _true_fn=lambda: mb.add(x=total, y=scale), _false_fn=lambda: mb.sub(x=total, y=1.0)
        )

    program = built(build, {"a": (3,), "limit": (1,)})
    a = random(3)
    for limit in (0, 1, 5, 9):
        total = sum((np.cos(3 * a * i) for i in range(limit)), np.zeros(3))
        expected = total + 3 * a if total.sum() > 0 else total - 1
        result = only(program({"a": a, "limit": np.float32([limit])}))
        np.testing.assert_allclose(result, expected, rtol=1e-3, atol=1e-5)


def test_lists_that_a_loop_fills(built: Built) -> None:
    mb = builder()

    def build(a: Any) -> Any:
        empty = mb.make_list(init_length=1, elem_shape=(3,))
        filled = mb.while_loop(
            _cond=lambda i, ls: mb.less(x=i, y=4),
            _body=lambda i, ls: (
                mb.add(x=i, y=1),
                mb.list_write(ls=ls, index=i, value=mb.mul(x=a, y=mb.cast(x=i, dtype="fp32"))),
            ),
            loop_vars=(0, empty),
        )[1]
        return mb.list_gather(ls=filled, indices=[3, 1]), mb.list_length(ls=filled)

    a = random(3)
    gathered, length = built(build, {"a": (3,)})({"a": a}).values()
    np.testing.assert_allclose(gathered, [3 * a, a])
    assert length == 4


def test_an_unknown_operation_is_named(converted: Converted) -> None:
    path = converted(nn.ReLU(), (1, 3))
    package = ProgramFile.open(path)
    for operation in package.block.operations:
        if operation.type == "relu":
            operation.type = "magic"
    model = path / "Data/com.apple.CoreML/model.mlmodel"
    model.write_bytes(package.model.SerializeToString())
    assert refusal(lambda: load_program(path)).endswith("has the type 'magic', which is not known")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("operand", r"is damaged: nothing computes 'nowhere', which var_\d+ reads"),
        ("output", "is damaged: nothing computes 'nowhere', which its caller reads"),
        ("parameter", r"operation '\w+' \(conv\) has an unknown parameter 'colour'"),
        ("constant", r"is damaged: a constant of shape \(2,\) has a different number of values"),
    ],
)
def test_a_damaged_program_is_refused(converted: Converted, change: str, expected: str) -> None:
    path = converted(nn.Conv2d(1, 1, 3, stride=2), (1, 1, 6, 6))
    package = ProgramFile.open(path)
    (conv,) = [operation for operation in package.block.operations if operation.type == "conv"]
    if change == "operand":
        conv.inputs["x"].arguments[0].name = "nowhere"
    elif change == "output":
        package.block.outputs[0] = "nowhere"
    elif change == "parameter":
        conv.inputs["colour"].CopyFrom(conv.inputs["x"])
    else:
        for operation in package.block.operations:
            if operation.outputs[0].name == conv.inputs["strides"].arguments[0].name:
                operation.attributes["val"].immediateValue.tensor.ints.values.append(2)
    (path / "Data/com.apple.CoreML/model.mlmodel").write_bytes(package.model.SerializeToString())
    assert re.search(f"{expected}$", refusal(lambda: load_program(path)))


def test_weights_that_are_cut_short_are_told_in_one_line(converted: Converted) -> None:
    path = converted(nn.Conv2d(16, 32, 3), (1, 16, 6, 6))
    weights = path / "Data/com.apple.CoreML/weights/weight.bin"
    whole = weights.read_bytes()
    for length in (0, 63, 64, 100, 128, len(whole) // 2, len(whole) - 64):
        weights.write_bytes(whole[:length])
        assert "is incomplete" in refusal(lambda: load_program(path))
    weights.unlink()
    assert "is incomplete" in refusal(lambda: load_program(path))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damage_anywhere_is_told_in_one_line_or_does_no_harm(damaged: Path, data: st.DataObject) -> None:
    model = damaged / "Data/com.apple.CoreML/model.mlmodel"
    whole = model.with_suffix(".whole").read_bytes()
    changed = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    model.write_bytes(changed)
    try:
        program = load_program(damaged)
        program({given.name: np.zeros([size or 1 for size in given.shape or ()]) for given in program.inputs})
    except AnenasError as error:
        assert "\n" not in str(error)


@pytest.fixture
def damaged(converted: Converted) -> Path:
    """A package whose model is about to be damaged, with the whole one beside it."""
    path = converted(nn.Sequential(nn.Conv2d(1, 2, 3), nn.MaxPool2d(2), nn.Flatten(), nn.Softmax(1)), (1, 1, 6, 6))
    model = path / "Data/com.apple.CoreML/model.mlmodel"
    model.with_suffix(".whole").write_bytes(model.read_bytes())
    return path


def test_an_operation_that_fails_is_named(converted: Converted) -> None:
    path = converted(nn.Conv2d(1, 1, 3), (1, 1, 6, 6))
    package = ProgramFile.open(path)
    package.function.inputs[0].type.tensorType.dimensions[1].constant.size = 2
    (path / "Data/com.apple.CoreML/model.mlmodel").write_bytes(package.model.SerializeToString())
    assert "conv fails: " in refusal(lambda: load_program(path))


def test_outputs_have_the_type_that_is_declared_but_halves_in_float32(built: Built) -> None:
    mb = builder()

    def build(a: Any) -> Any:
        return mb.mul(x=a, y=2.0), mb.cast(x=a, dtype="int32"), mb.cast(x=a, dtype="fp16")

    for precision, half in (("fp32", np.float32), ("fp16", np.float16)):
        found = built(build, {"a": (3,)}, precision=precision, outputs=None)({"a": np.float32([1.5, -1, 3])})
        assert [one.dtype for one in found.values()] == [np.float32, np.int32, half]


@pytest.mark.parametrize(("gone", "named"), [(("x", "y"), "x"), (("y",), "y"), (("y", "x"), "x")])
def test_the_first_parameter_that_is_lacking_is_named(gone: tuple[str, ...], named: str) -> None:
    value = Value("x", ValueType("tensorType", named_type("fp32"), (2,)))
    operands = {name: (value,) for name in ("x", "y") if name not in gone}
    lacking = Operation("z", "add", operands, (value,))
    assert refusal(lambda: Steps(Block((value,), (lacking,), ()), Numerics())) == (
        f"operation 'z' (add) has no parameter '{named}'"
    )
