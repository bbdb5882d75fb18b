"""How a block declares its choices, and how they are written in an architecture string."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from anenas._errors import AnenasError

Value = int | bool | str


@dataclass(frozen=True)
class Choice:
    """One choice of a block.

    Attributes:
        name: The field of the block, and the key in a space's YAML.
        key: The prefix of the value in an architecture string: "k" makes "k3". A true boolean is its bare key and a
            false one is left out; strings are written as they are and have an empty key, or, beside booleans, follow
            the key: "se" makes "sethin".
        options: Every valid value, the default first.
        rule: Describes the options in messages, if they are too many to list.
        later: Whether the block got it later.
    """

    name: str
    key: str
    options: tuple[Value, ...]
    rule: str = ""
    later: bool = False

    def format(self, value: Value) -> str:
        """The token for `value`, empty if there is nothing to write."""
        if isinstance(value, bool):
            return self.key if value else ""
        return f"{self.key}{value}"


def choice(key: str, *options: Value, rule: str = "", later: bool = False) -> Any:
    """A field of a block that is a choice: `kernel: int = choice("k", 3, 5)`.

    Args:
        key: The prefix of the value in architecture strings, of lower-case letters: "k" makes "k3". Strings are written
            as they are and have an empty key, true booleans are written as their key, and strings beside booleans
            follow it.
        options: Every valid value, the default first: whole numbers from 0, or booleans, or strings of lower-case
            letters and digits, or booleans and such strings.
        rule: Describes the options in messages, if they are too many to list.
        later: Whether the block got it later: spaces that offer only its default, and their studies, stay what they
            were without it. The default must have no token, like a boolean's false.

    Raises:
        AnenasError: If they cannot be written in an architecture string.
    """
    kinds = {type(option) for option in options}
    is_key = re.fullmatch("" if kinds == {str} else "[a-z]+", key)
    if (len(kinds) != 1 and kinds != {bool, str}) or not is_key or not all(_is_option(option) for option in options):
        raise AnenasError(
            f"choice{(key, *options)}: expected a key of lower-case letters and whole numbers from 0 or booleans, as in"
            " choice('k', 3, 5), or an empty key and strings of lower-case letters and digits, as in "
            "choice('', 'a', 'b')"
        )
    if len(set(options)) < len(options):
        raise AnenasError(f"choice{(key, *options)}: an option is repeated")
    return field(default=options[0], metadata={"choice": (key, options, rule, later)})


def _is_option(option: object) -> bool:
    if isinstance(option, str):
        return bool(re.fullmatch("[a-z0-9]+", option))
    return isinstance(option, int) and option >= 0
