"""How fast the architectures of a space are estimated, and how well estimates agree with exported programs."""

from __future__ import annotations

import math
import random
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from anenas.graph import get_weight_format
from anenas.latency import Target
from anenas.space import Architecture, SearchSpace

_TIES = 3e-3


@dataclass(frozen=True)
class SpaceScores:
    """What `anenas bench space` measures.

    Attributes:
        space: Its name.
        chip: The chip, or own device, that was estimated for.
        architectures: How many were drawn and timed.
        architectures_per_second: Rules, size, placement and latency, with every block cached; one core.
        cold_architectures_per_second: The same with no block cached.
        exported: How many were exported and read back.
        max_latency_disagreement: Largest difference between the estimate and that of the exported program, as a
            fraction of the latter.
        weight_bytes_agree: Whether every estimate of weight bytes is that of the exported program; for sparse weights
            within 0.3 %, as equal weights are pruned together.
    """

    space: str
    chip: str
    architectures: int
    architectures_per_second: float
    cold_architectures_per_second: float
    exported: int
    max_latency_disagreement: float
    weight_bytes_agree: bool

    def to_dict(self) -> dict[str, object]:
        return asdict(self)


def bench_space(space: SearchSpace, target: Target, *, architectures: int, exports: int, seed: int = 0) -> SpaceScores:
    """Estimate random architectures, and export the first of them with fresh weights."""
    import torch

    from anenas.network import architecture_cost, architecture_graph

    torch.set_num_threads(1)
    rng = random.Random(seed)
    drawn = [space.sample(rng) for _ in range(architectures)]

    def estimate(architecture: Architecture) -> tuple[float, int]:
        """All that a search computes of an architecture before training it."""
        cost = architecture_cost(architecture, target.chip)
        if cost.problems or cost.residency < 0:
            return math.inf, cost.weight_bytes
        return target.estimate(cost, lambda: architecture_graph(architecture)).ms, cost.weight_bytes

    def rate() -> float:
        started = time.perf_counter()
        for architecture in drawn:
            estimate(architecture)
        return architectures / (time.perf_counter() - started)

    cold, warm = rate(), rate()
    differences, bytes_agree = [0.0], True
    for architecture in drawn[:exports]:
        estimated_ms, estimated_bytes = estimate(architecture)
        exported_ms, exported_bytes = _export(architecture, target)
        differences.append(abs(estimated_ms / exported_ms - 1))
        slack = _TIES * exported_bytes if get_weight_format(architecture.form).sparsity else 0
        bytes_agree &= abs(estimated_bytes - exported_bytes) <= slack
    return SpaceScores(
        space=space.name,
        chip=target.name,
        architectures=architectures,
        architectures_per_second=warm,
        cold_architectures_per_second=cold,
        exported=min(exports, architectures),
        max_latency_disagreement=max(differences),
        weight_bytes_agree=bytes_agree,
    )


def _export(architecture: Architecture, target: Target) -> tuple[float, int]:
    """Latency and weight bytes of the exported program."""
    import torch

    from anenas.coreml import Quantiser, compress, convert
    from anenas.network import Deployed, Normalisation, build, fold_batch_norms, fuse

    channels, form = architecture.input[1], get_weight_format(architecture.form)
    half = (0.5,) * channels
    network = Deployed(fuse(build(architecture)), Normalisation(half, half, architecture.raw)).eval()
    classes = [str(i) for i in range(architecture.head.classes)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.mlpackage"
        if form.activations:
            plain = fold_batch_norms(network.network, torch.zeros(architecture.input))
            quantiser = Quantiser(plain, architecture.input, steps=1).step()
            quantiser.network(torch.rand(architecture.input))  # for the ranges of activations
            network = network.with_network(quantiser.finish())
            system = form.target
        else:
            system = "iOS16"
        package = convert(network.eval(), path, shape=architecture.input, classes=classes, target=system)
        if form.kind and not form.activations:
            package = compress(package, path, form)
        return target.latency(package.graph, package.path).ms, package.graph.weight_bytes
