"""What a network is trained for: the base of every task, and their registry."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from anenas._registry import Registry
from anenas.tasks._arrays import Labels, Names
from anenas.tasks._cells import Cells

if TYPE_CHECKING:
    import torch
    from torch import nn

Loss = Callable[["torch.Tensor", "torch.Tensor"], "torch.Tensor"]
"""From what a network gives, (N, K), and labels to the loss, ()."""


@dataclass(frozen=True)
class Task(ABC):
    """What a network is trained for.

    One of your own is a subclass, most easily of `Classification`, `Multilabel` or `Regression`: labels, outputs,
    Swift, card and report are then theirs, and only what differs is to be written. `task` makes it known by a name.

    Attributes:
        name: As `--task` takes it.
    """

    name: str

    metrics: ClassVar[tuple[str, ...]]
    """Names of what says how well a network does; the first is what it is searched by."""
    ending: ClassVar[str]
    """What the end of the model makes of what the network gives, a sentence of its card."""
    class_metrics: ClassVar[tuple[str, ...]] = ()
    """Names of what says that of one class, before the "@"."""
    classifies: ClassVar[bool] = True
    """Whether what is told are probabilities of classes, rather than numbers in units of their own."""
    threshold: ClassVar[float | None] = None
    """From which probability on an input belongs to a class, where it may to several; None where it has one."""

    def __str__(self) -> str:
        return self.name

    def usual_metrics(self, count: int) -> tuple[str, ...]:
        """The metrics that say something where there are so many classes or targets."""
        return self.metrics

    def measures(self, metric: str) -> bool:
        """Whether a metric of that name is one of its own, or its user's."""
        family = metric.partition("@")[0]
        others = {name for task in TASKS.values() for name in (*task.metrics, *task.class_metrics)}
        return family in self.metrics or family in self.class_metrics or family not in others

    @abstractmethod
    def read(self, where: str, labels: Labels, names: Names | None) -> tuple[Mapping[str, NDArray[Any]], Names]:
        """Labels of arrays as the task has them, and the name of each class or number.

        Args:
            where: What to call the arrays in messages.
            labels: By the key of their split, "train_y" among them.
            names: Of the classes or numbers; None where nothing tells, so that they are numbered.

        Raises:
            AnenasError: If they are none of this task; it names the key, and what was expected.
        """

    @abstractmethod
    def read_cells(self, cells: Cells) -> tuple[NDArray[Any], Names]:
        """Labels of a table as the task has them, and the name of each class or number.

        Raises:
            AnenasError: If they are none of this task; it names the row, and what was expected.
        """

    @abstractmethod
    def arrange(self, labels: NDArray[Any], names: Sequence[str], wanted: Sequence[str]) -> NDArray[Any]:
        """Labels of classes or numbers in one order as those of another.

        Args:
            labels: As the task has them.
            names: Of their classes or numbers, each among the wanted.
            wanted: The names in the other order.

        Raises:
            AnenasError: If there is nothing of one that is wanted, and it cannot do without.
        """

    @abstractmethod
    def problem_of(self, labels: NDArray[Any], count: int, inputs: int) -> str:
        """What is wrong with the labels of a split, in words; empty where nothing is.

        Args:
            labels: As the task has them.
            count: Number of classes or targets.
            inputs: Number of inputs.
        """

    def class_counts(self, labels: NDArray[Any], count: int) -> NDArray[np.int64]:
        """(K,): how many inputs each class has; (0,) where there are none."""
        return np.zeros(0, np.int64)

    def strata(self, labels: NDArray[Any]) -> NDArray[np.int64]:
        """(N,): what a split that is held out has its part of, such as the classes."""
        return np.zeros(len(labels), np.int64)

    def draws(self, labels: NDArray[Any]) -> NDArray[np.float64]:
        """(N,), in sum 1: how likely each input is to be drawn, for every class to be as frequent in training.

        Args:
            labels: Of the training split.
        """
        strata = self.strata(labels)
        weights = 1 / np.bincount(strata)[strata]
        return weights / weights.sum()

    @abstractmethod
    def loss(self, labels: NDArray[Any], count: int, *, balanced: bool = False) -> Loss:
        """What is minimised in training.

        Args:
            labels: Of the training split.
            count: Number of classes or targets.
            balanced: Whether it is as if every class were as frequent, however many inputs it has.
        """

    @abstractmethod
    def output(self, labels: NDArray[Any]) -> nn.Module:
        """What makes, of what the network gives, what is told: (N, K) to (N, K).

        Args:
            labels: Of the training split.
        """

    @abstractmethod
    def linear(
        self, features: NDArray[np.float32], labels: NDArray[Any], count: int, strength: float
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The linear layer that does the task best on features: its weight, (K, C), and bias, (K,).

        Args:
            features: (N, C), each of zero mean and unit variance.
            labels: Of these inputs.
            count: Number of classes or targets.
            strength: How little it is regularised, scikit-learn's C.
        """

    @abstractmethod
    def constant(self, labels: NDArray[Any], count: int) -> NDArray[np.float64]:
        """(K,): what a model tells at best that knows nothing of its input.

        Args:
            labels: Of the training split.
            count: Number of classes or targets.
        """


TASKS: Registry[Task] = Registry("task", in_trials=True)
"""Every task by name."""

Kind = TypeVar("Kind", bound=type[Task])


def task(name: str) -> Callable[[Kind], Kind]:
    """A decorator that makes a subclass of `Task` known by a name.

        @anenas.task("ordinal")
        class Ordinal(Classification):
            metrics = ("off_by", "accuracy")
            ...

    With it come `--task ordinal` and `run_search(task="ordinal")`; its first metric is what is searched by.

    Raises:
        AnenasError: When used, if there is another task of that name.
    """

    def add(kind: Kind) -> Kind:
        TASKS(name)(kind(name))
        return kind

    return add
