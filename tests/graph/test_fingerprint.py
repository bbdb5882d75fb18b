from __future__ import annotations

import dataclasses

import pytest

from anenas.graph import Graph, Op, Tensor, fingerprint


def graph(prefix: str = "", size: int = 8, stride: int = 1, swapped: bool = False) -> Graph:
    """Two convolutions of one input, added."""
    shape = (1, 16, size, size)
    image, pixels = Tensor(f"{prefix}image", shape, "fp32"), Tensor(f"{prefix}pixels", shape)
    a, b, total = (Tensor(prefix + name, shape) for name in "abc")
    ops = [
        Op(
            out.name,
            "conv",
            (pixels,),
            (out,),
            (Tensor("w", (16, 16, k, k)),),
            {"stride": (stride, stride), "groups": 1},
        )
        for out, k in ((a, 1), (b, 3))
    ]
    cast = Op("cast", "cast", (image,), (pixels,))
    return Graph((image,), (cast, *(ops[::-1] if swapped else ops), Op("add", "add", (a, b), (total,))), (total,))


def test_names_and_the_order_of_independent_operations_do_not_count() -> None:
    assert fingerprint(graph("other.")) == fingerprint(graph())
    assert fingerprint(graph(swapped=True)) == fingerprint(graph())


def test_casts_and_labels_do_not_count() -> None:
    with_cast = graph()
    cast, *ops = with_cast.ops
    fed = [
        dataclasses.replace(op, inputs=tuple(cast.inputs[0] if t == cast.outputs[0] else t for t in op.inputs))
        for op in ops
    ]
    (total,) = with_cast.outputs
    label, probabilities = Tensor("label", (), "string"), Tensor("probabilities", total.shape, "string")
    labelled = (*fed, Op("label", "classify", (total,), (label, probabilities)))
    assert fingerprint(Graph(with_cast.inputs, tuple(fed), (total,))) == fingerprint(with_cast)
    assert fingerprint(Graph(with_cast.inputs, labelled, (label, probabilities))) == fingerprint(with_cast)


@pytest.mark.parametrize(
    "other",
    [
        graph(size=16),
        graph(stride=2),
        dataclasses.replace(graph(), outputs=graph().ops[1].outputs),
        dataclasses.replace(graph(), ops=(*graph().ops[:-1], dataclasses.replace(graph().ops[-1], kind="sub"))),
        dataclasses.replace(
            graph(),
            ops=(*graph().ops[:-1], dataclasses.replace(graph().ops[-1], inputs=graph().ops[-1].inputs[::-1])),
        ),
    ],
    ids=["shape", "attribute", "output", "kind", "wiring"],
)
def test_what_changes_the_computation_changes_the_fingerprint(other: Graph) -> None:
    assert fingerprint(other) != fingerprint(graph())


def test_it_stays_what_earlier_recordings_hold() -> None:
    assert fingerprint(graph()).startswith("0fd776695cd11d58")
