"""What judges architectures: the seam between the search and whatever it searches for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, Self, runtime_checkable

from anenas.latency import OwnDevice
from anenas.search._evaluation import Estimate, Evaluation
from anenas.search.executors import TrialFiles
from anenas.space import Architecture


class Evaluator(Protocol):
    """Judges architectures: at once and roughly, or by training them.

    `TrainingEvaluator` is the product's own; `run_search(evaluator=...)` takes any other. It travels to where trials
    run by pickling, so it holds settings rather than data: what is large lies in `TrialFiles.data`. Equal arguments
    give equal results: a trial can be run anywhere, and again.
    """

    def estimate(self, architecture: Architecture) -> Estimate:
        """What is known without training, in microseconds: it is called for thousands of candidates a second.

        Its `broken_rules` say why an architecture cannot be evaluated; such a candidate is recorded as infeasible.
        """
        ...

    def evaluate(self, architecture: Architecture, files: TrialFiles, budget_fraction: float = 1.0) -> Evaluation:
        """Train and export; what the trial leaves behind goes into `files.folder`, which exists.

        With a `budget_fraction` below 1 only that much of the training is done and nothing is exported. The folder
        then holds what is needed to continue when it is given again with a larger fraction; without that the training
        begins anew, with the same result.

        Raises:
            Exception: Whatever goes wrong. The trial is recorded as failed, with the first line of the message.
        """
        ...

    def test(self, architecture: Architecture, files: TrialFiles) -> float:
        """Accuracy on the test split of what `evaluate` or `finish` left in `files.folder`."""
        ...


@runtime_checkable
class FinalEvaluator(Evaluator, Protocol):
    """An evaluator that can train a network further before it ships. One that cannot leaves that phase out."""

    def finish(self, architecture: Architecture, files: TrialFiles, cycles: Sequence[int]) -> Evaluation | None:
        """Train the weights in `files.donor` further, and export what becomes of them into `files.folder`.

        Args:
            architecture: Of the weights.
            files: The folder is empty, and in the end holds what `evaluate` leaves in its own. The network learns from
                the teacher too, where there is one.
            cycles: Trainings to do one after the other, in passes over the data each. After one that has made the
                network no better on the validation inputs, the others are left out, and what it did is forgotten.

        Returns:
            What came out; None where the first has made it no better, and nothing was exported.

        Raises:
            Exception: Whatever goes wrong. What `evaluate` left ships then.
        """
        ...


@runtime_checkable
class AdaptableEvaluator(Evaluator, Protocol):
    """An evaluator whose estimates can follow devices that were measured. Those of any other stay as they are."""

    def adapted(self, device: OwnDevice) -> Self | None:
        """The same with estimates for that device on the main chip; None where they are not the calibrated model's."""
        ...
