"""Every rule, and what they find: small functions from graph and chip, one file a subject."""

from __future__ import annotations

# Importing a file of rules registers them; this is the order in which they are told.
from anenas.ane import _layout_rules, _operation_rules, _precision_rules, _program_rules, _shape_rules  # noqa: F401
from anenas.ane._chips import Chip
from anenas.ane._registry import RULES, Finding, Rule, Severity
from anenas.graph import Graph


def rules() -> tuple[Rule, ...]:
    """Every rule."""
    return tuple(RULES.values())


def check(graph: Graph, chip: Chip, *, only: Severity | None = None) -> list[Finding]:
    """What every rule finds in a graph.

    Args:
        graph: The program.
        chip: The chip that it shall run on.
        only: Ask the rules of this severity alone, which is faster.
    """
    asked = [rule for rule in RULES.values() if only in (None, rule.severity)]
    return [finding for rule in asked for finding in rule.find(graph, chip)]
