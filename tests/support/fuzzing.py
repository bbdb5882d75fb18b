"""The law of whatever reads files of others, and inputs to hold it to.

Each input is read, or ends in one `AnenasError` of one line that can be printed; within seconds and a gigabyte; and
nothing is written, and nothing executed.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import hypothesis
from hypothesis import HealthCheck
from hypothesis import strategies as st

from anenas._errors import AnenasError

COUNT = int(os.environ.get("ANENAS_FUZZ", "200"))
"""Inputs of each harness; the same 200 each time, but others each time where a number is asked for."""
_SECONDS = 10
_MIB = 1024 if sys.platform == "linux" else 2**20  # of what the system counts peak memory in
_MOST_MIB = 1024
_MOST_ADDRESSES = 8 * 2**30  # beyond those that there are

_T = TypeVar("_T")


def fuzz(share: float = 1) -> Callable[[_T], _T]:
    """Settings of a harness.

    Args:
        share: Of the usual number of inputs, for one that takes longer with each.
    """
    return hypothesis.settings(  # type: ignore[return-value]
        max_examples=max(1, round(COUNT * share)),
        derandomize="ANENAS_FUZZ" not in os.environ,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
        phases=[hypothesis.Phase.generate, *([hypothesis.Phase.shrink] if "ANENAS_FUZZ" in os.environ else [])],
    )


@contextlib.contextmanager
def lawful(folder: Path) -> Iterator[None]:
    """Holds a block that reads an input to the law.

    Args:
        folder: Where nothing may be written, deeper than its files.
    """
    before, peak, start = _contents(folder), _peak(), time.monotonic()
    with _bounded():
        try:
            yield
        except AnenasError as error:
            text = str(error)
            assert text and "\n" not in text and len(text) < 6000, f"no single line: {text[:5000]!r}"
            text.encode()
    taken, grown = time.monotonic() - start, _peak() - peak
    assert taken < _SECONDS, f"it took {taken:.0f} s"
    assert grown < _MOST_MIB, f"it took {grown:.0f} MiB"
    assert _contents(folder) == before, "it has written"


def _contents(folder: Path) -> dict[Path, tuple[int, int]]:
    found = {}
    for path in folder.rglob("*"):
        status = path.lstat()
        found[path] = status.st_size, status.st_mtime_ns
    return found


def _peak() -> float:
    """The most memory that this process has had so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _MIB


@contextlib.contextmanager
def _bounded() -> Iterator[None]:
    """Ends what takes too long, and refuses memory that is far too much, rather than wait until the system does."""

    def too_late(number: int, frame: Any) -> None:
        raise TimeoutError(f"not read after {_SECONDS} s")

    former = signal.signal(signal.SIGALRM, too_late)
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    if sys.platform == "linux":
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + _MOST_ADDRESSES, hard))
    signal.setitimer(signal.ITIMER_REAL, _SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


# What readers stumble over, whatever they read.
NUMBERS = st.sampled_from(
    [0, 1, -1, 2, 3, 7, 64, 127, 128, 255, 256, 65535, 65536, 999_983, 2**31 - 1, 2**31, -(2**31), 2**32 - 1, 2**53]
) | st.integers(-(2**63), 2**64 - 1)
TEXTS = st.sampled_from(
    [
        "",
        " ",
        "\0",
        "\n",
        "a\nb",
        "\ud800",
        "é",
        "名",
        "../../x",
        "/etc/passwd",
        "a" * 5000,
        "%s%n",
        "NaN",
        "1e999",
        "{}",
    ]
) | st.text(st.characters(), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)


@st.composite
def damaged(draw: st.DrawFn, whole: bytes, most: int = 4) -> bytes:
    """A file with some bytes changed, a part cut out, repeated or filled in, or its end missing."""
    data = bytearray(whole)
    for _ in range(draw(st.integers(1, most))):
        at = draw(st.integers(0, len(data)))
        length = draw(st.sampled_from([1, 2, 4, 8, 64]) | st.integers(0, len(data)))
        how = draw(st.sampled_from(["set", "flip", "insert", "cut", "repeat", "end"]))
        if how == "set":
            data[at : at + 8] = draw(st.binary(min_size=1, max_size=8) | st.sampled_from([bytes(8), b"\xff" * 8]))
        elif how == "flip" and at < len(data):
            data[at] ^= 1 << draw(st.integers(0, 7))
        elif how == "insert":
            data[at:at] = draw(st.binary(max_size=16))
        elif how == "cut":
            del data[at : at + length]
        elif how == "repeat":
            data[at:at] = data[at : at + length]
        else:
            del data[at:]
    return bytes(data)


@st.composite
def changed(draw: st.DrawFn, content: Any, most: int = 3) -> Any:
    """JSON data of which some values are others, are missing, or are there twice."""
    for _ in range(draw(st.integers(1, most))):
        content = _changed(draw, content)
    return content


def _changed(draw: st.DrawFn, content: Any) -> Any:
    if not isinstance(content, (dict, list)) or not content or draw(st.integers(0, 7)) == 0:
        return draw(JSON)
    if isinstance(content, dict):
        key = draw(st.sampled_from(sorted(content)))
        rest = {name: one for name, one in content.items() if name != key}
        how = draw(st.integers(0, 7))
        if how == 0:
            return rest
        return {**rest, draw(TEXTS): content[key]} if how == 1 else {**rest, key: _changed(draw, content[key])}
    at = draw(st.integers(0, len(content) - 1))
    how = draw(st.integers(0, 7))
    if how == 0:
        return content[:at] + content[at + 1 :]
    if how == 1:
        return content[: at + 1] + content[at:]
    return [*content[:at], _changed(draw, content[at]), *content[at + 1 :]]
