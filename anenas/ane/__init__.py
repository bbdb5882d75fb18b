"""What the Neural Engine can do: chips, guidelines, and what an operation costs."""

from anenas.ane._chips import Chip, chips, get_chip
from anenas.ane._cost import OpCost, op_costs
from anenas.ane._guidelines import MAX_DIMENSION, batch_problem, dimension_problem, is_power_of_two, width_problem
from anenas.ane._rules import Finding, check

__all__ = [
    "MAX_DIMENSION",
    "Chip",
    "Finding",
    "OpCost",
    "batch_problem",
    "check",
    "chips",
    "dimension_problem",
    "get_chip",
    "is_power_of_two",
    "op_costs",
    "width_problem",
]
