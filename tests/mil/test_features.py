"""What an input takes, how it is told, and how samples are taken apart and put together."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from anenas._errors import AnenasError
from anenas.mil import Feature, ProgramFile, coremltools, example_inputs
from anenas.mil._features import join, parts, take, warn_of_scale

FIXED = Feature("x", "fp32", (1, 3))
OPEN = Feature("x", "fp32", (1, None))
RANGED = Feature("x", "fp32", (1, None, None), limits=((1, 1), (2, 4), (3, -1)))
LISTED = Feature("x", "fp32", (1, None), shapes=((1, 3), (1, 5)))
ANY = Feature("x", "fp32", None)


@pytest.mark.parametrize(
    ("feature", "accepts"),
    [
        (FIXED, lambda s: s == (1, 3)),
        (OPEN, lambda s: len(s) == 2 and s[0] == 1),
        (RANGED, lambda s: len(s) == 3 and s[0] == 1 and 2 <= s[1] <= 4 and s[2] >= 3),
        (LISTED, lambda s: s in {(1, 3), (1, 5)}),
        (ANY, lambda s: True),
    ],
)
def test_shapes_that_an_input_takes(feature: Feature, accepts: Callable[[tuple[int, ...]], bool]) -> None:
    for rank in range(4):
        for shape in itertools.product(range(1, 7), repeat=rank):
            assert feature.accepts(shape) == accepts(shape), shape


@pytest.mark.parametrize(
    ("feature", "told"),
    [
        (FIXED, "x: fp32 of shape (1, 3)"),
        (OPEN, "x: fp32 of shape (1, any)"),
        (RANGED, "x: fp32 of shape (1, 2 to 4, 3 and more)"),
        (LISTED, "x: fp32 of one of the shapes (1, 3), (1, 5)"),
        (ANY, "x: fp32"),
        (Feature("p", "fp32", (1, 3, 4, 4), image="RGB"), "p: RGB image of shape (1, 3, 4, 4)"),
    ],
)
def test_how_an_input_is_told(feature: Feature, told: str) -> None:
    assert str(feature) == told


def test_one_sample_has_the_first_dimension_that_is_declared() -> None:
    assert [Feature("x", "fp32", shape).batch for shape in ((3, 2), (None, 2), (), None)] == [3, 1, 1, 1]
    assert Feature("x", "fp32", None, shapes=((4, 2), (5, 2))).batch == 4


@given(st.integers(1, 3), st.integers(1, 6), st.integers(1, 7))
def test_samples_are_taken_apart_in_their_order_and_come_together_again(batch: int, count: int, size: int) -> None:
    features = (Feature("a", "fp32", (batch, 2)), Feature("b", "int32", (1, 2)))
    inputs = {name: np.arange(2 * n * count).reshape(-1, 2) for name, n in (("a", batch), ("b", 1))}
    taken, found = take(inputs, features)
    assert found == count
    split = list(parts(taken, count, size))
    assert [len(part["b"]) for part in split] == [min(size, count - start) for start in range(0, count, size)]
    for name, array in inputs.items():
        together = join([part[name].numpy() for part in split])
        np.testing.assert_array_equal(together, array)
    assert (taken["a"].dtype, taken["b"].dtype) == (torch.float32, torch.int32)


def test_results_of_one_number_each_become_a_vector() -> None:
    np.testing.assert_array_equal(join([np.array(1), np.array(2)]), [1, 2])
    assert join([np.array(1)]).shape == ()


def test_what_is_optional_takes_its_default() -> None:
    other = Feature("y", "int32", (None, 2), default=7.0)
    taken, count = take({"x": np.zeros((4, 3))}, (FIXED, other))
    assert (count, taken["y"].tolist(), taken["y"].dtype) == (4, [[7, 7]], torch.int32)
    with pytest.raises(AnenasError, match=r"^no input x; expected x: fp32 of shape \(1, 3\)$"):
        take({"y": np.zeros((1, 2), np.int32)}, (FIXED, other))


def test_numbers_are_taken_where_none_of_them_is_lost() -> None:
    kinds = {"float64": True, "float32": True, "float16": True, "int64": True, "uint8": True, "bool": True}
    for kind, fits in kinds.items():
        assert take({"x": np.zeros((1, 3), kind)}, (FIXED,))[0]["x"].dtype == torch.float32 and fits
    whole = Feature("x", "int32", (1, 3))
    for kind in ("int8", "int64", "uint8", "bool"):
        assert take({"x": np.zeros((1, 3), kind)}, (whole,))[0]["x"].dtype == torch.int32
    for feature, kind in ((FIXED, "complex64"), (FIXED, "U3"), (whole, "float32"), (whole, "datetime64[s]")):
        with pytest.raises(AnenasError, match=f"input x is an array of .*; expected {feature.dtype}|expected x: "):
            take({"x": np.zeros((1, 3), kind)}, (feature,))


def test_an_image_is_given_with_red_first_and_stays_as_it_was() -> None:
    pixels = np.arange(3 * 2 * 2, dtype=np.float32).reshape(1, 3, 2, 2)
    for order, expected in (("RGB", pixels), ("BGR", pixels[:, ::-1])):
        taken, _ = take({"x": pixels}, (Feature("x", "fp32", (1, 3, 2, 2), image=order),))
        np.testing.assert_array_equal(taken["x"], expected)
    frozen = pixels.copy()
    frozen.flags.writeable = False
    take({"x": frozen}, (Feature("x", "fp32", (1, 3, 2, 2)),))
    np.testing.assert_array_equal(frozen, pixels)


@pytest.mark.parametrize(
    ("low", "high", "warned"),
    [(0, 255, False), (0, 0, False), (0, 1, True), (0, 1.5, False), (-1, 200, True), (0, 256, True), (3, 4, False)],
)
def test_pictures_of_another_scale_are_told(
    low: float, high: float, warned: bool, caplog: pytest.LogCaptureFixture
) -> None:
    values = np.array([low, high], np.float32).reshape(1, 1, 1, 2)
    picture, plain = (Feature(name, "fp32", (1, 1, 1, 2), image=image) for name, image in (("p", "RGB"), ("x", None)))
    with caplog.at_level(logging.WARNING, "anenas"):
        warn_of_scale((picture, plain), {"p": values, "x": values})
        warn_of_scale((picture,), {})
        warn_of_scale((picture,), {"p": values[..., :0]})
    assert len(caplog.records) == warned
    if warned:
        assert (
            f"the image p has values from {low:.3g} to {high:.3g}" in caplog.text and "multiply by 255" in caplog.text
        )


def described(shape: tuple[Any, ...], kind: str = "TensorType", **options: Any) -> Any:
    return getattr(coremltools(), kind)(name="x0", shape=shape, **options)


@pytest.fixture
def opened(converted: Callable[..., Path]) -> Callable[..., Feature]:
    """The input of a program as its package describes it."""

    def opened(given: Any) -> Feature:
        path = converted(torch.nn.ReLU(), (1, 3, 8, 8), inputs=[given])
        (feature,) = ProgramFile.open(path).inputs
        return feature

    return opened


def test_descriptions_of_flexible_inputs(opened: Callable[..., Feature]) -> None:
    ct = coremltools()
    side, free = ct.RangeDim(4, 16, default=8), ct.RangeDim(2, 9, default=6)
    ranged = opened(described(ct.Shape((1, 3, side, free))))
    assert ranged.limits == ((1, 1), (3, 3), (4, 16), (2, 9))
    assert (ranged.shape, ranged.usual) == ((1, 3, None, None), (1, 3, 8, 6))
    picture = opened(described(ct.Shape((1, 3, side, free)), "ImageType", color_layout=ct.colorlayout.BGR))
    assert (picture.limits, picture.usual, picture.image) == (ranged.limits, ranged.usual, "BGR")
    sizes = ct.EnumeratedShapes([(1, 3, 8, 4), (1, 3, 16, 6)], default=(1, 3, 16, 6))
    for listed in (opened(described(sizes)), opened(described(sizes, "ImageType"))):
        assert set(listed.shapes) == {(1, 3, 8, 4), (1, 3, 16, 6)} and listed.usual == (1, 3, 16, 6)
    assert opened(described((1, 3, 8, 8), dtype=np.float32)).limits == ()


def test_examples_are_of_their_kind_and_size_and_follow_their_seed(
    saved: Callable[..., Path], converted: Callable[..., Path]
) -> None:
    coremltools()
    from coremltools.converters.mil import Builder as mb  # noqa: N813

    def build(image: Any, tokens: Any, h: Any, x: Any, n: Any) -> Any:
        whole = mb.add(x=mb.cast(x=n, dtype="fp32"), y=x)
        return mb.add(x=h, y=1.0, name="h_out"), mb.add(x=image, y=tokens), whole

    shapes = dict.fromkeys(("image", "tokens", "h", "x", "n"), (2, 50))
    file = ProgramFile.open(saved(build, shapes, kinds={"n": "int32"}))
    found, again, other = (example_inputs(file, seed, samples=3) for seed in (4, 4, 5))
    assert list(found) == list(shapes)
    for name, array in found.items():
        assert array.shape == (6, 50) and array.dtype == (np.int32 if name == "n" else np.float32)
        np.testing.assert_array_equal(array, again[name])
        assert np.array_equal(array, other[name]) == (name == "h")
    assert not found["h"].any() and abs(found["x"].mean()) < 0.3 and 0.8 < found["x"].std() < 1.2
    for name, below in (("image", 256), ("tokens", 64), ("n", 10)):
        values = found[name]
        np.testing.assert_array_equal(values, np.rint(values))
        assert values.min() >= 0 and 0.9 * below <= values.max() < below
    assert example_inputs(file)["x"].shape == (2, 50)
    np.testing.assert_array_equal(example_inputs(file)["x"], example_inputs(file, 0, 1)["x"])
    picture = converted(torch.nn.ReLU(), (1, 3, 8, 8), inputs=[described((1, 3, 8, 8), "ImageType")])
    assert 200 < example_inputs(ProgramFile.open(picture))["x0"].max() < 256


def test_an_example_without_a_size_or_of_a_gigabyte_is_refused() -> None:
    class File:
        main = type("Main", (), {"outputs": ()})

        def __init__(self, *usual: int | None) -> None:
            self.inputs = (Feature("x", "fp32", None, usual=usual),)

        def __str__(self) -> str:
            return "m.mlpackage"

    with pytest.raises(AnenasError, match=r"^m.mlpackage: the input x has no fixed shape"):
        example_inputs(File(1, None))  # type: ignore[arg-type]
    with pytest.raises(AnenasError, match=r"^m.mlpackage: the input x has 16384×16385 values, too many"):
        example_inputs(File(2**14, 2**14 + 1))  # type: ignore[arg-type]
