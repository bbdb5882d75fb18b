"""Registries of samplers, data sources and the like, which plugins add to."""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterator, Mapping, ValuesView
from typing import Generic, Literal, TypeVar

from anenas._errors import AnenasError, first_line, unknown

T = TypeVar("T")

PLUGINS = "anenas.plugins"
"""The group of entry points, each naming a module of an installed package that registers things when imported."""


class Registry(Generic[T]):
    """A table of entries by name. Calling it with a name gives a decorator that registers what it decorates.

    It is a global of its module, where `anenas._plugins` finds it. Entries are told apart by `__module__` and
    `__qualname__`, which an object that wraps a function copies from it.

    Args:
        what: What its entries are, in messages: "sampler".
        in_trials: Whether trials look entries up, which are then sent to wherever trials run.
    """

    def __init__(self, what: str, *, in_trials: bool = False) -> None:
        self.what, self.in_trials = what, in_trials
        self._entries: dict[str, T] = {}
        self._installed: set[str] = set()  # those of installed packages

    def __call__(self, name: str) -> Callable[[T], T]:
        """A decorator that registers what it decorates as `name`.

        Raises:
            AnenasError: If another entry has that name; the same one may be registered again, by a reloaded module.
        """

        def add(entry: T) -> T:
            known = self._entries.get(name)
            if known is not None and origin(known) != origin(entry):
                raise AnenasError(f"two {self.what}s have the name '{name}': {origin(known)} and {origin(entry)}")
            self._entries[name] = entry
            if _state == "loading":
                self._installed.add(name)
            return entry

        return add

    def __getitem__(self, name: str) -> T:
        """The entry of that name.

        Raises:
            AnenasError: If there is none; it offers the nearest names.
        """
        load_entry_points()
        if name not in self._entries:
            raise unknown(self.what, name, self._entries)
        return self._entries[name]

    def __contains__(self, name: object) -> bool:
        load_entry_points()
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        load_entry_points()
        return iter(self._entries)

    def __len__(self) -> int:
        load_entry_points()
        return len(self._entries)

    def items(self) -> ItemsView[str, T]:
        """Every name with its entry."""
        load_entry_points()
        return self._entries.items()

    def values(self) -> ValuesView[T]:
        """Every entry."""
        load_entry_points()
        return self._entries.values()

    def added(self) -> dict[str, T]:
        """Entries neither of anenas nor of an installed package, which other processes lack."""
        return {
            name: entry
            for name, entry in self._entries.items()
            if name not in self._installed and not origin(entry).startswith("anenas.")
        }

    def update(self, entries: Mapping[str, T]) -> None:
        """Take what another process has `added`, replacing entries of the same name."""
        self._entries.update(entries)


_state: Literal["new", "loading", "loaded"] = "new"


def load_entry_points() -> None:
    """Import the plugins of installed packages, once; every lookup in a registry begins with it.

    Raises:
        AnenasError: If one cannot be imported.
    """
    import importlib.metadata

    global _state
    if _state != "new":
        return
    _state = "loading"
    try:
        for entry in importlib.metadata.entry_points(group=PLUGINS):
            try:
                entry.load()
            except Exception as error:
                package = entry.dist.name if entry.dist else entry.value
                raise AnenasError(
                    f"plugin '{entry.name}' of the installed package {package} cannot be imported: "
                    f"{type(error).__name__}: {first_line(error)}"
                ) from error
        _state = "loaded"
    finally:
        if _state == "loading":
            _state = "new"


def origin(entry: object) -> str:
    """Where something is defined: the module and the name of a class or function, or of an object's class."""
    kind = entry if hasattr(entry, "__qualname__") else type(entry)
    return f"{getattr(kind, '__module__', '')}.{getattr(kind, '__qualname__', '')}"
