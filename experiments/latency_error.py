"""How far the latency estimate is off on published latencies.

    python experiments/latency_error.py [TABLE.csv]

The table, `published_latencies.csv` beside this file by default, holds Core ML latencies that papers, repositories and
Apple's documentation print, each with its source. Each row with a timm name is built with fresh weights, fused, traced
and estimated; nothing is downloaded. Rows digitised from figures, or suspected to have run off
the engine, are left out. For each set of comparable rows it prints the rank correlation with the published latency of
the estimate and of multiply-accumulates alone, the median error, and the share of rows inside the interval.
"""

from __future__ import annotations

import argparse
import collections
import csv
import functools
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from scipy.stats import spearmanr

from anenas._torchvision import import_torchvision
from anenas.ane import get_chip
from anenas.graph import Graph
from anenas.latency import AnalyticLatency
from anenas.network import fuse, trace


@functools.cache
def published_graph(name: str, size: int) -> Graph:
    import_torchvision()
    import timm

    return trace(fuse(timm.create_model(name)), (1, 3, size, size))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path, nargs="?", default=Path(__file__).with_name("published_latencies.csv"))
    parser.add_argument("--rows", action="store_true", help="print every row too")
    args = parser.parse_args()
    torch.set_num_threads(1)

    source = AnalyticLatency()
    found: dict[str, list[tuple[str, float, float, float, float, float]]] = collections.defaultdict(list)
    skipped: collections.Counter[str] = collections.Counter()
    for row in csv.DictReader(args.table.open()):
        if not row["timm_name"]:
            skipped["no timm name"] += 1
        elif row["digitised"] == "True" or row["off_ane_suspected"] == "True":
            skipped["digitised or off the engine"] += 1
        elif any(form in row["precision"] for form in ("palettized", "sparse", "W8")):
            skipped["compressed"] += 1
        else:
            try:
                chip = get_chip(row["soc"])
                graph = published_graph(row["timm_name"], int(row["input_res"]))
            except Exception as error:
                skipped[f"{type(error).__name__}: {str(error)[:60]}"] += 1
                continue
            estimate = source.latency(graph, chip)
            measured = float(row["latency_ms"])
            found[f"{row['set']} {chip.name}"].append(
                (row["model"], measured, estimate.ms, estimate.low_ms, estimate.high_ms, graph.macs)
            )
    table = Table("set", "rows", "Spearman", "of MACs", "median error", "median ratio", "in interval")
    everything = [row for rows in found.values() for row in rows]
    for name, rows in [*sorted(found.items()), ("all", everything)]:
        _, measured, ms, low, high, macs = (np.array(column) for column in zip(*rows, strict=True))
        rank = [f"{spearmanr(x, measured).statistic:.2f}" if len(rows) > 2 else "" for x in (ms, macs)]
        error, ratio = np.median(np.abs(ms / measured - 1)), np.median(ms / measured)
        inside = np.mean((low <= measured) & (measured <= high))
        table.add_row(name, str(len(rows)), *rank, f"{error:.0%}", f"{ratio:.2f}", f"{inside:.0%}")
        if args.rows and name != "all":
            for model, published, estimated, *_ in rows:
                print(f"{name:28} {model:28} published {published:6.2f} ms, estimated {estimated:6.2f} ms")
    Console(width=110).print(table)
    for reason, count in skipped.most_common():
        print(f"skipped {count}: {reason}")


if __name__ == "__main__":
    main()
