"""Which candidates a rung lets go on when few held-out inputs tell little, with accuracies as they are and shrunk.

    python experiments/rung_noise.py [--architectures 40] [--draws 1000]

From the trainings that `ladders.py` recorded, draws so many candidates at a time, gives the accuracy of each at the
rung the noise of so many held-out images, and lets one in three go on, by non-dominated sorting. Prints how much of the
pooled front of all, each trained in full, those hold that went on, with the standard error of the difference.
"""

from __future__ import annotations

import argparse
import dataclasses

import numpy as np
from pooled_front import PooledFront
from rich.console import Console
from rich.table import Table
from training_studies import EVALUATOR, Bench, Results, pauses

from anenas._pareto import ranking
from anenas.search import Evaluation
from anenas.search._early_stopping import REDUCTION
from anenas.search._shrinkage import shrunk

_RUNG = 1 / 8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--architectures", type=int, default=40)
    parser.add_argument("--draws", type=int, default=1000)
    args = parser.parse_args()
    bench, results, rng = Bench.default(2), Results("correlation"), np.random.default_rng(0)
    rung, final = [], []
    for architecture in bench.architectures(args.architectures):
        recorded, estimate = pauses(bench, results, architecture), EVALUATOR.estimate(architecture)
        rung.append(Evaluation(recorded[_RUNG][0], estimate, _RUNG))
        final.append((1 - recorded[1.0][0], estimate.latency.ms))
    share = PooledFront([final]).share
    table = Table("held-out images", "candidates", "as they are", "shrunk", "gain")
    for held_out in (100, 400, 2000):
        for count in (9, 24):
            found = np.empty((args.draws, 2))
            for draw in found:
                chosen = rng.choice(len(rung), count, replace=False)
                accuracies = rng.binomial(held_out, [rung[i].accuracy for i in chosen]) / held_out
                noisy = [
                    dataclasses.replace(rung[i], accuracy=float(accuracy), held_out=held_out)
                    for i, accuracy in zip(chosen, accuracies, strict=True)
                ]
                for place, seen in enumerate((noisy, shrunk(noisy))):
                    best = ranking([(1 - e.score, e.estimate.latency.ms) for e in seen])[: count // REDUCTION]
                    draw[place] = share([final[chosen[i]] for i in best])
            gains = found[:, 1] - found[:, 0]
            error = gains.std() / len(gains) ** 0.5
            cells = (f"{found[:, 0].mean():.3f}", f"{found[:, 1].mean():.3f}", f"{gains.mean():+.3f} ± {error:.3f}")
            table.add_row(str(held_out), str(count), *cells)
    Console().print(table)


if __name__ == "__main__":
    main()
