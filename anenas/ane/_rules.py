"""Every rule, and what they find: small functions from graph and chip, one file a subject."""

from __future__ import annotations

# Importing a file of rules registers them; this is the order in which they are told.
from anenas.ane import _layout_rules, _operation_rules, _precision_rules, _program_rules, _shape_rules  # noqa: F401
from anenas.ane._chips import Chip
from anenas.ane._registry import RULES, Finding, Rule
from anenas.graph import Graph


def rules() -> tuple[Rule, ...]:
    """Every rule."""
    return tuple(RULES.values())


def check(graph: Graph, chip: Chip) -> list[Finding]:
    """What every rule finds in a graph."""
    return [finding for rule in RULES.values() for finding in rule.find(graph, chip)]
