"""All rules, and checking graphs with them. A rule is a small function of graph and chip; one file per subject."""

from __future__ import annotations

# Importing a file of rules registers them, in this order.
from anenas.ane import (  # noqa: F401
    _condition_rules,
    _difference_rules,
    _layout_rules,
    _operation_rules,
    _precision_rules,
    _program_rules,
    _shape_rules,
)
from anenas.ane._chips import Chip
from anenas.ane._registry import RULES, SEVERITIES, Finding, Rule, Severity
from anenas.graph import Graph


def rules() -> tuple[Rule, ...]:
    """Every rule."""
    return tuple(RULES.values())


def check(graph: Graph, chip: Chip, *, only: Severity | None = None) -> list[Finding]:
    """The findings of all rules in a graph, the most severe first.

    Args:
        graph: The program.
        chip: The chip that it is to run on.
        only: Check only rules of this severity, which is faster.
    """
    chosen = [rule for severity in SEVERITIES for rule in RULES.values() if rule.severity == severity]
    return [finding for rule in chosen if only in (None, rule.severity) for finding in rule.find(graph, chip)]
