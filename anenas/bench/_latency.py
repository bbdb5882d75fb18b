"""Estimates scored against a table of published latencies."""

from __future__ import annotations

import collections
import functools
import logging
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from anenas._errors import AnenasError
from anenas.ane import Chip, get_chip
from anenas.graph import Graph, WeightFormat, get_weight_format
from anenas.graph import compressed as compress
from anenas.latency import CalibratedLatency, Latency, LatencySource
from anenas.models import load_graph
from anenas.tables import Numbers, columns_of_table

_log = logging.getLogger(__name__)

_COLUMNS = ("timm_name", "input_res", "soc", "latency_ms")
_BEYOND = math.sqrt(1000)
# Words in the precision of a compressed program.
_COMPRESSED = re.compile(r"palett|sparse|prun|\bW\d|int[48]|quanti|[1-8]-bit", re.IGNORECASE)


@dataclass(frozen=True)
class PublishedLatency:
    """A row of a table that an estimate can be compared with.

    Attributes:
        row: As read from the table.
        set: The group of rows that it may be compared with.
        chip: The chip it was measured on.
        graph: The program.
        ms: The published latency.
        number: Of the row in the table, the header being row 1.
    """

    row: dict[str, str]
    set: str
    chip: Chip
    graph: Graph
    ms: float
    number: int = 0


def read_published(
    table: Path, chip_named: Callable[[str], Chip] = get_chip, *, digitised: bool = False, compressed: bool = False
) -> tuple[list[PublishedLatency], dict[str, int]]:
    """The rows of a table that count, and the number of skipped ones by reason.

    Args:
        table: A CSV file, as any spreadsheet writes one. An optional column `model_spec` names models as `load_graph`
            does, packages relative to the table; an optional column `os` the system, such as "ios16".
        chip_named: Returns the chip that the column `soc` names, with the system behind an @ where there is one.
        digitised: Whether rows that were read off a figure count.
        compressed: Whether rows of compressed programs count, with the uncompressed program, instead of the others.

    Raises:
        AnenasError: If the table cannot be read or lacks a column.
    """
    columns, numbers = columns_of_table(table)
    if missing := [column for column in _COLUMNS if column not in columns]:
        raise AnenasError(f"'{table}': no column {', '.join(missing)}; expected {', '.join(_COLUMNS)}")
    measured = Numbers(table).read({"latency_ms": columns["latency_ms"]}, numbers, otherwise=math.nan)[:, 0].tolist()
    graph_of = functools.cache(load_graph)
    published, skipped = [], collections.Counter[str]()
    for number, ms, cells in zip(numbers, measured, zip(*columns.values(), strict=True), strict=True):
        row = dict(zip(columns, cells, strict=True))
        try:
            published.append(_published(row, number, ms, table.parent, graph_of, chip_named, digitised, compressed))
        except _SkippedError as reason:
            skipped[str(reason)] += 1
    return published, dict(skipped.most_common())


class _SkippedError(Exception):
    """Why a row does not count."""


def _published(
    row: dict[str, str],
    number: int,
    ms: float,
    folder: Path,
    graph_of: Callable[[str], Graph],
    chip_named: Callable[[str], Chip],
    digitised: bool,
    compressed: bool,
) -> PublishedLatency:
    size = row["input_res"].casefold().partition("x")[0]
    model = row.get("model_spec") or (f"timm:{row['timm_name']}@{size}" if row["timm_name"] else "")
    if model.endswith(".mlpackage"):
        model = str(folder / model)
    if not model:
        raise _SkippedError("no timm name")
    if is_true(row, "off_ane_suspected"):
        raise _SkippedError("suspected off the engine")
    if is_true(row, "digitised") and not digitised:
        raise _SkippedError("digitised")
    if bool(_COMPRESSED.search(row.get("precision", ""))) != compressed:
        raise _SkippedError("plain" if compressed else "compressed")
    try:
        chip = chip_named("@".join(filter(None, (row["soc"], row.get("os")))))
    except AnenasError:
        raise _SkippedError("unknown chip or system") from None
    if not (math.isfinite(ms) and ms > 0):
        raise _SkippedError("no latency")
    if not row.get("model_spec") and not size.isdecimal():
        raise _SkippedError("no resolution")
    try:
        graph = graph_of(model)
    except Exception:  # whatever the model's own code raises
        raise _SkippedError("unknown model, or it does not run at this resolution") from None
    return PublishedLatency(row, row.get("set", ""), chip, graph, ms, number)


def beyond_belief(published: Sequence[PublishedLatency], estimated_ms: Sequence[float]) -> tuple[list[int], str]:
    """Latencies that are nearer to a thousandth of what was estimated than to it, or to a thousand times as much.

    Returns:
        Their places, and a question about them; empty where there are none.
    """
    ratios = [row.ms / ms for row, ms in zip(published, estimated_ms, strict=True)]
    odd = [i for i, ratio in enumerate(ratios) if not 1 / _BEYOND < ratio < _BEYOND]
    if not odd:
        return [], ""
    first = published[odd[0]]
    unit = "seconds" if ratios[odd[0]] < 1 else "microseconds"
    return odd, (
        f"row {first.number}: latency_ms is {first.ms:g}, where {estimated_ms[odd[0]]:.3g} is estimated; {len(odd)} of "
        f"{len(published)} rows are as far off: {unit}? Give milliseconds"
    )


def is_true(row: dict[str, str], column: str) -> bool:
    return row.get(column, "").casefold() in ("true", "1", "yes")


def score(published: Sequence[PublishedLatency], estimates: Sequence[Latency]) -> dict[str, float | int | None]:
    """Scores of estimates; a rank correlation is None with fewer than three rows or equal values."""
    truth = np.array([p.ms for p in published])
    ms = np.array([e.ms for e in estimates])
    error = np.abs(ms / truth - 1)
    inside = [e.low_ms <= p.ms <= e.high_ms for p, e in zip(published, estimates, strict=True)]
    return {
        "n": len(truth),
        "spearman": _spearman(ms, truth),
        "spearman_macs": _spearman(np.array([p.graph.macs for p in published], dtype=float), truth),
        "median_error": float(np.median(error)),
        "within_10": float(np.mean(error <= 0.1)),
        "within_25": float(np.mean(error <= 0.25)),
        "coverage": float(np.mean(inside)),
    }


def bench_latency(table: Path, source: LatencySource | None = None) -> dict[str, object]:
    """Scores of a latency source on each set of a table, as `anenas bench latency --json` prints them.

    Args:
        table: See `read_published`.
        source: The source to score; None is the calibrated model.

    Raises:
        AnenasError: If the table cannot be read or lacks a column, or the source has no answer.
    """
    source = source or CalibratedLatency()
    published, skipped = read_published(table)
    sets: dict[tuple[str, str], list[PublishedLatency]] = collections.defaultdict(list)
    for row in published:
        sets[row.set, row.chip.name].append(row)
    scored: list[dict[str, object]] = []
    for (name, soc), rows in sorted(sets.items()):
        estimates = [source.latency(row.graph, row.chip) for row in rows]
        _, question = beyond_belief(rows, [estimate.ms for estimate in estimates])
        if question:
            _log.warning(f"'{table}', {question}")
        scored.append({"set": name, "soc": soc, **score(rows, estimates)})
    return {"sets": scored, "skipped": skipped, "compression": _bench_compression(published, table, source)}


def _bench_compression(
    plain: Sequence[PublishedLatency], table: Path, source: LatencySource
) -> list[dict[str, object]]:
    """Published and predicted speedups of compressed programs.

    Args:
        plain: The rows of the table that are not compressed.
        table: With models both plain and compressed, on one chip and in one set.
        source: Of the estimates.
    """
    uncompressed: dict[tuple[str, ...], PublishedLatency] = {}
    for row in plain:
        uncompressed.setdefault(_place(row), row)
    found: list[dict[str, object]] = []
    for row in read_published(table, compressed=True)[0]:
        form, before = parse_form(row.row.get("precision", "")), uncompressed.get(_place(row))
        if form is None or before is None:
            continue
        after = source.latency(compress(row.graph, form), row.chip).ms
        found.append(
            {
                "model": row.row.get("model") or _place(row)[0],
                "soc": row.chip.name,
                "set": row.set,
                "form": form.name,
                "published_speedup": before.ms / row.ms,
                "predicted_speedup": source.latency(row.graph, row.chip).ms / after,
            }
        )
    return found


def _place(published: PublishedLatency) -> tuple[str, ...]:
    """What a row has in common with those of the same model in other weight formats."""
    row = published.row
    return row.get("model_spec") or row["timm_name"], row["input_res"], published.chip.name, published.set


def parse_form(precision: str) -> WeightFormat | None:
    """The weight format that a table's precision names, such as "4-bit palettized"; None for anything else."""
    text = precision.casefold()
    if found := re.search(r"([1-8])-bit palett", text):
        channels = re.search(r"\bgs(\d+)", text)
        group = int(channels[1]) if channels else 0
        name = f"palette{found[1]}" + (f"-grouped{group}" if group else "")
        return WeightFormat(name, precision, palette=int(found[1]), group=group)
    if found := re.search(r"(\d+) ?% (?:sparse|pruned)", text):
        return WeightFormat(f"sparse{found[1]}", precision, sparsity=int(found[1]) / 100)
    if re.search(r"\bw8a8\b", text):
        return get_weight_format("w8a8")
    return get_weight_format("int8") if re.search(r"\bw8\b", text) else None


def _spearman(a: np.ndarray, b: np.ndarray) -> float | None:
    from scipy.stats import spearmanr

    if len(a) < 3 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    return float(spearmanr(a, b).statistic)
