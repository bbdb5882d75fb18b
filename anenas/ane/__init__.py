"""What the Neural Engine can do: chips, guidelines, and what an operation costs."""

from anenas.ane._calibration import Calibration, calibration
from anenas.ane._chips import Chip, chip_names, chips, get_chip
from anenas.ane._cost import chip_rates, fixed_us, graph_work, op_costs, roof
from anenas.ane._differences import KnownDifference, known_differences
from anenas.ane._guidelines import (
    MAX_DIMENSION,
    MAX_STEPS,
    batch_problem,
    dimension_problem,
    steps_problem,
    width_problem,
)
from anenas.ane._placement import Placement, placement, program_cost
from anenas.ane._program_cost import ProgramCost
from anenas.ane._registry import Finding, Rule, Severity
from anenas.ane._rules import check, rules
from anenas.ane._support import op_support

__all__ = [
    "MAX_DIMENSION",
    "MAX_STEPS",
    "Calibration",
    "Chip",
    "Finding",
    "KnownDifference",
    "Placement",
    "ProgramCost",
    "Rule",
    "Severity",
    "batch_problem",
    "calibration",
    "check",
    "chip_names",
    "chip_rates",
    "chips",
    "dimension_problem",
    "fixed_us",
    "get_chip",
    "graph_work",
    "known_differences",
    "op_costs",
    "op_support",
    "placement",
    "program_cost",
    "roof",
    "rules",
    "steps_problem",
    "width_problem",
]
