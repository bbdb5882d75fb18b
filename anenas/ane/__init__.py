"""What the Neural Engine can do: chips, guidelines, and what an operation costs."""

from anenas.ane._chips import Chip, chips, get_chip
from anenas.ane._cost import OpCost, op_costs
from anenas.ane._guidelines import MAX_DIMENSION, batch_problem, dimension_problem, is_power_of_two, width_problem
from anenas.ane._placement import Placement, placement, segments
from anenas.ane._registry import Finding, Rule, Severity
from anenas.ane._rules import check, rules
from anenas.ane._support import Support, op_support

__all__ = [
    "MAX_DIMENSION",
    "Chip",
    "Finding",
    "OpCost",
    "Placement",
    "Rule",
    "Severity",
    "Support",
    "batch_problem",
    "check",
    "chips",
    "dimension_problem",
    "get_chip",
    "is_power_of_two",
    "op_costs",
    "op_support",
    "placement",
    "rules",
    "segments",
    "width_problem",
]
