"""How a block declares what may be chosen for it, and how a choice is written in an architecture string."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Value = int | bool | str


@dataclass(frozen=True)
class Choice:
    """One thing to choose about a block.

    Attributes:
        name: The field of the block, and the key in a space's YAML.
        key: What stands before the value in an architecture string: "k" makes "k3". A true boolean is its bare key
            and a false one is left out; strings stand for themselves and have an empty key.
        options: Every legal value, the default first.
        rule: What they are, where they are too many to be listed in a message.
    """

    name: str
    key: str
    options: tuple[Value, ...]
    rule: str = ""

    def format(self, value: Value) -> str:
        """The token for `value`, empty where there is nothing to write."""
        if isinstance(value, bool):
            return self.key if value else ""
        return f"{self.key}{value}"


def choice(key: str, *options: Value, rule: str = "") -> Any:
    """A dataclass field that is a choice among `options`, the first of which is its default; see `Choice`."""
    return field(default=options[0], metadata={"choice": (key, options, rule)})
