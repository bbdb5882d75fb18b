"""The one exception a user can fix, and the "did you mean" that goes with it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator

_UNSHOWN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")  # controls, ends of lines, halves of characters
_BEGIN, _END = 3000, 1000  # characters of a line: what is longer holds a whole file of someone's


class AnenasError(Exception):
    """Something the user can fix: one line that says what was expected and how to get there.

    The command line prints it without a traceback and exits with 2. Messages name cells, labels and paths of others;
    what would break the line, or cannot be printed, is escaped, and the middle of a line without end is left out.

    Args:
        lines: The line; several only where all that is wrong is told at once.
    """

    def __init__(self, *lines: object) -> None:
        super().__init__(*(_as_line(str(line)) for line in lines))

    def __str__(self) -> str:
        return "\n".join(self.args)


def _as_line(text: str) -> str:
    text = _UNSHOWN.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
    return text if len(text) <= _BEGIN + _END else f"{text[:_BEGIN]} … {text[-_END:]}"


def unknown(what: str, name: str, known: Iterable[str], listed: Iterable[str] | None = None) -> AnenasError:
    """An error for a name that is not one of `known`, offering the nearest ones.

    Args:
        what: What the name was meant to be, such as "chip".
        name: The name as the user gave it.
        known: Every name that would have been accepted.
        listed: Those that are listed where none is near, if they are too many.
    """
    options = sorted(known)
    by_folded = {option.casefold(): option for option in options}
    near = difflib.get_close_matches(name[:200].casefold(), list(by_folded), n=3, cutoff=0.5)
    hint = (
        f"did you mean {' or '.join(by_folded[n] for n in near)}?"
        if near
        else f"known: {', '.join(options if listed is None else listed)}"
    )
    return AnenasError(f"unknown {what} '{plain(name)}'; {hint}")


def first_line(error: BaseException) -> str:
    """The first line of an exception's message, or its type if it has none."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def causes(error: BaseException) -> Iterator[BaseException]:
    """An exception and all that led to it, as far as it tells."""
    left, seen = [error], set[int]()
    while left:
        one = left.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        # SQLAlchemy's have the driver's as `orig`.
        linked = (one.__cause__, one.__context__, getattr(one, "orig", None))
        left += [other for other in linked if isinstance(other, BaseException)]


def plain(text: str, most: int = 200) -> str:
    """What a file of others says, as it can be printed: in one line, with odd characters escaped, and not without end.

    Args:
        text: Of any content.
        most: Characters that are kept.
    """
    shown = text if text.isprintable() else text.encode("unicode_escape").decode()
    return shown if len(shown) <= most else f"{shown[:most]}…"
