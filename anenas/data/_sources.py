"""Data sources by name: what `data="wav:recordings"` stands for."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from anenas._errors import AnenasError, unknown
from anenas._files import expanded, is_folder
from anenas._registry import Registry
from anenas.data._file_table import is_file_table
from anenas.data._format import InputFormat
from anenas.inputs import TEXTS, InputKind
from anenas.tables import header_of

IN_MEMORY = "(in memory)"
"""What a study stores as the source of data given as objects."""

_Read = Callable[[str, InputFormat], Any]
_R = TypeVar("_R", bound=_Read)
_PATHS = ("FILE", "FOLDER", "FILE:COLUMN")


@dataclass(frozen=True)
class DataSource:
    """A data source.

    Attributes:
        name: Before the colon.
        read: Called with the text after the colon, and the wanted format.
        kinds: Of input that it gives; empty if it gives whatever is asked for.
        rest: The text after the colon, in messages.
        suffix: Of files that it reads without being named.
        known: All valid texts after the colon, if they are few.
    """

    name: str
    read: _Read
    kinds: tuple[InputKind, ...]
    rest: str
    suffix: str
    known: tuple[str, ...]

    def __post_init__(self) -> None:
        # A registry tells two of one name apart by these.
        vars(self).update(__module__=self.read.__module__, __qualname__=self.read.__qualname__)

    def __str__(self) -> str:
        """As the user writes it."""
        if self.suffix:
            return f"{self.rest}{self.suffix}"
        return f"{self.name}:{self.rest}" if self.rest else self.name

    def gives(self, kind: InputKind) -> bool:
        """Whether it gives that kind of input."""
        return not self.kinds or kind in self.kinds


_SOURCES: Registry[DataSource] = Registry("data source")


def source(
    name: str, *kinds: InputKind, rest: str = "NAME", suffix: str = "", known: Iterable[str] = ()
) -> Callable[[_R], _R]:
    """A decorator that makes a function a data source: it reads what `data="name:REST"` names.

        @anenas.source("blobs", IMAGES)  # from anenas.inputs
        def read_blobs(rest, wanted):
            x, y = make_blobs(int(rest))  # uint8 (N, H, W, C), and integers (N,)
            return {"train_x": x, "train_y": y, "test_x": x[:99], "test_y": y[:99], "class_names": ["few", "many"]}

    In a file that `--plugin` names, this gives `--data blobs:500`. The function is called as `read(rest, wanted)`:

    - `rest` is the text after the colon, empty if there is none.
    - `wanted` is the `InputFormat` that the networks need: its `kind` and, depending on that, `size` and `channels`,
      `steps`, `rate` and `steps`, or `encoding` and `steps`. The function may use it, such as to decode recordings, or
      ignore it: images of any size are resized afterwards, and converted between colour and grey.

    It returns any object that `load_data` takes: a mapping of arrays as in an .npz file, map-style data sets of torch
    for the existing splits, or a `Dataset`. Missing splits are held out of the training split, except for arrays, which
    must have a test split. For its user's mistakes it raises `AnenasError` with one line that says what was expected.
    It is called once per search, in the main process, and again by an export; it must return the same data each time.

    Args:
        name: Before the colon.
        kinds: Of input that it gives, from `anenas.inputs`; none if it gives whatever is asked for.
        rest: The text after the colon, in messages. "FILE", "FILE:COLUMN" and "FOLDER" are paths, which a study
            stores as absolute ones; with "" there is no colon.
        suffix: Of files that it reads without being named, such as ".npz".
        known: All valid texts after the colon, if they are few, to suggest to users who forget the name.

    Raises:
        AnenasError: When used, if there is another source of that name.
    """

    def add(read: _R) -> _R:
        _SOURCES(name)(DataSource(name, read, kinds, rest, suffix, tuple(known)))
        return read

    return add


def find_source(text: str, kind: InputKind) -> tuple[DataSource, str]:
    """The source that a text names, and the text to call it with.

    Args:
        text: Such as "wav:recordings", "mine.npz" or "fashion_mnist".
        kind: Of input that is wanted.

    Raises:
        AnenasError: If there is no such source, or it gives another kind of input.
    """
    found = _find(text)
    if found is None:
        raise _unknown(text, kind)
    origin, rest = found
    if origin.name == "csv" and not origin.gives(kind) and is_file_table(expanded(rest)):
        return find_source(f"table:{rest}", kind)
    if origin.name == "csv" and _holds_texts(rest):
        if kind is TEXTS:
            raise AnenasError(f"{text} contains text: write it as text:{rest}")
        raise wrong_kind(f"text:{rest}", TEXTS, kind)
    if not origin.gives(kind):
        raise wrong_kind(text, origin.kinds[0], kind)
    return found


def _holds_texts(path: str) -> bool:
    """Whether the header of a .csv file is that of a table of texts rather than of series."""
    names = header_of(expanded(path))
    return "text" in names and "window" not in names


def _find(text: str) -> tuple[DataSource, str] | None:
    name, colon, rest = text.partition(":")
    if name in _SOURCES:
        found = _SOURCES[name]
        if rest if found.rest in _PATHS else found.rest or not colon:
            return found, rest
    suffix = Path(text).suffix.lower()
    by_suffix = (one for one in _all() if one.suffix and one.suffix == suffix)
    return next(((one, text) for one in by_suffix), None)


def _all() -> list[DataSource]:
    return [_SOURCES[name] for name in _SOURCES]


def _unknown(text: str, kind: InputKind) -> AnenasError:
    if text == IN_MEMORY:
        return AnenasError(
            "they were given as Python objects, which are not stored: pass the same objects again as `data`"
        )
    if text and is_folder(expanded(text)):
        forms = [f"{one.name}:{text}" for one in _all() if one.rest == "FOLDER" and one.gives(kind)]
        if forms:
            return AnenasError(f"'{text}' is a folder; for a folder of class folders, use {' or '.join(forms)}")
    for one in _all():
        for known in one.known:
            if text.casefold() == known.casefold():
                return AnenasError(f"unknown data source '{text}'; did you mean {one.name}:{known}?")
    name, colon, _ = text.partition(":")
    if colon and (near := difflib.get_close_matches(name.casefold(), list(_SOURCES), n=1)):
        return AnenasError(f"unknown data source '{text}'; did you mean {_SOURCES[near[0]]}?")
    return unknown("data source", text, map(str, _all()))


def wrong_kind(what: str, found: InputKind, wanted: InputKind) -> AnenasError:
    """An error for data of one kind where another is wanted.

    Args:
        what: The data.
        found: Their kind.
        wanted: The other.
    """
    return AnenasError(
        f"{what} has {found}, not {wanted}: search with a space for {found}, such as {found.example_space}, or "
        f"name {wanted}: {source_forms(wanted)}"
    )


def source_forms(kind: InputKind) -> str:
    """The sources that give a kind of input, as the user writes them."""
    return ", ".join(sorted(str(one) for one in _all() if one.gives(kind)))


def kind_of_source(data: object) -> InputKind | None:
    """The kind of input that named data are of; None if they may be of several, have no name or are unknown."""
    text = source_text(data)
    if text is None:
        return None
    found = _find(text)
    return found[0].kinds[0] if found and len(found[0].kinds) == 1 else None


def beside(text: str, other: str) -> str:
    """Other data of the same kind: as they are named, or a folder or file that the source of `text` reads."""
    found = _find(text)
    return other if _find(other) or found is None or found[0].rest not in _PATHS else f"{found[0].name}:{other}"


def absolute_source(data: object) -> str | dict[str, str] | None:
    """The name of data with absolute paths, so that it is valid in any folder; None stays None.

    Of splits with names of their own it is each. Objects have no name: loading what this returns for them says so.
    """
    if data is None:
        return None
    if isinstance(data, Mapping) and data and all(source_text(one) for one in data.values()):
        return {part: str(absolute_source(one)) for part, one in data.items()}
    text = source_text(data)
    if text is None:
        return IN_MEMORY
    found = _find(text)
    if found is None or found[0].rest not in _PATHS:
        return text
    path = expanded(found[1]).absolute()
    return str(path) if found[1] == text else f"{found[0].name}:{path}"


def source_folder(data: object, split: str = "test") -> Path | None:
    """The folder that names of files are below, see `Split.names`; None where data are in no folder of files."""
    if isinstance(data, Mapping):  # splits with sources of their own
        data = data.get(split, data.get("train"))
    text = source_text(data)
    found = _find(text) if text else None
    return expanded(found[1]) if found and found[0].rest == "FOLDER" else None


def source_text(data: object) -> str | None:
    """A name or a path as text; None for data that are objects."""
    return str(data) if isinstance(data, (str, Path)) else None
