"""Fit the latency model to published latencies, and tell how good it is on sources that it has not seen.

    python experiments/fit_latency.py [TABLE.csv] [--check]

The table, `published_latencies.csv` beside this file by default, holds Core ML latencies that papers, repositories and
Apple's documentation print. The constants of `anenas/ane/calibration.json` are fitted to their logarithms with a robust
loss, drawn to what micro-benchmarks say, and written there (`--check` writes nothing). Rows digitised from figures
count less; sets of older systems, or of an unnamed chip, tell of the constants but have a factor of their own that is
not used afterwards.

A source is a publication: an arXiv number or a repository, whatever its tables and figures. Leaving it out is done
twice: "strict" leaves out whatever others print of the same models on the same chip too, since later papers copy rows
and most of what is left out would otherwise be seen. Each family of networks is left out as well, whoever printed it.
A chip's 90 % interval is the conformal quantile of its strict errors. It is wider for estimates that rest on other
operations than most published networks do: by how much, the errors with sources and families left out say. Chips with
too few rows, or none, have one from leaving out each chip, and from the rows of Macs, which are never fitted. Each
set's coverage is that of intervals from the errors on other sources.

Two estimates are told apart from the ratio on at which their order is right nine times in ten: of pairs of networks of
one set, by their strict errors, which share what is wrong of a whole set.
"""

from __future__ import annotations

import argparse
import collections
import dataclasses
import itertools
import json
import math
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from scipy.optimize import least_squares, minimize_scalar
from scipy.stats import norm

import anenas.ane
from anenas.ane import Calibration, Chip, chip_rates, get_chip, graph_work
from anenas.bench._latency import PublishedLatency, is_true, read_published, score
from anenas.latency import Latency

# What a chip's fixed cost is multiplied by, and rates as multiples of the chip table's (`chip_rates`):
# (prior, standard deviation of its logarithm).
FIXED = {
    # Core ML over the engine's own path: 160 µs against 75 to 110 (751K, aneforge), 2 to 4 times (maderix).
    "fixed": (2.0, 0.1),
    # All but two rows of these chips are of iOS 17, where ResNet-50, MobileNetV2 and MobileViTv2 alike take 0.32 to
    # 0.38 ms less on A16 (Apple) than on an iPhone 14 under iOS 16 (SwiftFormer): less of a cost that is fixed.
    "fixed, A16 on": (1.0, 0.3),
}
RATES = {
    "winograd": (0.9 * 1.35, 0.1),  # 1.3 to 1.45 of the direct peak (751K)
    "matrix": (0.4, 0.25),  # 0.25 to 0.5 of the peak (aneforge)
    "weights": (1.0, 0.2),
    "traffic": (2.0, 0.5),
    "memory": (1.0, 0.25),
    "depthwise": (0.1, 0.5),
    "elementwise": (2.0, 0.4),
    # By the planner's figures for the M4 (751K): global and average pooling, layer norm, transpose.
    "reduce": (0.6, 0.2),
    "normalise": (0.35, 0.25),
    "layout": (0.4, 0.25),
}
MEASURED = ("A15", "A16", "A17 Pro")  # corrected against the A14, whose correction is 1
# Corrections differ by this much from their mean, and the mean from 1: later chips share what the table says too well
# of them, above all clocks that they do not hold.
CORRECTION_SPREAD, CORRECTION_MEAN_SPREAD = 0.1, 0.3
# Sets whose system or chip is not what is estimated: free factors.
FREE_SETS = ("A13-zoo", "A14-ios15-old", "iphone14-swiftformer")
FREE_SPREAD = 1.0
# Never fitted: neither their system nor where they ran is known, and the sizes of the second are inferred.
UNCERTAIN_SETS = ("A14-apple-cvnets", "A14-backbone512")
# Errors of which the largest is a conformal bound on nine in ten.
ENOUGH = 9
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
    def family(self) -> str:
        """The kind of network, whatever its version: the first word of timm's name."""
        found = re.match(r"(?:tf_)?([a-z]+)", self.published.row["timm_name"])
        return found[1].removesuffix("v") if found else ""

    @property
    def is_free(self) -> bool:
        return self.published.set in FREE_SETS

    @property
    def is_fitted(self) -> bool:
        """Single rows of other chips say too little."""
        known = self.published.set not in UNCERTAIN_SETS
        return known and (self.is_free or self.published.chip.name in ("A14", *MEASURED))

    @property
    def is_scored(self) -> bool:
        return self.is_fitted and not self.is_free and not self.digitised

    @property
    def factor(self) -> str:
        return self.published.set if self.is_free else self.published.chip.nearest_measured


FACTORS = (*MEASURED, *FREE_SETS)
FIXED_OF = {"A14": 0, "A15": 0, "A16": 1, "A17 Pro": 1}


def publication(source: str) -> str:
    found = re.search(r"arXiv \d+\.\d+|github [\w.-]+/[\w.-]+", source)
    return found[0] if found else re.split(r"[,(]", source)[0].strip()


def read(table: Path) -> list[Row]:
    """The rows, in an order that does not depend on the table's."""

    def chip_named(name: str) -> Chip:
        # An M Pro or Max has the engine of its M (ANE facts by maderix and Apple). Systems that are too old to be
        # estimated for differ from the oldest that is not by the factors of their sets.
        name = re.sub(r"@ios1[0-5]$", "@ios16", name.replace("A15 or A16", "A15"))
        return get_chip(re.sub(r"^(M\d) (Pro|Max)\b", r"\1", name))

    published, _ = read_published(table, chip_named, digitised=True)
    rows = [Row(p, publication(p.row["source"]), is_true(p.row, "digitised")) for p in published]
    return sorted(rows, key=lambda row: tuple(row.published.row.items()))


class Model:
    """The shipped sum (`op_costs`) for many rows at once, and its derivatives."""

    def __init__(self, rows: list[Row]) -> None:
        self.rows = rows
        rates = [*RATES, "dense", "tasks"]  # the last two are not fitted
        unit = Calibration({}, dict.fromkeys(RATES, 1.0), {}, {}, 1.0, 1.0)
        pairs = {(id(row.published.graph), row.published.chip): row.published for row in rows}
        place = {key: i for i, key in enumerate(pairs)}
        self._pair = np.array([place[id(row.published.graph), row.published.chip] for row in rows])
        parts: list[tuple[int, float]] = []
        terms: list[int] = []
        ops: list[int] = []
        owners: list[int] = []
        for i, row in enumerate(pairs.values()):
            chip = chip_rates(row.chip, unit)
            for work in filter(None, graph_work(row.graph, row.chip)):
                ops.append(len(terms))
                owners.append(i)
                for amounts in work.values():
                    terms.append(len(parts))
                    parts += [(rates.index(rate), amount / chip[rate]) for rate, amount in amounts]
        self._rate, self._us = (np.array(column) for column in zip(*parts, strict=True))
        self._terms, self._ops, self._owners = np.array(terms), np.array(ops), np.array(owners)
        self._term_of_part = np.repeat(np.arange(len(terms)), np.diff([*terms, len(parts)]))
        self._op_of_term = np.repeat(np.arange(len(ops)), np.diff([*ops, len(terms)]))
        self._fixed_us = np.array([row.published.chip.fixed_us for row in rows])
        nearest = [FIXED_OF[row.published.chip.nearest_measured] for row in rows]
        self._fixed = np.eye(len(FIXED))[nearest]
        self._factor = np.array([[row.factor == name for name in FACTORS] for row in rows], dtype=float)

    def unsure(self, x: np.ndarray) -> np.ndarray:
        """Of each row, the fraction that is neither fixed cost nor what is known best (`OpCost.is_sure`)."""
        _, slope = self.log_ms(x)
        rates = slope[:, len(FIXED) :]
        fixed = slope[:, : len(FIXED)].sum(axis=1)
        found: np.ndarray = 1 - fixed + rates[:, list(RATES).index("weights")] + rates[:, list(RATES).index("traffic")]
        return found

    def log_ms(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Of each row, with its derivatives; x are the logarithms of all constants."""
        fixed, rates, factors = np.split(x, [len(FIXED), len(FIXED) + len(RATES)])
        us = self._us * np.append(np.exp(-rates), [1.0, 1.0])[self._rate]
        term = np.add.reduceat(us, self._terms)
        op = np.maximum.reduceat(term, self._ops)
        us = us * (term == op[self._op_of_term])[self._term_of_part]  # what the largest term is made of
        owner = self._owners[self._op_of_term[self._term_of_part]]
        count, width = self._pair.max() + 1, len(RATES) + 2
        by_rate = np.bincount(owner * width + self._rate, us, count * width).reshape(count, width)[self._pair]
        factor = np.exp(self._factor @ factors)
        ops = factor * np.bincount(self._owners, op, count)[self._pair]
        start = self._fixed_us * np.exp(self._fixed @ fixed)
        total = start + ops
        shares = [self._fixed * start[:, None], -factor[:, None] * by_rate[:, :-2], self._factor * ops[:, None]]
        return np.log(total / 1000), np.hstack(shares) / total[:, None]


def fit(model: Model, use: np.ndarray) -> np.ndarray:
    """The logarithms of all constants, from the rows that `use` selects."""
    rows = model.rows
    truth = np.log([row.published.ms for row in rows])
    # Relative noise: laboratories differ by a tenth, figures are read with an error, small latencies are rounded.
    noise = np.array(
        [
            0.08 + 0.05 * row.digitised + 0.3 * (row.published.set in FREE_SETS[:2]) + _rounding(row) / row.published.ms
            for row in rows
        ]
    )
    often = collections.Counter(row.key for row, used in zip(rows, use, strict=True) if used)
    weight = np.array([1 / math.sqrt(max(often[row.key], 1)) for row in rows]) / noise
    priors, draw = _priors()
    start = np.concatenate([priors, np.zeros(len(FACTORS))])

    def residuals(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        ms, slope = model.log_ms(x)
        off = ((ms - truth) * weight)[use]
        root = np.sqrt(1 + off**2)
        robust = off * np.sqrt(2 / (root + 1))  # its square is twice the soft L1 loss
        slope = (slope * weight[:, None])[use] * (np.sqrt((root + 1) / 2) / root)[:, None]
        return np.concatenate([robust, draw @ (x - start)]), np.vstack([slope, draw])

    return least_squares(lambda x: residuals(x)[0], start, jac=lambda x: residuals(x)[1], xtol=1e-10, max_nfev=100).x


def _priors() -> tuple[np.ndarray, np.ndarray]:
    """Where the constants without the factors are drawn to, and the matrix that draws all of them."""
    mean, spread = (np.array(column) for column in zip(*FIXED.values(), *RATES.values(), strict=True))
    chips = np.arange(len(MEASURED)) + len(mean)
    draw = np.diag(1 / np.concatenate([spread, np.ones(len(MEASURED)), np.full(len(FREE_SETS), FREE_SPREAD)]))
    draw[np.ix_(chips, chips)] = (np.eye(len(chips)) - 1 / len(chips)) / CORRECTION_SPREAD
    shared = np.zeros(len(draw))
    shared[chips] = 1 / len(chips) / CORRECTION_MEAN_SPREAD
    return np.log(mean), np.vstack([draw, shared])


def _rounding(row: Row) -> float:
    return 0.5 if row.published.set == "A13-zoo" else 0.03


def left_out(
    model: Model, group: Callable[[Row], str], drop: Callable[[Row, list[Row]], bool], wanted: Iterable[str]
) -> dict[int, float]:
    """What is predicted of the rows of each group without it, milliseconds by the row's place."""
    found: dict[int, float] = {}
    for name in wanted:
        held = [row for row in model.rows if group(row) == name]
        use = np.array([row.is_fitted and group(row) != name and not drop(row, held) for row in model.rows])
        ms = np.exp(model.log_ms(fit(model, use))[0])
        found |= {i: float(ms[i]) for i, row in enumerate(model.rows) if group(row) == name}
    return found


def is_same_measurement(row: Row, held: list[Row]) -> bool:
    return row.key in {other.key for other in held}


@dataclasses.dataclass(frozen=True)
class Error:
    """A row and what is predicted of it, milliseconds.

    Attributes:
        row: The row.
        ms: What is predicted.
        unsure: The fraction of it that does not rest on what is known best.
    """

    row: Row
    ms: float
    unsure: float = 0.0

    @property
    def ratio(self) -> float:
        return self.ms / self.row.published.ms

    @property
    def size(self) -> float:
        return abs(math.log(self.ratio))


def doubtful(errors: list[Error]) -> float:
    """How many times as large errors are of estimates that rest on nothing that is known best: the most likely."""
    size, unsure = np.array([e.size for e in errors]), np.array([e.unsure for e in errors])

    def surprise(doubt: float) -> float:
        scale = 1 + (doubt - 1) * unsure
        return float(np.log(scale * np.mean(size / scale)).sum())  # of a Laplace distribution

    found: float = minimize_scalar(surprise, bounds=(1.0, 5.0), method="bounded").x
    return found


def plain_size(error: Error, doubt: float) -> float:
    """An error as if its estimate rested on what is known best."""
    return error.size / (1 + (doubt - 1) * error.unsure)


def interval(chip: str, errors: list[Error], elsewhere: list[Error], doubt: float) -> float:
    """The factor of a chip's 90 % interval: from its own errors if they are enough, else from those on other chips."""
    own = [e for e in errors if e.row.published.chip.name == chip]
    if len(own) >= ENOUGH:
        return conformal(own, doubt)
    return by_chip([e for e in elsewhere if e.row.published.chip.name != chip], doubt)


def intervals(errors: list[Error], elsewhere: list[Error], doubt: float) -> dict[str, float]:
    """By chip, and "other", which is never narrower."""
    counts = collections.Counter(e.row.published.chip.name for e in errors)
    own = {chip: interval(chip, errors, elsewhere, doubt) for chip in sorted(counts) if counts[chip] >= ENOUGH}
    return own | {"other": max(by_chip(elsewhere, doubt), *own.values())}


def conformal(errors: list[Error], doubt: float) -> float:
    """The factor within which a new error lies nine times in ten."""
    rank = min(math.ceil(0.9 * (len(errors) + 1)), len(errors))
    return math.exp(sorted(plain_size(e, doubt) for e in errors)[rank - 1])


def by_chip(errors: list[Error], doubt: float) -> float:
    """That of a new chip: each chip counts alike, however many rows it has."""
    counts = collections.Counter(e.row.published.chip.name for e in errors)
    ranked = sorted(errors, key=lambda e: plain_size(e, doubt))
    reached = np.cumsum([1 / counts[e.row.published.chip.name] for e in ranked])
    return math.exp(plain_size(ranked[int(np.searchsorted(reached, 0.9 * len(counts) - 1e-9))], doubt))


@dataclasses.dataclass(frozen=True)
class Pair:
    """Two networks of a set: the logarithm of the ratio of their estimates, and whether their order is right."""

    apart: float
    is_right: bool


def pairs(errors: list[Error]) -> list[Pair]:
    """Every two different networks of a set that were published with different latencies."""
    found = []
    for a, b in itertools.combinations(errors, 2):
        p, q = a.row.published, b.row.published
        if (p.set, p.chip.name) == (q.set, q.chip.name) and p.ms != q.ms and a.row.key != b.row.key:
            apart = math.log(a.ms / b.ms)
            found.append(Pair(abs(apart), apart * math.log(p.ms / q.ms) > 0))
    return found


def told_apart(found: list[Pair]) -> float:
    """The ratio at which the order of two estimates is right nine times in ten.

    That order is right with the probability Φ(logarithm of the ratio / σ) where errors of ratios are normal; σ is the
    most likely one.
    """
    apart = np.array([pair.apart for pair in found])
    right = np.array([pair.is_right for pair in found])

    def surprise(sigma: float) -> float:
        z = apart / sigma
        return -float(norm.logcdf(np.where(right, z, -z)).sum())

    sigma = minimize_scalar(surprise, bounds=(0.01, 1.0), method="bounded").x
    return math.exp(norm.ppf(0.9) * sigma)


def pair_table(found: list[Pair]) -> Table:
    """How often the order is right, by the ratio of the estimates."""
    table = Table("ratio of two estimates", "pairs", "order right")
    for low, high in itertools.pairwise((1.0, 1.05, 1.1, 1.15, 1.2, 1.3, 1.5, math.inf)):
        inside = [pair.is_right for pair in found if low <= math.exp(pair.apart) < high]
        if inside:
            table.add_row(f"{low:g} to {high:g}", str(len(inside)), f"{np.mean(inside):.0%}")
    return table


def set_table(errors: list[Error], width_of: Callable[[Error], float], label: str) -> Table:
    """Scores of each set, and of all; `width_of` is the factor of an estimate's interval."""
    table = Table("set", "chip", "n", "Spearman", "of MACs", "median error", "±10 %", "±25 %", "coverage")
    groups = [("A14 iOS 16, both", "A14", [e for e in errors if e.row.published.set in A14_SETS])]
    groups.append(("A15, all", "A15", [e for e in errors if e.row.published.chip.name == "A15"]))
    for name, chip in sorted({(e.row.published.set, e.row.published.chip.name) for e in errors}):
        inside = [e for e in errors if (e.row.published.set, e.row.published.chip.name) == (name, chip)]
        groups.append((name, chip, inside))
    for name, chip, group in [*groups, ("all", "", errors)]:
        widths = [width_of(e) for e in group]
        estimates = [
            Latency(e.ms, e.ms / width, e.ms * width, chip, label) for e, width in zip(group, widths, strict=True)
        ]
        s = score([e.row.published for e in group], estimates)
        ranks = [f"{s[k]:.2f}" if s[k] is not None else "" for k in ("spearman", "spearman_macs")]
        shares = [f"{s[k]:.1%}" for k in ("median_error", "within_10", "within_25", "coverage")]
        table.add_row(name, chip, str(s["n"]), *ranks, *shares)
    return table


def family_table(errors: list[Error]) -> Table:
    """How far off each family is, that of the most rows first, and all of them."""
    table = Table("family", "n", "estimate / published", "median error", "±25 %")
    by_family = collections.defaultdict(list)
    for error in errors:
        by_family[error.row.family].append(error)
    for name, group in [*sorted(by_family.items(), key=lambda item: (-len(item[1]), item[0])), ("all", errors)]:
        off = np.abs(np.array([e.ratio for e in group]) - 1)
        middle = math.exp(np.mean([math.log(e.ratio) for e in group]))
        table.add_row(name, str(len(group)), f"{middle:.2f}", f"{np.median(off):.1%}", f"{np.mean(off <= 0.25):.0%}")
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path, nargs="?", default=Path(__file__).with_name("published_latencies.csv"))
    parser.add_argument("--check", action="store_true", help="write nothing")
    args = parser.parse_args()
    torch.set_num_threads(1)
    console = Console(width=120)

    model = Model(read(args.table))
    rows = model.rows
    x = fit(model, np.array([row.is_fitted for row in rows]))

    unsure = model.unsure(x)

    def errors_of(predicted: dict[int, float]) -> list[Error]:
        return [Error(rows[i], ms, float(unsure[i])) for i, ms in predicted.items()]

    # A chip without rows: each chip left out in turn, and those that are never fitted.
    predicted = left_out(model, lambda row: row.published.chip.name, lambda *_: False, ("A14", *MEASURED))
    fitted = np.exp(model.log_ms(x)[0])
    predicted |= {i: float(fitted[i]) for i, row in enumerate(rows) if not row.is_fitted}
    unseen = [e for e in errors_of(predicted) if not (e.row.is_free or e.row.digitised)]
    elsewhere = [e for e in unseen if e.row.published.set not in UNCERTAIN_SETS]

    families = sorted({row.family for row in rows if row.is_scored})
    predicted = left_out(model, lambda row: row.family, lambda *_: False, families)
    by_family = [e for e in errors_of(predicted) if e.row.is_scored]
    sources = sorted({row.source for row in rows if row.is_scored})
    by_source = {
        label: [e for e in errors_of(left_out(model, lambda row: row.source, drop, sources)) if e.row.is_scored]
        for label, drop in (("plain", lambda *_: False), ("strict", is_same_measurement))
    }
    errors = by_source["strict"]
    doubt = doubtful([*errors, *by_family])
    for label, found in by_source.items():

        def width_of(e: Error, errors: list[Error] = found) -> float:
            others = [other for other in errors if other.row.source != e.row.source]
            return interval(e.row.published.chip.name, others, elsewhere, doubt) ** (1 + (doubt - 1) * e.unsure)

        console.print(f"each source left out, {label}")
        console.print(set_table(found, width_of, label))
    console.print("each family left out")
    console.print(family_table(by_family))

    apart = told_apart(pairs(errors))
    console.print(pair_table(pairs(errors)))
    console.print(f"two estimates on one chip are told apart from a ratio of {apart:.3f} on")
    for name in sorted({e.row.published.set for e in unseen if not e.row.is_fitted}):
        group = [e for e in unseen if not e.row.is_fitted and e.row.published.set == name]
        ratios = (f"{e.row.published.row['soc']} {e.row.published.row['timm_name']} {e.ratio:.2f}" for e in group)
        console.print(f"never fitted, estimate / published, {name}:", ", ".join(ratios))
    names = (*FIXED, *RATES, *FACTORS)
    constants = {name: round(float(value), 3) for name, value in zip(names, np.exp(x), strict=True)}
    console.print("factors of sets that are not used:", {name: constants[name] for name in FREE_SETS})
    calibrated = {
        "fixed": {chip: constants[list(FIXED)[i]] for chip, i in FIXED_OF.items()},
        "rates": {name: constants[name] for name in RATES},
        "corrections": {"A14": 1.0} | {name: constants[name] for name in MEASURED},
        "apart": round(apart, 3),
        "interval": {chip: round(width, 3) for chip, width in intervals(errors, elsewhere, doubt).items()},
        "doubt": round(doubt, 3),
    }
    console.print_json(json.dumps(calibrated))
    if not args.check:
        path = Path(anenas.ane.__file__).with_name("calibration.json")
        path.write_text(json.dumps(calibrated, indent=2) + "\n")
        console.print(f"wrote {path.name}")


if __name__ == "__main__":
    main()
