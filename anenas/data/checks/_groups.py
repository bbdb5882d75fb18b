"""Groups, such as people, that are in two splits."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from anenas.data._raw import PARTS
from anenas.data.checks._concern import Concern, are
from anenas.data.checks._copies import WORDS
from anenas.data.checks._inspected import Inspected


def groups_in_two_splits(data: Inspected) -> Iterator[Concern]:
    """Groups with inputs in two splits."""
    known = {part: set(split.groups.tolist()) for part, split in data.parts.items() if split.groups is not None}
    for first, second in combinations([part for part in PARTS if part in known], 2):
        if shared := sorted(known[first] & known[second]):
            affected = tuple((name,) for name in shared)
            counted = are(len(shared), "group", "groups")
            message = f"{counted} in the {WORDS[first]} and the {WORDS[second]} split"
            fix = "put each group into one split, as networks know its inputs by what else they have in common"
            yield Concern("group in two splits", message, fix, affected)
