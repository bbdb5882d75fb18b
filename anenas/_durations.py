"""Seconds as people say them."""

from __future__ import annotations


def duration(seconds: float) -> str:
    """Such as "7 s", "2 min 5 s" or "3 h 20 min"."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
