"""Every rule, and what the rules find: small functions from graph and chip, one file a subject."""

from __future__ import annotations

# Importing a file of rules registers them, in this order.
from anenas.ane import _layout_rules, _operation_rules, _precision_rules, _program_rules, _shape_rules  # noqa: F401
from anenas.ane._chips import Chip
from anenas.ane._registry import RULES, SEVERITIES, Finding, Rule, Severity
from anenas.graph import Graph


def rules() -> tuple[Rule, ...]:
    """Every rule."""
    return tuple(RULES.values())


def check(graph: Graph, chip: Chip, *, only: Severity | None = None) -> list[Finding]:
    """What every rule finds in a graph, the most severe first.

    Args:
        graph: The program.
        chip: The chip that it is to run on.
        only: Ask the rules of this severity alone, which is faster.
    """
    asked = [rule for severity in SEVERITIES for rule in RULES.values() if rule.severity == severity]
    return [finding for rule in asked if only in (None, rule.severity) for finding in rule.find(graph, chip)]
