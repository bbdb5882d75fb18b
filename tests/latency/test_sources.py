"""Every latency source answers the same protocol, and says where its answer comes from."""

from __future__ import annotations

import dataclasses
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import anenas
from anenas._errors import AnenasError
from anenas.ane import Chip, get_chip, placement, program_cost
from anenas.graph import Graph, Op, Tensor
from anenas.latency import (
    CalibratedLatency,
    CostLatencySource,
    FunctionLatency,
    Latency,
    LatencySource,
    OwnDevice,
    TableLatency,
    Target,
    get_latency_source,
    latency_sources,
    operation_key,
    profile,
)
from anenas.measure import DeviceLatency, RecordedLatency

A15 = get_chip("A15")
x, y = Tensor("x", (1, 16, 32, 32)), Tensor("y", (1, 16, 32, 32))
conv = Op("c", "conv", (x,), (y,), (Tensor("w", (16, 16, 3, 3)),), {"groups": 1, "stride": (1, 1)})
relu = Op("r", "relu", (y,), (y,))
graph = Graph((x,), (conv, relu), (y,))
KEYS = ["conv 1x16x32x32 > 1x16x32x32 16x16x3x3 groups=1 stride=1x1", "relu 1x16x32x32 > 1x16x32x32"]


class Shelf:
    """What a user writes: as the docstring of `LatencySource` has it."""

    name, version = "shelf", "1"

    def latency(self, graph: Graph, chip: Chip, package: Path | None = None) -> Latency:
        ms = 0.2 + graph.macs / 2e9
        return anenas.Latency(ms, 0.8 * ms, 1.25 * ms, chip.name, self.name, self.version)


def table(folder: Path, *rows: str, columns: str = "operation,chip,us") -> Path:
    path = folder / "operations.csv"
    path.write_text("\n".join([columns, *rows]) + "\n")
    return path


def whole_table(folder: Path) -> Path:
    return table(folder, "prediction,A15,150", *(f"{key},a15,{us}" for key, us in zip(KEYS, (70, 1), strict=True)))


def milliseconds(graph: Graph, chip: Chip) -> float:
    return 1.0 + graph.macs / 1e9


Make = Callable[[Path], LatencySource]
SOURCES: dict[str, Make] = {
    "calibrated": lambda _: CalibratedLatency(),
    "own device": lambda _: CalibratedLatency(OwnDevice("mine", "A15", CalibratedLatency.model, 1.5, 2.0, 1.25, 7)),
    "recordings": lambda _: RecordedLatency([]),
    "device": lambda _: DeviceLatency(),
    "function": lambda _: FunctionLatency(milliseconds, name="mine", version="2"),
    "table": lambda folder: TableLatency.read(whole_table(folder)),
    "class": lambda _: Shelf(),
}


@pytest.mark.parametrize("make", SOURCES.values(), ids=SOURCES)
def test_a_source_answers_the_protocol_and_travels(make: Make, tmp_path: Path) -> None:
    source = make(tmp_path)
    assert isinstance(source, LatencySource)
    assert source.name and source.version
    there = pickle.loads(pickle.dumps(Target("A15", A15, source)))
    assert there.origin == f"{source.name}-{source.version}"
    if source.name in ("recordings", "device"):  # which know nothing yet
        with pytest.raises(AnenasError):
            source.latency(graph, A15)
        return
    latency = source.latency(graph, A15)
    assert there.latency(graph) == latency
    assert (latency.chip, latency.source, latency.version) == ("A15", source.name, source.version)
    assert 0 < latency.low_ms <= latency.ms <= latency.high_ms


@pytest.mark.parametrize("make", SOURCES.values(), ids=SOURCES)
def test_a_graph_is_only_asked_for_where_the_cost_does_not_do(make: Make, tmp_path: Path) -> None:
    source = make(tmp_path)
    asked = []

    def program() -> Graph:
        asked.append(graph)
        return graph

    target = Target("A15", A15, source)
    if isinstance(source, RecordedLatency):
        with pytest.raises(AnenasError):
            target.estimate(program_cost(graph, A15), program)
    elif not isinstance(source, DeviceLatency):
        assert target.estimate(program_cost(graph, A15), program) == source.latency(graph, A15)
    else:
        assert target.estimate(program_cost(graph, A15), program) == CalibratedLatency().latency(graph, A15)
    assert bool(asked) != isinstance(source, CostLatencySource)


def interval(low_ms: float, ms: float, high_ms: float, apart: float = 1.0, measured: bool = False) -> Latency:
    return Latency(ms, low_ms, high_ms, "A15", "mine", apart=apart, samples_ms=(ms,) if measured else ())


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        # Estimates, by their ratio alone
        (interval(1, 2, 3, 1.2), interval(1, 2.3, 3, 1.2), False),
        (interval(1, 2, 3, 1.2), interval(1, 2.5, 3, 1.2), True),
        (interval(1, 2, 3, 1.25), interval(1, 2.5, 3, 1.25), True),
        (interval(1, 2, 3, 1.2), interval(1, 2.5, 3, 1.5), False),  # the one that is known less well
        (interval(2, 2, 2), interval(2, 2, 2), True),  # sources that claim to be exact
        # Measurements, by their intervals alone
        (interval(1, 2, 3, 9, True), interval(3.5, 4, 5, 9, True), True),
        (interval(1, 2, 3, 1, True), interval(3, 4, 5, 1, True), False),
        (interval(1, 2, 3, 1, True), interval(2, 4, 5, 1), False),
        (interval(1, 2, 3, 9, True), interval(4, 8, 16, 9), True),
    ],
)
def test_latencies_are_told_apart_by_what_is_known_of_both(first: Latency, second: Latency, expected: bool) -> None:
    assert first.told_apart(second) is second.told_apart(first) is expected


@pytest.mark.parametrize("device", [None, "my-phone"])
def test_a_stored_latency_is_read_again(device: str | None) -> None:
    latency = Latency(1.5, 1.25, 2.0, "A15", "calibrated", "3.2f43", device, 1.2, 0.5, (1.25, 1.5, 2.0))
    assert Latency.from_dict(json.loads(json.dumps(dataclasses.asdict(latency)))) == latency


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("calibrated-3.2f43", ("calibrated", "3.2f43", None)),
        ("calibrated-3.2f43 for my-phone", ("calibrated", "3.2f43 for my-phone", "my-phone")),
        ("table", ("table", "", None)),
    ],
)
def test_a_latency_of_an_earlier_version_is_read(source: str, expected: tuple[object, ...]) -> None:
    stored = {"ms": 1.5, "low_ms": 1.25, "high_ms": 2.0, "source": source, "chip": "A15"}
    latency = Latency.from_dict(stored)
    assert (latency.source, latency.version, latency.device) == expected
    assert (latency.ms, latency.low_ms, latency.high_ms, latency.chip) == (1.5, 1.25, 2.0, "A15")
    assert latency.origin == source
    assert (latency.apart, latency.fixed_ms, latency.samples_ms) == (1.0, 0.0, ())
    assert Latency.from_dict(dataclasses.asdict(latency)) == latency


@pytest.mark.parametrize(
    ("answer", "expected"), [(2, (2, 2, 2)), (0.5, (0.5, 0.5, 0.5)), ((2.0, 1.0, 3.0), (2.0, 1.0, 3.0))]
)
def test_a_function_gives_milliseconds_with_or_without_an_interval(answer: Any, expected: tuple[float, ...]) -> None:
    latency = FunctionLatency(lambda graph, chip: answer, name="mine", version="1").latency(graph, A15)
    assert (latency.ms, latency.low_ms, latency.high_ms) == expected


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (None, "mine does not know the latency of this program on A15"),
        (-1.0, "mine returned -1.0; expected milliseconds"),
        (float("nan"), "mine returned nan"),
        ("fast", "mine returned 'fast'"),
        ((1.0, 2.0), r"mine returned \(1.0, 2.0\)"),
        ((1.0, 2.0, 3.0), r"mine returned \(1.0, 2.0, 3.0\)"),
    ],
)
def test_a_function_that_cannot_tell_is_one_clear_line(answer: Any, message: str) -> None:
    with pytest.raises(AnenasError, match=f"^{message}"):
        FunctionLatency(lambda graph, chip: answer, name="mine", version="1").latency(graph, A15)


def test_a_table_is_added_up(tmp_path: Path) -> None:
    assert [operation_key(op) for op in graph.ops] == KEYS
    latency = TableLatency.read(whole_table(tmp_path)).latency(graph, A15)
    assert (latency.ms, latency.low_ms, latency.high_ms) == pytest.approx((0.221, 0.221, 0.221))
    rows = ["prediction,A15,150,140,160", f"{KEYS[0]},A15,70,60,90", f"{KEYS[1]},A15,1,,"]
    bounded = TableLatency.read(table(tmp_path, *rows, columns="operation,chip,us,low_us,high_us"))
    latency = bounded.latency(graph, A15)
    assert (latency.ms, latency.low_ms, latency.high_ms) == pytest.approx((0.221, 0.201, 0.251))


def test_a_table_as_a_spreadsheet_writes_it_is_the_same_table(tmp_path: Path) -> None:
    expected = TableLatency.read(whole_table(tmp_path)).latency(graph, A15)
    path = whole_table(tmp_path)
    rows = path.read_text().replace(",70", ",70.5").splitlines()
    text = "\r\n".join(row.replace(",", ";").replace(".", ",") for row in rows) + "\r\n;;\r\n"
    path.write_text(text, encoding="utf-16", newline="")
    found = TableLatency.read(path).latency(graph, A15)
    assert found.ms == pytest.approx(expected.ms + 0.0005) and found.fixed_ms == 0.15


@pytest.mark.parametrize(
    ("factor", "unit"),
    [(1 / 900, "milli"), (1 / 33, "milli"), (1 / 30, ""), (1, ""), (30, ""), (33, "nano"), (900, "nano")],
)
def test_a_sum_nearer_to_another_unit_than_to_what_is_estimated_is_asked_about_once_a_chip(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, factor: float, unit: str
) -> None:
    x, y = (Tensor(name, (1, 512, 32, 32)) for name in "xy")  # by far more than the fixed cost
    op = Op("c", "conv", (x,), (y,), (Tensor("w", (512, 512, 3, 3)),), {"groups": 1, "stride": (1, 1)})
    heavy, expected = Graph((x,), (op,), (y,)), {}
    for chip in ("A15", "M2"):
        expected[chip] = factor * CalibratedLatency().latency(heavy, get_chip(chip)).ms
    keys = ["prediction", operation_key(op)]
    rows = [f"{key},{chip},{1000 * ms / len(keys)!r}" for key in keys for chip, ms in expected.items()]
    source = TableLatency.read(table(tmp_path, *rows))
    for chip in 2 * ("A15", "M2"):
        assert source.latency(heavy, get_chip(chip)).ms == pytest.approx(expected[chip])
    asked = [f"on {chip} according to the table, but" for chip in ("A15", "M2") if unit]
    assert len(caplog.messages) == len(asked)
    for message, where in zip(caplog.messages, asked, strict=True):
        assert where in message and message.endswith(f"is us in {unit}seconds? Give microseconds")


def test_a_table_of_a_profile_comes_to_the_profile(tmp_path: Path) -> None:
    """The keys that a profile prints are those of a table, and casts need no row."""
    cast = Op("cast", "cast", (Tensor("image", x.shape, "fp32"),), (x,))
    program = Graph(cast.inputs, (cast, *graph.ops), graph.outputs)
    told = profile("mine", program, Target.named("A15")).to_dict()
    rows = [f"prediction,A15,{told['fixed_us']}"]
    rows += [f"{op['key']},A15,{op['us']}" for op in told["ops"] if op["kind"] != "cast"]
    latency = TableLatency.read(table(tmp_path, *rows)).latency(program, A15)
    assert latency.ms == pytest.approx(told["latency_ms"] - told["ops"][0]["us"] / 1000)
    assert all(one.us > 0 for one in placement(program, A15)[:2])


def test_compressed_weights_have_a_key_of_their_own() -> None:
    from anenas.graph import compressed, get_weight_format

    heavy = dataclasses.replace(conv, weights=(Tensor("w", (64, 64, 3, 3)),))
    (op,) = compressed(Graph((x,), (heavy,), (y,)), get_weight_format("palette4")).ops
    assert operation_key(op).split()[4] == "64x64x3x3:palette4"


def test_what_a_table_does_not_hold_is_named(tmp_path: Path) -> None:
    source = TableLatency.read(whole_table(tmp_path))
    other = Graph((x,), (dataclasses.replace(relu, kind="gelu"), dataclasses.replace(relu, kind="silu"), relu), (y,))
    missing = r"operations\.csv has no row for 'gelu 1x16x32x32 > 1x16x32x32' on A15, nor for 1 other operations$"
    with pytest.raises(AnenasError, match=missing):
        source.latency(other, A15)
    with pytest.raises(AnenasError, match="has no row for 'prediction' on M2"):
        source.latency(graph, get_chip("M2"))


@pytest.mark.parametrize(
    ("rows", "columns", "message"),
    [
        ([], "operation,soc,us", "no column chip; expected operation, chip, us"),
        (["relu,A15,fast"], "operation,chip,us", "row 2: us is 'fast'; expected a finite number"),
        (["relu,A15"], "operation,chip,us", "row 2: 2 columns, but the header has 3"),
        (["relu,A15,1", "relu,A51,1"], "operation,chip,us", "row 3: unknown chip or device 'A51'"),
        (["relu,A15,1", "relu,a15,2"], "operation,chip,us", "row 3: relu on A15 appears twice"),
        (["relu,A15,-1"], "operation,chip,us", "row 2: expected 0 ≤ low_us ≤ us ≤ high_us, got -1, -1 and -1"),
        (["relu,A15,2,3"], "operation,chip,us,low_us", "row 2: expected 0 ≤ low_us ≤ us ≤ high_us, got 3, 2 and 2"),
        (["relu,A15,nan"], "operation,chip,us", "row 2: expected 0"),
    ],
)
def test_a_table_that_is_none_says_so(tmp_path: Path, rows: list[str], columns: str, message: str) -> None:
    with pytest.raises(AnenasError, match=message):
        TableLatency.read(table(tmp_path, *rows, columns=columns))


def test_a_table_that_changes_has_another_version(tmp_path: Path) -> None:
    before = TableLatency.read(whole_table(tmp_path)).version
    assert TableLatency.read(whole_table(tmp_path)).version == before
    assert TableLatency.read(table(tmp_path, "prediction,A15,1")).version != before


def test_a_table_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    with pytest.raises(AnenasError, match="cannot read"):
        TableLatency.read(tmp_path / "nothing.csv")
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(AnenasError, match="is not UTF-16 text"):
        TableLatency.read(tmp_path / "binary.csv")


def test_a_source_is_had_by_its_name(tmp_path: Path) -> None:
    assert {"calibrated", "device", "recordings", "table"} <= set(latency_sources)
    assert get_latency_source("calibrated").version == CalibratedLatency().version
    assert get_latency_source(f"table:{whole_table(tmp_path)}").latency(graph, A15).ms == pytest.approx(0.221)


def test_a_plugin_makes_a_source_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anenas.latency_source, "_entries", dict(anenas.latency_source._entries))
    anenas.latency_source("shelf")(Shelf)
    target = Target.named("A15", get_latency_source("shelf"))
    assert target.latency(graph).source == "shelf"
    told = profile("mine", graph, target)
    assert (told.latency.source, told.calibrated.source) == ("shelf", "calibrated")
    assert sum(one.us for one in told.placed) + told.fixed_us == pytest.approx(1000 * told.calibrated.ms)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("calibratd", "unknown latency source 'calibratd'; did you mean calibrated"),
        ("calibrated:x", "latency source 'calibrated:x': expected 'calibrated' alone"),
        ("table", "latency source 'table': expected 'table:' and an argument"),
        ("table:nowhere.csv", "cannot read 'nowhere.csv'"),
        ("recordings:nowhere", "cannot read the recording nowhere"),
    ],
)
def test_a_source_that_cannot_be_had_is_one_clear_line(text: str, message: str) -> None:
    with pytest.raises(AnenasError, match=message):
        get_latency_source(text)


def test_only_the_calibrated_model_is_adapted_to_an_own_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANENAS_HOME", str(tmp_path))
    OwnDevice("mine", "A15", CalibratedLatency.model, 1.5, 2.0, 1.25, 7).save()
    for source in (None, CalibratedLatency()):
        latency = Target.named("mine", source).latency(graph)
        assert (latency.source, latency.device, latency.chip) == ("calibrated", "mine", "A15")
    latency = Target.named("mine", Shelf()).latency(graph)
    assert (latency.source, latency.device, latency.chip) == ("shelf", None, "A15")
