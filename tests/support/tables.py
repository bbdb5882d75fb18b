"""A small table of known results."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np


def table_fields(seed: int = 0, decisions: int = 4, options: int = 4) -> dict[str, Any]:
    """A rugged landscape: each decision's worth depends on the next one; worth costs, but not evenly."""
    rng = np.random.default_rng(seed)
    choices = np.array(list(itertools.product(range(options), repeat=decisions)))
    worth = rng.random((decisions, options, options))
    cost = rng.random((decisions, options))
    error = sum(worth[i, choices[:, i], choices[:, (i + 1) % decisions]] for i in range(decisions))
    spent = sum(cost[i, choices[:, i]] for i in range(decisions)) - 0.3 * np.asarray(error)
    objectives = np.stack([error, spent], axis=1)
    front = [row for row in objectives if not ((objectives <= row).all(1) & (objectives < row).any(1)).any()]
    ideal, nadir = np.min(front, axis=0), np.max(front, axis=0)
    area, best = 0.0, 1.1
    for x, y in sorted(((np.array(front) - ideal) / (nadir - ideal)).tolist()):
        area += (1.1 - x) * (best - y)
        best = y
    return {
        "choices": choices,
        "objectives": objectives,
        "ideal": ideal,
        "nadir": nadir,
        "front_hypervolume": np.float64(area),
    }


def write_table(path: Path, **fields: Any) -> Path:
    """A table file; fields replace those of a good one, and those that are None are left out."""
    held = {name: field for name, field in (table_fields() | fields).items() if field is not None}
    np.savez(path, **held)
    return path
