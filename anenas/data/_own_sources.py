"""Splits that come from sources of their own: `{"train": "images:photos", "test": "images:field"}`."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Mapping
from pathlib import Path

from anenas._errors import AnenasError
from anenas.data._class_folders import expected_class
from anenas.data._memory import Data
from anenas.data._passed_over import some_of
from anenas.data._raw import PARTS, Examples, RawData
from anenas.data._sources import beside, source_text

_log = logging.getLogger(__name__)


def with_splits(data: Data, *, validation: str | Path | None = None, test: str | Path | None = None) -> Data:
    """Data with other data as its validation or test split.

    Args:
        data: By name.
        validation: A source of the same kind, or a folder or file for the same source; None leaves the split as it is.
        test: Likewise.

    Raises:
        AnenasError: If `data` has no name to go with theirs.
    """
    given = {part: str(other) for part, other in (("validation", validation), ("test", test)) if other is not None}
    if not given:
        return data
    text = source_text(data)
    if text is None:
        raise AnenasError(
            f"`{next(iter(given))}` is a split of named data: name the data with `data`, such as images:FOLDER"
        )
    return {"train": text} | {part: beside(text, other) for part, other in given.items()}


def splits_by_name(data: object) -> dict[str, str] | None:
    """The name of each split's data, with "train" first; None if data are not given like that."""
    if not isinstance(data, Mapping) or "train" not in data:
        return None
    texts = {part: source_text(data[part]) for part in PARTS if data.get(part) is not None}
    named = {part: text for part, text in texts.items() if text is not None}
    return named if len(named) == len(data) else None


def of_own_sources(names: Mapping[str, str], read: Callable[[str, Mapping[str, str]], RawData]) -> RawData:
    """One data set of several sources.

    Args:
        names: The name of each split's data, with "train".
        read: Reads such data, in the way that the metadata of others tell.

    Raises:
        AnenasError: If one cannot be read, has splits of its own or classes that training lacks, or is not in the
            format of the training data.
    """
    whole = read(names["train"], {})
    elsewhere = {part: text for part, text in names.items() if part != "train"}
    for part, text in elsewhere.items():
        if getattr(whole, part):
            _log.info(f"{whole.name}: its own {part} split is not used, but {text}")
    found = {
        part: _examples(whole, names["train"], read(text, whole.metadata), part, text)
        for part, text in elsewhere.items()
    }
    return dataclasses.replace(
        whole,
        validation=found.get("validation", whole.validation),
        test=found.get("test", whole.test),
        elsewhere=elsewhere,
    )


def _examples(whole: RawData, origin: str, other: RawData, part: str, text: str) -> Examples:
    """All of another source, with the labels of the whole."""
    if other.validation or other.test:
        raise AnenasError(
            f"{text} has its own splits and cannot be the {part} split; name one of its folders, or data without splits"
        )
    for key in {**whole.metadata, **other.metadata}:
        if whole.metadata.get(key) != other.metadata.get(key):
            raise AnenasError(
                f"{text} is not read in the same way as {origin}: {key} is '{other.metadata.get(key)}', not "
                f"'{whole.metadata.get(key)}'; put both into one folder, as train and {part}, to be read together"
            )
    if other.task != whole.task:
        raise AnenasError(
            f"{text} has labels of {other.task} for {some_of(other.classes, 10)}; expected those of {origin}, of "
            f"{whole.task} for {some_of(whole.classes, 10)}"
        )
    for name in other.classes:
        if name not in whole.classes:
            raise AnenasError(
                f"{text} has the class '{name}', which does not occur in {origin}; "
                f"{expected_class(name, whole.classes)}"
            )
    if other.classes == whole.classes:
        return other.train
    try:
        labels = whole.task.arrange(other.train.labels, other.classes, whole.classes)
    except AnenasError as error:
        raise AnenasError(f"{text}: {error}") from None
    return dataclasses.replace(other.train, labels=labels)
