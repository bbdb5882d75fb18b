from __future__ import annotations

import pytest
from rule_cases import Case, beside, changed, finds, found, of, one, small, tensor, told

from anenas.graph import Graph

FACTORS = (("depth_to_space", "block_size"), ("space_to_depth", "block_size"), ("pixel_shuffle", "upscale_factor"))
LOOK_UPS = ("gather", "gather_along_axis", "gather_nd")
SLICES = ("slice_by_index", "slice_by_size")
SOUGHT = ("reduce_argmax", "reduce_argmin")
STATES = ("read_state", "write_state", "coreml_update_state")


def written(graph: Graph, dtype: str) -> Graph:
    """The same program of one operation with a result of another type."""
    return changed(graph, outputs=(tensor("y", (1, 16, 8, 8), dtype),))


CASES: dict[str, list[Case]] = {
    "pad-mode": [
        Case(of("pad", pad=(0, 0, 0, 0, 1, 1, 1, 1), constant=1, constant_val=1), of("pad", constant=1)),
        Case(of("pad", constant_val=1), of("fill", constant_val=1)),
        Case(of("pad", reflect=1), of("pad", replicate=1), "M1"),
        Case(of("pad", reflect=1), of("conv", reflect=1), "A14"),
        Case(of("pad", constant_val=1), of("pad", reflect=1), "A15"),
    ],
    "factor": [
        *[Case(of(kind, **{name: size}), of(kind, **{name: 4})) for kind, name in FACTORS for size in (0, 5, 7, 9)],
        *[Case(of(kind, **{name: 6}), of(kind, **{name: size})) for kind, name in FACTORS for size in (1, 2, 3, 8)],
        *[Case(of(kind, **{name: 5}), of(kind)) for kind, name in FACTORS],
        Case(of("tile", reps=(1, 1, 5, 1)), of("tile", reps=(1, 1, 2, 8))),
        Case(of("tile", reps=(1, 1, 1, 16)), of("tile", reps=(1, 1, 3, 1))),
        Case(of("tile", reps=(2, 5)), of("tile", block_size=5, upscale_factor=5)),
        Case(of("tile", reps=5), of("pixel_unshuffle", downscale_factor=5, reps=5)),
    ],
    "computed-indices": [
        *[Case(of(kind, computed_indices=1), of(kind)) for kind in LOOK_UPS],
        *[Case(of(kind, computed_begin=1), of(kind)) for kind in SLICES],
    ],
    "argmax-axis": [
        *[Case(of(kind, (1, 2049), (1,), axis=-1), of(kind, (2049, 2048), (1,), axis=1)) for kind in SOUGHT],
        *[Case(of(kind, (2049, 1), axis=0), of(kind, (2048, 1), axis=0)) for kind in SOUGHT],
        *[Case(of(kind, (2049, 1), axis=-2), of(kind, (1, 2049), axis=-2)) for kind in SOUGHT],
        # Without an axis, the last.
        *[Case(of(kind, (1, 2049)), of(kind, (2049, 1))) for kind in SOUGHT],
        # An axis that there is not.
        *[Case(of(kind, (2049, 1), axis=-2), of(kind, (2049,), axis=-2)) for kind in SOUGHT],
        *[Case(of(kind, (1, 2049), axis=1), of(kind, (2049,), axis=1)) for kind in SOUGHT],
        Case(of("reduce_argmax", (2049,), axis=0), of("reduce_argmax", (2049,), axis=(0,))),
        Case(of("reduce_argmax", (2049,)), of("reduce_max", (2049,))),
        Case(of("reduce_argmax", (2049,)), of("reduce_argmax", ())),
        Case(of("reduce_argmax", (2049,)), changed(of("reduce_argmax", (2049,)), inputs=())),
    ],
    "linear-rank": [
        Case(one("linear", (1, 2, 2, 2, 4)), one("linear", (2, 2, 2, 4))),
        Case(one("linear", (1, 1, 2, 2, 2, 4), (4,)), one("linear", (4,), (1, 2, 2, 2, 4))),
        Case(one("linear", (1, 2, 2, 2, 4)), one("relu", (1, 2, 2, 2, 4))),
        Case(one("linear", (1, 2, 2, 2, 4)), changed(one("linear", (1, 2, 2, 2, 4)), inputs=())),
    ],
    "space-to-batch": [
        Case(of("space_to_batch", block_shape=(2,)), of("space_to_batch", block_shape=(2, 2))),
        Case(of("space_to_batch", block_shape=(2, 2, 2)), of("space_to_batch")),
        Case(of("space_to_batch", block_shape=2), of("batch_to_space", block_shape=(2,))),
    ],
    "state": [
        *[Case(one(kind, dtype="fp32"), one(kind)) for kind in STATES],
        *[Case(one(kind), small, "A15@ios17") for kind in STATES],
        *[Case(written(one(kind), "fp32"), written(one(kind), "fp16")) for kind in STATES],
        Case(one("read_state", dtype="int8"), one("relu", dtype="fp32"), "A15@ios18"),
        Case(one("read_state", dtype="fp32"), one("read_state"), "A15@ios18"),
    ],
}

SAYS = [
    (
        "pad-mode",
        of("pad", constant_val=1),
        "A15",
        "error op: pads with a constant other than zero; pad with zeros, after subtracting the constant",
    ),
    (
        "pad-mode",
        of("pad", constant_val=1, reflect=1),
        "M1",
        "error op: pads with a constant other than zero; pad with zeros, after subtracting the constant",
    ),
    (
        "pad-mode",
        of("pad", reflect=1),
        "M1",
        "error op: pads by reflection, which M1 does not; pad with zeros or by replication",
    ),
    (
        "factor",
        of("tile", reps=(2, 1, 6, 5)),
        "A15",
        "error op: tile by 6, the engine takes 2, 3, 4, 8; use several of these one after the other",
    ),
    (
        "computed-indices",
        of("gather_nd", computed_indices=1),
        "A15",
        "error op: gather_nd with computed indices; look it up before or after the program",
    ),
    (
        "computed-indices",
        of("slice_by_size", computed_begin=1),
        "A15",
        "error op: slice_by_size with a computed begin; slice before or after the program",
    ),
    (
        "argmax-axis",
        of("reduce_argmin", (3, 2500, 7), axis=1),
        "A15",
        "error op: reduce_argmin over 2,500, the engine takes 2,048; do it after the program",
    ),
    (
        "linear-rank",
        one("linear", (1, 1, 1, 1, 1, 4)),
        "A15",
        "error op: linear on 6 axes; merge axes with a reshape before it",
    ),
    (
        "space-to-batch",
        of("space_to_batch", block_shape=(2, 2, 2)),
        "A15",
        "error op: space_to_batch of 3 axes, the engine takes two; use two spatial axes",
    ),
    ("state", written(one("read_state"), "fp32"), "A15", "error op: a state of fp32; keep it in fp16"),
    ("state", one("read_state", dtype="int8"), "A15@ios17", "error op: a state of int8; keep it in fp16"),
    (
        "state",
        one("write_state"),
        "M2@macos14",
        "error op: a state needs iOS 18, and this is M2@ios17; estimate for a newer system",
    ),
]


test_a_rule_finds_what_breaks_it_and_nothing_else = finds(CASES)


@pytest.mark.parametrize(("rule", "graph", "chip", "said"), SAYS)
def test_what_a_rule_says_of_a_program(rule: str, graph: Graph, chip: str, said: str) -> None:
    assert told(rule, graph, chip) == [said]


@pytest.mark.parametrize("rule", CASES)
def test_an_operation_is_told_by_its_name(rule: str) -> None:
    case = CASES[rule][0]
    graph = beside(case.kept, case.broken, small, case.broken)
    assert [finding.op for finding in found(rule, graph, case.chip)] == ["op1", "op3"]
