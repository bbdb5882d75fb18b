"""Fit the latency model to published latencies, and tell how good it is on sources that it has not seen.

    python experiments/fit_latency.py [TABLE.csv] [--check]

The table, `published_latencies.csv` beside this file by default, holds Core ML latencies that papers, repositories and
Apple's documentation print. The constants of `anenas/ane/calibration.json` are fitted to their logarithms with a robust
loss, drawn to what micro-benchmarks say, and written there (`--check` writes nothing). Rows digitised from figures
count less; sets of older systems, or of an unnamed chip, tell of the constants but have a factor of their own that is
not used afterwards.

A source is a publication: an arXiv number or a repository, whatever its tables and figures. Leaving it out is done
twice: "strict" leaves out whatever others print of the same models on the same chip too, since later papers copy rows
and most of what is left out would otherwise be seen. The 90 % intervals are the conformal quantile of the strict
errors, and each set's coverage is that of intervals from the other sources' errors.
"""

from __future__ import annotations

import argparse
import collections
import dataclasses
import json
import math
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from scipy.optimize import least_squares

import anenas.ane
from anenas._bench import PublishedLatency, is_true, read_published, score
from anenas.ane import Calibration, Chip, chip_rates, get_chip, graph_work
from anenas.latency import Latency

# name: (prior, standard deviation of its logarithm). Multiples of the chip table's rates; see `chip_rates`.
PRIORS = {
    # Tight: left free it grows to 1.8, more than all of MobileNetV3-Small takes on A16 (0.13 ms, Apple).
    "fixed": (1.0, 0.05),
    "winograd": (0.9 * 1.35, 0.1),  # 1.3 to 1.45 of the direct peak (751K)
    "matrix": (0.4, 0.7),  # 0.25 to 0.5 of the peak (aneforge)
    "weights": (1.0, 0.4),
    "traffic": (2.0, 1.0),
    "depthwise_places": (1.0, 1.0),
    "depthwise": (0.1, 1.0),
    "elementwise": (2.0, 0.8),
    "reduce": (0.5, 0.8),
    "pool": (0.5, 0.8),
    "normalise": (0.3, 0.8),
    "layout": (0.5, 0.8),
}
NAMES = list(PRIORS)
MEASURED = ("A15", "A16", "A17 Pro")  # corrected against the A14, whose correction is 1
# Sets whose system or chip is not what is estimated: free factors.
FREE_SETS = ("A13-zoo", "A14-ios15-old", "iphone14-swiftformer")
A14_SETS = ("A14-xcode14-ios16", "A14-modelbench")


@dataclasses.dataclass(frozen=True)
class Row:
    """A published latency with what its fit needs; `source` is the publication."""

    published: PublishedLatency
    source: str
    digitised: bool

    @property
    def key(self) -> tuple[str, str]:
        return self.published.row["timm_name"], self.published.chip.name

    @property
    def factor(self) -> str:
        return self.published.set if self.published.set in FREE_SETS else self.published.chip.name


FACTORS = (*MEASURED, *FREE_SETS)


def publication(source: str) -> str:
    found = re.search(r"arXiv \d+\.\d+|github [\w.-]+/[\w.-]+", source)
    return found[0] if found else re.split(r"[,(]", source)[0].strip()


def read(table: Path) -> list[Row]:
    def chip_named(soc: str) -> Chip:
        return get_chip("A15" if soc == "A15 or A16" else soc)

    published, _ = read_published(table, chip_named, digitised=True)
    # Single rows of other chips say too little.
    known = ("A14", *MEASURED)
    rows = [Row(p, publication(p.row["source"]), is_true(p.row, "digitised")) for p in published]
    return [row for row in rows if row.published.chip.name in known or row.published.set in FREE_SETS]


class Model:
    """The shipped sum (`op_costs`) for many rows at once, as a function of the constants."""

    def __init__(self, rows: list[Row]) -> None:
        self.rows = rows
        self._chips = sorted({row.published.chip.name for row in rows})
        graphs = {id(row.published.graph): row.published.graph for row in rows}
        place = {key: i for i, key in enumerate(graphs)}
        self._graph = np.array([place[id(row.published.graph)] for row in rows])
        self._chip = np.array([self._chips.index(row.published.chip.name) for row in rows])
        self._rates = [*NAMES[1:], "dense", "tasks"]
        amounts, terms, ops, owners = [], [], [], []
        for i, graph in enumerate(graphs.values()):
            for work in filter(None, graph_work(graph)):
                ops.append(len(terms))
                owners.append(i)
                for parts in work.values():
                    terms.append(len(amounts))
                    amounts += [(self._rates.index(rate), amount) for rate, amount in parts]
        self._rate, self._amount = (np.array(column) for column in zip(*amounts, strict=True))
        self._terms, self._ops, self._owners, self._count = (
            np.array(terms),
            np.array(ops),
            np.array(owners),
            len(graphs),
        )

    def ms(self, constants: np.ndarray) -> np.ndarray:
        """Without corrections."""
        fitted = Calibration(constants[0], dict(zip(NAMES[1:], constants[1:], strict=True)), {}, {})
        by_chip = []
        for name in self._chips:
            chip = get_chip(name)
            rates = chip_rates(chip, fitted)
            parts = self._amount / np.array([rates[rate] for rate in self._rates])[self._rate]
            us = np.maximum.reduceat(np.add.reduceat(parts, self._terms), self._ops)
            by_chip.append(fitted.fixed * chip.fixed_us + np.bincount(self._owners, us, self._count))
        return np.array(by_chip)[self._chip, self._graph] / 1000


def fit(model: Model, use: np.ndarray) -> tuple[np.ndarray, dict[str, float]]:
    """The constants, and the factors of chips and sets, from the rows that `use` selects."""
    rows = model.rows
    truth = np.array([row.published.ms for row in rows])
    # Relative noise: laboratories differ by a tenth, figures are read with an error, small latencies are rounded.
    noise = np.array(
        [
            0.08 + 0.05 * row.digitised + 0.3 * (row.published.set in FREE_SETS[:2]) + _rounding(row) / row.published.ms
            for row in rows
        ]
    )
    often = collections.Counter(row.key for row, used in zip(rows, use, strict=True) if used)
    weight = np.array([1 / math.sqrt(max(often[row.key], 1)) for row in rows]) / noise
    factor = np.array([[row.factor == name for name in FACTORS] for row in rows], dtype=float)
    mean, spread = (np.array(column) for column in zip(*PRIORS.values(), strict=True))
    mean = np.log(mean)
    factor_spread = np.array([1.0 if name in FREE_SETS else 0.3 for name in FACTORS])

    def residuals(x: np.ndarray) -> np.ndarray:
        constants, factors = x[: len(mean)], x[len(mean) :]
        off = ((np.log(model.ms(np.exp(constants)) / truth) + factor @ factors) * weight)[use]
        robust = np.sign(off) * np.sqrt(2 * (np.sqrt(1 + off**2) - 1))  # soft L1
        return np.concatenate([robust, (constants - mean) / spread, factors / factor_spread])

    x = least_squares(residuals, np.concatenate([mean, np.zeros(len(FACTORS))]), max_nfev=40).x
    return np.exp(x[: len(mean)]), dict(zip(FACTORS, np.exp(x[len(mean) :]).tolist(), strict=True))


def _rounding(row: Row) -> float:
    return 0.5 if row.published.set == "A13-zoo" else 0.03


def left_out(
    model: Model, group: Callable[[Row], str], drop: Callable[[Row, list[Row]], bool], wanted: Iterable[str]
) -> dict[str, np.ndarray]:
    """Each group's rows as they are foretold without it: the estimates by group, in the order of its rows."""
    found = {}
    for name in wanted:
        held = [row for row in model.rows if group(row) == name]
        use = np.array([not drop(row, held) and group(row) != name for row in model.rows])
        constants, factors = fit(model, use)
        mask = np.array([group(row) == name for row in model.rows])
        correction = np.array([factors.get(row.published.chip.name, 1.0) for row in held])
        found[name] = model.ms(constants)[mask] * correction
    return found


def is_same_measurement(row: Row, held: list[Row]) -> bool:
    return row.key in {other.key for other in held}


def conformal(errors: list[float]) -> float:
    """The factor within which a new error lies nine times in ten."""
    rank = min(math.ceil(0.9 * (len(errors) + 1)), len(errors))
    return float(np.exp(sorted(errors)[rank - 1]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path, nargs="?", default=Path(__file__).with_name("published_latencies.csv"))
    parser.add_argument("--check", action="store_true", help="write nothing")
    args = parser.parse_args()
    torch.set_num_threads(1)
    console = Console(width=120)

    model = Model(read(args.table))
    rows = model.rows
    constants, factors = fit(model, np.ones(len(rows), dtype=bool))

    def scored(row: Row) -> bool:
        return not row.digitised and row.published.set not in FREE_SETS

    sources = sorted({row.source for row in rows if scored(row)})
    factor = 1.0
    for label, drop in (("plain", lambda *_: False), ("strict", is_same_measurement)):
        foretold = left_out(model, lambda row: row.source, drop, sources)
        pairs = [
            (row, ms) for s in sources for row, ms in zip([r for r in rows if r.source == s], foretold[s], strict=True)
        ]
        pairs = [(row, float(ms)) for row, ms in pairs if scored(row)]
        errors = [(row.source, abs(math.log(ms / row.published.ms))) for row, ms in pairs]
        factor = conformal([error for _, error in errors])
        table = Table("set", "chip", "n", "Spearman", "of MACs", "median error", "±10 %", "±25 %", "coverage")
        sets = sorted({(row.published.set, row.published.chip.name) for row, _ in pairs})
        groups = [("A14 iOS 16, both", "A14", [p for p in pairs if p[0].published.set in A14_SETS])]
        groups += [
            (s, c, [p for p in pairs if (p[0].published.set, p[0].published.chip.name) == (s, c)]) for s, c in sets
        ]
        for name, chip, group in [*groups, ("all", "", pairs)]:
            estimates = []
            for row, ms in group:
                width = conformal([error for source, error in errors if source != row.source])
                estimates.append(Latency(ms, ms / width, ms * width, label, chip))
            s = score([row.published for row, _ in group], estimates)
            ranks = [f"{s[k]:.2f}" if s[k] is not None else "" for k in ("spearman", "spearman_macs")]
            shares = [f"{s[k]:.1%}" for k in ("median_error", "within_10", "within_25", "coverage")]
            table.add_row(name, chip, str(s["n"]), *ranks, *shares)
        console.print(f"each source left out, {label}; 90 % interval: a factor of {factor:.3f}")
        console.print(table)

    # A chip without rows: each chip left out in turn.
    by_chip = left_out(model, lambda row: row.published.chip.name, lambda *_: False, ("A13", *MEASURED))
    errors = [
        abs(math.log(ms / row.published.ms))
        for name, foretold in by_chip.items()
        for row, ms in zip([r for r in rows if r.published.chip.name == name], foretold, strict=True)
        if row.published.set != "iphone14-swiftformer"
    ]
    other = conformal(errors)
    console.print(f"each chip left out ({len(errors)} rows): a factor of {other:.3f}")
    console.print("factors of sets that are not used:", {name: round(factors[name], 2) for name in FREE_SETS})
    calibrated = {
        "fixed": round(float(constants[0]), 4),
        "rates": {name: round(float(value), 4) for name, value in zip(NAMES[1:], constants[1:], strict=True)},
        "corrections": {"A14": 1.0} | {name: round(factors[name], 4) for name in MEASURED},
        "interval": {"measured": round(factor, 3), "other": round(max(other, factor), 3)},
    }
    console.print_json(json.dumps(calibrated))
    if not args.check:
        path = Path(anenas.ane.__file__).with_name("calibration.json")
        path.write_text(json.dumps(calibrated, indent=2) + "\n")
        console.print(f"wrote {path.name}")


if __name__ == "__main__":
    main()
