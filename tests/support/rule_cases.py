"""Small programs for rules to judge, and what a rule finds in them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import pytest

from anenas.ane import Finding, get_chip, rules
from anenas.graph import Flexible, Graph, Op, Tensor

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Case:
    """A graph that breaks a rule, a graph that keeps it, and the chip that they are for."""

    broken: Graph
    kept: Graph
    chip: str = "A15"


def each(cases: Mapping[str, Iterable[Case]]) -> pytest.MarkDecorator:
    """A test for each case of each rule."""
    known = [pytest.param(rule, case, id=f"{rule}-{i}") for rule in cases for i, case in enumerate(cases[rule])]
    return pytest.mark.parametrize(("rule", "case"), known)


def found(rule: str, graph: Graph, chip: str = "A15") -> list[Finding]:
    """What a rule says of a program."""
    [asked] = [one for one in rules() if one.id == rule]
    return list(asked.find(graph, get_chip(chip)))


def told(rule: str, graph: Graph, chip: str = "A15") -> list[str]:
    """The same in words: severity, operation, what is wrong and how to fix it."""
    return [f"{one.severity}{one.op and f' {one.op}'}: {one.message}; {one.fix}" for one in found(rule, graph, chip)]


def finds(cases: Mapping[str, Iterable[Case]]) -> Callable[[str, Case], None]:
    """The test that each rule finds what breaks it, and nothing in what keeps it."""

    @each(cases)
    def test(rule: str, case: Case) -> None:
        assert found(rule, case.broken, case.chip), "what breaks it is not found"
        assert not found(rule, case.kept, case.chip), "something is found in what keeps it"

    return test


def says(rows: Iterable[tuple[str, Graph, str]]) -> Callable[[str, Graph, str], None]:
    """The test of what a rule says of a program, in all words."""

    @pytest.mark.parametrize(("rule", "graph", "said"), rows)
    def test(rule: str, graph: Graph, said: str) -> None:
        assert told(rule, graph) == [said], told(rule, graph)

    return test


def tensor(name: str, shape: Shape, dtype: str = "fp16") -> Tensor:
    return Tensor(name, shape, dtype)


def one(
    kind: str,
    into: Shape = (1, 16, 8, 8),
    out: Shape | None = None,
    weight: Shape | None = None,
    dtype: str = "fp16",
    **attributes: int | Shape,
) -> Graph:
    """A program of one operation, named "op"."""
    x, y = tensor("x", into, dtype), tensor("y", into if out is None else out, dtype)
    weights = (tensor("w", weight),) if weight else ()
    return Graph((x,), (Op("op", kind, (x,), (y,), weights, attributes),), (y,))


def of(
    kind: str,
    into: Shape = (1, 16, 8, 8),
    out: Shape | None = None,
    dtype: str = "fp16",
    kernel: Shape = (),
    **settings: int | Shape,
) -> Graph:
    """A program of one operation with settings, named "op"."""
    (op,) = one(kind, into, out, dtype=dtype).ops
    attributes = {"kernel": kernel, "stride": kernel} if kernel else {}
    op = dataclasses.replace(op, settings=settings, attributes=attributes)
    return Graph(op.inputs, (op,), op.outputs)


def conv(
    kernel: Shape = (3, 3), into: int = 16, out: int = 16, size: Shape = (8, 8), **attributes: int | Shape
) -> Graph:
    groups = attributes.get("groups", 1)
    assert isinstance(groups, int)
    return one("conv", (1, into, *size), (1, out, *size), (out, into // groups, *kernel), **attributes)


def series(kernel: int, into: int, out: int, **attributes: int | Shape) -> Graph:
    """A convolution along 32 steps, whose filters have an axis less than those of images."""
    groups = attributes.get("groups", 1)
    assert isinstance(groups, int)
    return one("conv", (1, into, 32), (1, out, 32), (out, into // groups, kernel), **attributes)


def linear(into: int, out: int) -> Graph:
    return one("linear", (1, into), (1, out), (out, into))


def flexible(graph: Graph, shapes: int) -> Graph:
    """The same program with a first input that takes so many shapes."""
    return dataclasses.replace(graph, flexible=(Flexible(graph.inputs[0].name, shapes),))


def changed(graph: Graph, **fields: object) -> Graph:
    """The same program of one operation with other fields of that."""
    [op] = graph.ops
    return dataclasses.replace(graph, ops=(dataclasses.replace(op, **fields),))  # type: ignore[arg-type]


def row(*kinds: str) -> Graph:
    """Operations one after the other, each on the result of the one before."""
    x = tensor("x", (1, 16, 8, 8))
    ops: list[Op] = []
    for i, kind in enumerate(kinds):
        weights = (tensor(f"w{i}", (16, 16, 1, 1)),) if kind == "conv" else ()
        ops.append(Op(f"op{i}", kind, (ops[-1].outputs[0] if ops else x,), (tensor(f"t{i}", x.shape),), weights))
    return Graph((x,), tuple(ops), ops[-1].outputs)


def beside(*graphs: Graph) -> Graph:
    """One program of several; their operations are numbered."""
    ops = tuple(op for graph in graphs for op in graph.ops)
    ops = tuple(dataclasses.replace(op, name=f"op{i}") for i, op in enumerate(ops))
    return Graph(sum((graph.inputs for graph in graphs), ()), ops, sum((graph.outputs for graph in graphs), ()))


def inputs(*tensors: Tensor) -> Graph:
    return Graph(tensors, (), ())


def product(length: int) -> Graph:
    """Scores of attention between so many positions, in 4 heads of 16."""
    q, k = tensor("q", (1, 4, length, 16)), tensor("k", (1, 4, 16, length))
    y = tensor("y", (1, 4, length, length))
    return Graph((q, k), (Op("op", "matmul", (q, k), (y,)),), (y,))


small = one("relu")
