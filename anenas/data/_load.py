"""From what the user names to a data set that is ready to train on."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from anenas._errors import AnenasError, unknown
from anenas.ane import dimension_problem
from anenas.data._csv import read_csv
from anenas.data._cut import cut, cut_groups
from anenas.data._dataset import Dataset, Split
from anenas.data._folder import read_folder
from anenas.data._npz import read_embedded, read_embedded_series, read_npz
from anenas.data._recordings import Heard, read_recordings, read_spectrograms
from anenas.data._series import Series
from anenas.data._source import Examples, Source
from anenas.data._text import Encoding, Texts
from anenas.data._text_table import read_texts
from anenas.data._torchvision_sets import SETS, read_torchvision

_EMBEDDED, _EMBEDDED_SERIES = "fashion_mnist", "wrist_motion"
_PATHS = ("images", "text", "wav", "mel")
_FORMS = (
    _EMBEDDED, _EMBEDDED_SERIES, "images:PATH", "text:FILE", "wav:PATH", "mel:PATH", "FILE.npz", "FILE.csv",
    "torchvision:NAME",
)  # fmt: skip
_TEST_FRACTION = 0.2
_MOST_VALIDATION = 5000  # more would only make each trial slower: an accuracy is known to 0.7 % by then


def load_data(
    source: str | None = None,
    *,
    size: tuple[int, int] | None,
    channels: int | None = None,
    rate: int | None = None,
    validation: float = 0.2,
    seed: int = 0,
    say: Callable[[str], None] = lambda line: None,
) -> Dataset:
    """Reads a data set, brings images or waveforms to one shape and holds out a validation split.

    The validation split is cut out of the training split, class by class: at most 5,000, rare classes aside. A source
    without a test split has a fifth of it cut out for one in the same way first; what has a validation split keeps its
    own. What is in groups, such as people, is cut group by group.

    Args:
        source: "fashion_mnist" or "wrist_motion" for an embedded set, of which the second is of series; "images:PATH"
            for a folder of class folders; "wav:PATH" for one of recordings, and "mel:PATH" for the spectrograms of
            such as series; the path of an .npz file; that of a .csv file of series, as `read_csv` has it; or
            "torchvision:NAME", downloaded on first use. By default the embedded set of what is asked for.
        size: (height, width) to resize to. Photos are cropped to keep their proportions, arrays are stretched. None
            asks for series at their own length, and (1, steps) for series of that length: they are never resized.
        channels: 1 turns colour into luma, 3 repeats grey; None keeps what the source has.
        rate: Samples a second of waveforms, of which size is (1, samples); None for all else.
        validation: The share of the training split to hold out, between 0 and 1.
        seed: Decides what is held out, nothing else.
        say: Called with a line about each thing that was done to recordings.

    Raises:
        AnenasError: The source cannot be read, or an argument does not fit it.
    """
    if size is not None and min(size) < 1:
        raise AnenasError(f"size must be (height, width) of at least 1×1 pixels, not {size}")
    if not 0 < validation < 1:
        raise AnenasError(f"validation must be a share between 0 and 1, such as 0.2, not {validation}")
    if seed < 0:
        raise AnenasError(f"seed must be 0 or more, not {seed}")
    # An image may be 1×1, but a row of pixels is none.
    series = size is None or (size[0] == 1 and size[1] > 1)
    heard = Heard(rate, size[1]) if rate and size else None
    if heard and source is None:
        raise AnenasError(
            "no recordings are embedded; name yours with --data wav:FOLDER, which holds a folder of .wav files for "
            "each class, or --data FILE.npz"
        )
    if source is None:
        source = _EMBEDDED_SERIES if series else _EMBEDDED
    found = _read(source, series, heard, say)
    sound = heard or source.startswith("mel:")
    _check_counts(found, "recordings" if sound else "series" if series else "images")
    channels = found.channels if channels is None else channels
    masked = False
    if isinstance(found.train.inputs, Series):
        masked = found.train.inputs.masked
        size = _own_size(found.name, found.train.inputs, size, channels)
    elif size is None:
        raise AnenasError(f"{found.name} holds images; search them with a space of images, such as mobile_cnn")
    elif channels != found.channels and {channels, found.channels} != {1, 3}:
        raise AnenasError(
            f"{found.name} has {found.channels} channels, which cannot be made {channels}; "
            f"only 1 and 3 turn into each other"
        )

    train, held, test = _parts(found, validation, seed)
    return Dataset(
        name=found.name,
        classes=found.classes,
        train=_split(train, size, channels),
        validation=_split(held, size, channels),
        test=_split(test, size, channels),
        flip=found.flip,
        facts=found.facts,
        jitter=found.jitter,
        masked=masked,
    )


def load_texts(
    source: str | None,
    encoding: Encoding,
    *,
    steps: int,
    vocabulary: tuple[str, ...] | None = None,
    validation: float = 0.2,
    seed: int = 0,
    say: Callable[[str], None] = lambda line: None,
) -> Dataset:
    """Reads texts, holds out a validation split as `load_data` does, and makes series of ids of them.

    The vocabulary is that of the training texts alone, unless a model has brought its own. It is among the data set's
    facts, as a JSON list under "vocabulary", the first of which has the id 2; under "tokens" is what its entries are.

    Args:
        source: "text:PATH" for a table, see `read_texts`, or the path of an .npz file.
        encoding: How texts become ids.
        steps: How many tokens of each text are read. Longer ones lose their end, shorter ones end at the last step.
        vocabulary: Of a model that is there already.
        validation: As `load_data` has it.
        seed: Likewise.
        say: Called with a line on what the vocabulary knows, and what is cut.

    Raises:
        AnenasError: The source cannot be read, or holds no texts.
    """
    found = _read_texts(source, encoding)
    _check_counts(found, "texts")
    parts = _parts(found, validation, seed)
    texts = [part.inputs for part in parts if isinstance(part.inputs, Texts)]
    vocabulary = encoding.learn(texts[0].texts) if vocabulary is None else vocabulary
    texts = [dataclasses.replace(one, vocabulary=vocabulary) for one in texts]
    say(texts[0].describe(steps))
    train, held, test = (Split(one.draw((1, steps), 1), part.labels) for one, part in zip(texts, parts, strict=True))
    facts = {"tokens": encoding.tokens, "vocabulary": json.dumps(vocabulary, ensure_ascii=False)}
    return Dataset(found.name, found.classes, train, held, test, flip=False, masked=True, facts=facts)


def _parts(source: Source, validation: float, seed: int) -> tuple[Examples, Examples, Examples]:
    """Training, validation and test examples; those that the source does not have are cut out of the first."""
    train, test, held = source.train, source.test, source.validation
    if test is None:
        train, test = _cut(source, train, _TEST_FRACTION, seed)
    if held is None:
        train, held = _cut(source, train, validation, seed, limit=_MOST_VALIDATION)
    return train, held, test


def _cut(
    source: Source, examples: Examples, fraction: float, seed: int, limit: int | None = None
) -> tuple[Examples, Examples]:
    """The examples without those that are held out, and those; groups stay whole."""
    if examples.groups is None:
        rest, chosen = cut(examples.labels, fraction, seed=seed, limit=limit)
    else:
        found = cut_groups(examples.labels, examples.groups, fraction, seed=seed, limit=limit)
        if found is None:
            count = len(np.unique(examples.groups))
            raise AnenasError(
                f"{source.name}: its {f'{count} groups' if count > 1 else 'only group'} cannot be parted so that each "
                f"part has every class; say which windows are train, validation and test in a column split, or leave "
                f"out the groups"
            )
        rest, chosen = found
    return examples.take(rest), examples.take(chosen)


def _own_size(name: str, series: Series, size: tuple[int, int] | None, channels: int) -> tuple[int, int]:
    """(1, steps) of series, which is what was asked for."""
    _, found, height, steps = series.array.shape
    if channels != found or size not in (None, (height, steps)):
        wanted = f"{channels} channels" + (f" and {size[1]} steps" if size else "")
        raise AnenasError(
            f"{name} holds series of {found} channels and {steps} steps, not {wanted}; series are never resized: "
            f"leave out --input, or change the file"
        )
    return height, steps


def absolute_source(source: str | None) -> str | None:
    """The source as it is called from any folder: paths made absolute, and everything else as it is."""
    kind, _, rest = (source or "").partition(":")
    if kind in _PATHS and rest:
        return f"{kind}:{Path(rest).expanduser().absolute()}"
    if source is None or not source.lower().endswith((".npz", ".csv")):
        return source
    return str(Path(source).expanduser().absolute())


def _split(examples: Examples, size: tuple[int, int], channels: int) -> Split:
    return Split(examples.inputs.draw(size, channels), examples.labels)


def _read(source: str, series: bool, heard: Heard | None, say: Callable[[str], None]) -> Source:
    if not source:
        raise unknown("data source", source, _FORMS)
    kind, colon, rest = source.partition(":")
    folder = Path(rest).expanduser()
    if kind == "wav" and rest:
        if not heard:
            instead = f"give mel:{rest}, its spectrograms" if series else "search them with speech_crnn"
            raise AnenasError(f"{source} holds waveforms, which a space with the block log_mel takes: {instead}")
        return read_recordings(folder, heard, say)
    if heard and (kind in (*_PATHS, "torchvision") or source in (_EMBEDDED, _EMBEDDED_SERIES)):
        raise AnenasError(f"{source} holds no waveforms; this space takes wav:FOLDER, or FILE.npz")
    if kind == "mel" and rest:
        if not series:
            raise AnenasError(f"{source} is read as series; search them with a space of series, such as sequence_rnn")
        return read_spectrograms(folder, say)
    if source == _EMBEDDED:
        return read_embedded()
    if source == _EMBEDDED_SERIES:
        if not series:
            raise AnenasError(f"{source} holds series; search them with a space of series, such as sequence_rnn")
        return read_embedded_series()
    if kind == "images" and rest:
        return read_folder(folder)
    if kind == "text" and rest:
        raise AnenasError(f"'{source}' holds texts; search them with a space of texts, such as text_rnn")
    if kind == "torchvision" and colon:
        return read_torchvision(rest)
    path = Path(source).expanduser()
    if path.suffix.lower() == ".npz":
        return read_npz(path, series=series, heard=heard, say=say)
    if path.suffix.lower() == ".csv":
        if not series or heard:
            raise AnenasError(f"'{source}' holds series; search them with a space of series, such as sequence_rnn")
        return read_csv(path)
    if path.is_dir():
        kind = "wav" if heard else "mel" if series else "images"
        raise AnenasError(f"'{source}' is a folder; for a folder of class folders, say {kind}:{source}")
    for name in SETS:
        if source.casefold() == name.casefold():
            raise AnenasError(f"unknown data source '{source}'; did you mean torchvision:{name}?")
    raise unknown("data source", source, _FORMS)


def _read_texts(source: str | None, encoding: Encoding) -> Source:
    kind, _, rest = (source or "").partition(":")
    if kind == "text" and rest:
        return read_texts(Path(rest).expanduser(), encoding)
    if source and source.lower().endswith(".npz"):
        return read_npz(Path(source).expanduser(), encoding=encoding)
    found = f"'{source}' names none" if source else "none is embedded"
    raise AnenasError(f"a space of texts needs texts, and {found}; expected text:FILE.csv, text:FILE.tsv or FILE.npz")


def _check_counts(source: Source, what: str) -> None:
    """Every class needs a name, and an image, or what the examples are, in each split that is there or will be cut."""
    for name in source.classes:
        if name.splitlines() != [name]:
            raise AnenasError(f"{source.name}: a class is called {name!r}; expected a name of one line")
    if problem := dimension_problem(len(source.classes)):
        raise AnenasError(f"{source.name}: the number of its classes, {problem}")
    if len(source.classes) < 2:
        raise AnenasError(f"{source.name} has only the class '{source.classes[0]}'; a classifier needs two or more")
    needed = 1 + (source.validation is None) + (source.test is None)
    counts = np.bincount(source.train.labels, minlength=len(source.classes))
    for name, count in zip(source.classes, counts, strict=True):
        if count < needed:
            raise AnenasError(
                f"{source.name}: class '{name}' has {count or 'no'} training {what} but needs at least {needed}, "
                f"so that every split gets one; add {what} or remove the class"
            )
