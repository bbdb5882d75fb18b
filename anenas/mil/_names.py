"""Names of inputs and outputs in programs written by anenas."""

from __future__ import annotations

from anenas import inputs

INPUT, SERIES, TOKENS = (kind.core_ml_name for kind in (inputs.IMAGES, inputs.SERIES, inputs.TEXTS))
OUTPUT = "probabilities"
NEXT = "_out"
"""Suffix of a streaming program's output that is the next value of the input of that name."""
