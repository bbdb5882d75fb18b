"""What programs of anenas call their inputs and outputs."""

from __future__ import annotations

from anenas import inputs

INPUT, SERIES, TOKENS = (kind.core_ml_name for kind in (inputs.IMAGES, inputs.SERIES, inputs.TEXTS))
OUTPUT = "probabilities"
NEXT = "_out"
"""What the output of a streaming program that is an input's next value has behind that input's name."""
