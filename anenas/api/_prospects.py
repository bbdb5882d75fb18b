"""What there is to win in a space, told before its search begins."""

from __future__ import annotations

import math
from collections.abc import Sequence

from anenas.ane import ProgramCost
from anenas.latency import CostLatencySource, Target
from anenas.search import Estimate

_FEW = 3  # steps between latencies that can be told apart: a front of four


def latency_prospects(drawn: Sequence[Estimate], target: Target) -> str:
    """How much networks of a space differ in latency, and what to do where that is little.

    Args:
        drawn: Estimates of networks that were drawn at random.
        target: The main chip.
    """
    latencies = [estimate.latency for estimate in drawn if math.isfinite(estimate.latency.ms)]
    if not latencies:
        return ""
    least, most = min(one.ms for one in latencies), max(one.ms for one in latencies)
    told = f"{len(latencies)} networks drawn: {least:.2f} to {most:.2f} ms on {target.name}"
    if isinstance(target.source, CostLatencySource):
        told += f", of which {target.source.from_cost(ProgramCost(), target.chip).ms:.3f} is what any prediction costs"
    apart = max(one.apart for one in latencies)
    if apart > 1:
        told += f"; latencies are told apart from a ratio of {apart:.2f} on"
        if math.log(most / least) < _FEW * math.log(apart):
            told += ", so that these differ little: consider --objectives accuracy,size_mb or a larger --input"
    return told
