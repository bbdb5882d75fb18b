"""What there is to win in a space, told before its search begins."""

from __future__ import annotations

import math
from collections.abc import Sequence

from anenas.data import Dataset
from anenas.latency import Target
from anenas.search import Estimate, is_metric
from anenas.space import Limits, is_least

_FEW = 3  # steps between latencies that can be told apart: a front of four


def exacting_limits(limits: Limits, dataset: Dataset | None) -> str:
    """Which limits of metrics ask that no input at all is mistaken; empty where none does.

    Args:
        limits: Of the search.
        dataset: What is searched on, where it is known.
    """
    if dataset is None:
        return ""
    told = []
    for name, least in limits.bounds.items():
        if not is_metric(name) or not is_least(name):
            continue
        inputs = _inputs_of(name, dataset)
        if inputs and least > 1 - 1 / inputs:
            told.append(f"{name} ≥ {least:.6g} asks that all of {inputs:,} validation inputs are right")
    return "; ".join(told) + "; few networks, if any, will do" if told else ""


def _inputs_of(name: str, dataset: Dataset) -> int:
    """How many validation inputs a fraction is one of; 0 of other metrics."""
    family, _, label = name.partition("@")
    labels = dataset.validation.labels
    if family == "accuracy":
        return len(labels)
    if family == "recall" and label in dataset.classes and labels.ndim == 1:
        return int((labels == dataset.classes.index(label)).sum())
    return 0


def latency_prospects(drawn: Sequence[Estimate], target: Target, objectives: Sequence[str]) -> str:
    """How much networks of a space differ in latency, and what to do where that is little.

    Args:
        drawn: Estimates of networks that were drawn at random.
        target: The main chip.
        objectives: What is searched for.
    """
    latencies = [estimate.latency for estimate in drawn if math.isfinite(estimate.latency.ms)]
    if not latencies:
        return ""
    least, most = min(one.ms for one in latencies), max(one.ms for one in latencies)
    told = f"{len(latencies)} networks drawn: {least:.2f} to {most:.2f} ms on {target.name}"
    if fixed_ms := latencies[0].fixed_ms:
        told += f", of which {fixed_ms:.3f} is what any prediction costs"
    apart = max(one.apart for one in latencies)
    if apart > 1:
        told += f"; latencies are told apart from a ratio of {apart:.2f} on"
        if math.log(most / least) < _FEW * math.log(apart):
            told += ", so that these differ little: "
            if "size_mb" in objectives:
                told += "there is more to win in size; latencies differ more with a larger --input"
            else:
                score = next(filter(is_metric, objectives), "accuracy")
                told += f"consider --objectives {score},size_mb or a larger --input"
    return told
