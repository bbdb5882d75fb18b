"""What programs of anenas call their inputs and outputs."""

INPUT, SERIES, TOKENS, OUTPUT = "image", "series", "tokens", "probabilities"
NEXT = "_out"
"""What the output of a streaming program that is an input's next value has behind that input's name."""
