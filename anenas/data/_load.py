"""Loading a data set, named or given as objects, ready to train on."""

from __future__ import annotations

import dataclasses
import logging

import numpy as np

from anenas._errors import AnenasError
from anenas.ane import dimension_problem
from anenas.data._cut import cut, cut_groups
from anenas.data._dataset import Dataset, Split
from anenas.data._format import InputFormat
from anenas.data._memory import Data, raw_of_objects
from anenas.data._mirror import sided
from anenas.data._own_sources import of_own_sources, splits_by_name
from anenas.data._raw import PARTS, Examples, RawData
from anenas.data._sources import find_source, source_forms, source_text
from anenas.inputs import IMAGES, SERIES
from anenas.tasks import Task

_log = logging.getLogger(__name__)

_EMBEDDED = {IMAGES: "fashion_mnist", SERIES: "wrist_motion"}
_SIZE = (64, 64)
_TEST_FRACTION = _VALIDATION_FRACTION = 0.2
_MOST_VALIDATION = 5000  # more would only make each trial slower: an accuracy is known to 0.7 % by then


def load_data(
    data: Data = None,
    wanted: InputFormat | None = None,
    *,
    size: tuple[int, int] | None = None,
    channels: int | None = None,
    validation: float = _VALIDATION_FRACTION,
    seed: int = 0,
    skip_broken: bool | None = False,
) -> Dataset:
    """Reads a data set, brings its inputs to one format and holds out a validation split.

    The validation split is held out of the training split, class by class: at most 5,000, rare classes aside. Without
    a test split, a fifth is held out for one first; an existing validation split is kept. Groups, such as people, are
    held out whole. What is done to inputs on the way is logged with counts.

        load_data("images:photos", size=(96, 96))
        load_data("windows.csv", InputFormat(SERIES))
        load_data("wav:recordings", InputFormat(RECORDINGS, rate=8000, steps=16000))
        load_data("text:reviews.csv", InputFormat(TEXTS, encoding=Encoding("words", 1024), steps=128))

    Args:
        data: A name or an object. Names: "fashion_mnist" or "wrist_motion" for the embedded sets of images and series;
            "images:FOLDER" for a folder of class folders, perhaps in folders of splits, such as train, val and test
            or Training Data and Testing Data; "wav:FOLDER" for one of recordings, and "mel:FOLDER" for
            their spectrograms as series; "forecast:FILE:COLUMN" for a table with a row a step; "text:FILE" for a table
            of texts; the path of an .npz file, or of a .csv file of series; "torchvision:NAME", downloaded on first
            use; and those that plugins add with `anenas.source`. None is the embedded set of images or of series.
            Objects: a `Dataset`; numpy arrays, as a mapping with the keys of an .npz file, or as a tuple (train_x,
            train_y, test_x, test_y), optionally with class_names last; map-style data sets of torch, whose items are
            (image or array, label): one, a tuple (train, test), or a mapping of train, validation and test. Such a
            mapping of names gives each split a source of its own.
        wanted: The format that inputs are brought to; by default images of `size` and `channels`.
        size: (height, width) of images, 64×64 by default. Photos are cropped to keep their proportions, arrays are
            stretched.
        channels: Of images: 1 turns colour into luma, 3 repeats grey; None keeps those of the data.
        validation: The fraction of the training split to hold out, between 0 and 1.
        seed: Decides what is held out, nothing else.
        skip_broken: Whether images and recordings that cannot be read are left out, which is logged with their names,
            rather than an error; None is an error that does not offer to.

    Raises:
        AnenasError: The data cannot be read, or an argument does not fit them.
    """
    if wanted is None:
        wanted = InputFormat(IMAGES, _SIZE if size is None else size, channels)
    elif size is not None or channels is not None:
        raise AnenasError("give size and channels of images, or `wanted`, not both")
    if skip_broken is not False:
        wanted = dataclasses.replace(wanted, skip_broken=skip_broken)
    if not 0 < validation < 1:
        raise AnenasError(f"validation must be a fraction between 0 and 1, such as 0.2, not {validation}")
    if seed < 0:
        raise AnenasError(f"seed must be 0 or more, not {seed}")
    found = _read(data, wanted)
    _check_counts(found)
    parts = _parts(found, validation, seed)
    settled = parts[0].inputs.settle(wanted, found.name)
    for part, text in found.elsewhere.items():
        parts[PARTS.index(part)].inputs.settle(settled, text)
    if settled != wanted:  # these inputs decided something
        parts[0].inputs.tell(parts[1].inputs, settled)
    train, held, test = (Split(part.inputs.draw(settled), part.labels, part.names, part.groups) for part in parts)
    inputs = found.train.inputs
    return Dataset(
        name=found.name,
        classes=found.classes,
        train=train,
        validation=held,
        test=test,
        kind=found.kind,
        task=found.task,
        flip=inputs.flip and not sided(found.classes) if found.flip is None else found.flip,
        masked=inputs.masked,
        augmentation=found.augmentation,
        metadata={**found.metadata, **parts[0].inputs.facts(settled), **settled.metadata},
    )


def _read(data: Data, wanted: InputFormat) -> RawData:
    if names := splits_by_name(data):
        return of_own_sources(names, lambda text, metadata: _read(text, wanted.like(metadata)))
    if data is None:
        if wanted.kind not in _EMBEDDED:
            raise AnenasError(
                f"no {wanted.kind} are included in anenas; name yours with `data`: {source_forms(wanted.kind)}"
            )
        data = _EMBEDDED[wanted.kind]
    text = source_text(data)
    if text is None:
        return _of_task(raw_of_objects(data, wanted), wanted.task)
    source, rest = find_source(text, wanted.kind)
    found = raw_of_objects(source.read(rest, wanted), wanted, where=f"'{text}'", name=source.name)
    return _of_task(found, wanted.task)


def _of_task(data: RawData, asked: Task | None) -> RawData:
    """Data whose labels are those of the task that was asked for, if one was: sources of classes alone know no other.

    Raises:
        AnenasError: If they are none of that task.
    """
    if asked is None or data.task == asked:
        return data
    labels, count = data.train.labels, len(data.classes)
    if problem := asked.problem_of(labels, count, len(labels)):
        raise AnenasError(
            f"{data.name} has labels of {data.task}, not of {asked}: {problem}; a table can have them, table:labels.csv"
        )
    return dataclasses.replace(data, task=asked)


def _parts(data: RawData, validation: float, seed: int) -> tuple[Examples, Examples, Examples]:
    """Training, validation and test examples; those that the source lacks are held out of the first."""
    train, test, held = data.train, data.test, data.validation
    if test is None:
        train, test = _cut(data, train, _TEST_FRACTION, seed)
        if held is not None:
            count = f"{len(test.labels):,} of the {len(data.train.labels):,} training {data.kind}"
            _log.info(f"{data.name} has a validation split but no test split: {count} are held out for it")
    if held is None:
        train, held = _cut(data, train, validation, seed, limit=_MOST_VALIDATION)
    return train, held, test


def _cut(
    data: RawData, examples: Examples, fraction: float, seed: int, limit: int | None = None
) -> tuple[Examples, Examples]:
    """The examples that stay and those that are held out; groups stay whole."""
    if examples.groups is None:
        rest, chosen = cut(data.task.strata(examples.labels), fraction, seed=seed, limit=limit)
    else:
        found = cut_groups(data.task.strata(examples.labels), examples.groups, fraction, seed=seed, limit=limit)
        if found is None:
            count = len(np.unique(examples.groups))
            raise AnenasError(
                f"{data.name}: its {f'{count} groups' if count > 1 else 'only group'} cannot be split so that every "
                f"part has every class; give the split of each window in a column `split`, or leave out the groups"
            )
        rest, chosen = found
    return examples.take(rest), examples.take(chosen)


def _check_counts(data: RawData) -> None:
    """Check that every class or target has a name, and each class an example for each split that there will be."""
    for name in data.classes:
        if name.splitlines() != [name]:
            raise AnenasError(f"{data.name}: a class has the name {name!r}; expected a name of one line")
    if problem := dimension_problem(len(data.classes)):
        raise AnenasError(f"{data.name}: the number of its classes, {problem}")
    needed = 1 + (data.validation is None) + (data.test is None)
    counts = data.task.class_counts(data.train.labels, len(data.classes))
    if not len(counts):
        if (found := len(data.train.labels)) < 2 * needed:
            raise AnenasError(f"{data.name} has {found} training {data.kind}; it needs at least {2 * needed}")
        return
    if len(data.classes) < 2:
        raise AnenasError(f"{data.name} has only the class '{data.classes[0]}'; a classifier needs two or more")
    for name, count in zip(data.classes, counts, strict=True):
        if count < needed:
            raise AnenasError(
                f"{data.name}: class '{name}' has {count or 'no'} training {data.kind} but needs at least {needed}, "
                f"so that every split gets one; add {data.kind} or remove the class"
            )


def read_data(data: Data, wanted: InputFormat) -> RawData:
    """A data set as its source holds it, see `load_data`.

    Raises:
        AnenasError: If it cannot be read.
    """
    return _read(data, wanted)


def hold_out(data: RawData) -> tuple[Examples, Examples, Examples]:
    """Training, validation and test examples as `load_data` cuts them by default.

    Raises:
        AnenasError: If a class has too few for that.
    """
    _check_counts(data)
    return _parts(data, _VALIDATION_FRACTION, seed=0)
