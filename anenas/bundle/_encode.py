"""How a text becomes what a model of texts takes, in Python; the card and the Swift have templates of their own."""

from __future__ import annotations

from anenas.bundle._templates import render


def python_encoder(tokens: str, steps: int) -> str:
    """A function `encode` for a module that has imported json, unicodedata and torch, and knows its folder as HERE."""
    return render("encode.py", tokens=tokens, steps=steps)
