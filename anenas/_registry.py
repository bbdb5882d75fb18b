"""Names that stand for things: samplers, data sources and the like, which plugins add to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from anenas._errors import AnenasError, unknown

T = TypeVar("T")


class Registry(Generic[T]):
    """A table from names to what they stand for. Calling it with a name gives a decorator that adds what it decorates.

    Args:
        what: What its entries are, in messages: "sampler".
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._entries: dict[str, T] = {}

    def __call__(self, name: str) -> Callable[[T], T]:
        """A decorator that makes what it decorates known by `name`.

        Raises:
            AnenasError: If another entry has that name; the same one may be registered again, by a reloaded module.
        """

        def add(entry: T) -> T:
            known = self._entries.get(name)
            if known is not None and _origin(known) != _origin(entry):
                raise AnenasError(f"there are two {self._what}s called '{name}': {_origin(known)} and {_origin(entry)}")
            self._entries[name] = entry
            return entry

        return add

    def __getitem__(self, name: str) -> T:
        """The entry of that name.

        Raises:
            AnenasError: If there is none; it offers the nearest names.
        """
        if name not in self._entries:
            raise unknown(self._what, name, self._entries)
        return self._entries[name]

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


def _origin(entry: object) -> str:
    """Where something is defined."""
    kind = entry if hasattr(entry, "__qualname__") else type(entry)
    return f"{getattr(kind, '__module__', '')}.{getattr(kind, '__qualname__', '')}"
