"""What there is to win in a space, told before its search begins."""

from __future__ import annotations

import math
from collections.abc import Sequence

from anenas.latency import Target
from anenas.search import Estimate

_FEW = 3  # steps between latencies that can be told apart: a front of four


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
                told += "consider --objectives accuracy,size_mb or a larger --input"
    return told
