"""What a rule is, and the registry of rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from anenas.ane._chips import Chip
from anenas.graph import Graph

Severity = Literal["error", "warning", "info"]

SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""The most severe first."""

Problem = tuple[str, str, str]
"""Name of the operation, empty for the whole program; what is wrong; how to fix it."""

RULES: dict[str, Rule] = {}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a rule reports about a program.

    Attributes:
        rule: The rule's name.
        severity: "error" if it leaves the engine or does not run, "warning" if it runs but wastes time, "info" for
            facts.
        op: The operation's name, empty for the whole program.
        message: What is wrong.
        fix: How to fix it.
    """

    rule: str
    severity: Severity
    op: str
    message: str
    fix: str

    @property
    def is_error(self) -> bool:
        return self.severity == "error"


@dataclass(frozen=True)
class Rule:
    """A checkable guideline.

    Attributes:
        id: Its name.
        severity: Severity of its findings.
        guideline: What it demands of a program.
        evidence: What is publicly known for and against the guideline, with sources.
        problems: Finds what breaks the guideline in a graph.
    """

    id: str
    severity: Severity
    guideline: str
    evidence: str
    problems: Callable[[Graph, Chip], Iterator[Problem]]

    def find(self, graph: Graph, chip: Chip) -> Iterator[Finding]:
        """What breaks the rule in a graph."""
        for op, message, fix in self.problems(graph, chip):
            yield Finding(self.id, self.severity, op, message, fix)


def rule(
    id: str, severity: Severity, *, guideline: str, evidence: str
) -> Callable[[Callable[[Graph, Chip], Iterator[Problem]]], Callable[[Graph, Chip], Iterator[Problem]]]:
    """Registers a function from graph and chip to problems as a rule."""

    def register(problems: Callable[[Graph, Chip], Iterator[Problem]]) -> Callable[[Graph, Chip], Iterator[Problem]]:
        RULES[id] = Rule(id, severity, guideline, evidence, problems)
        return problems

    return register
