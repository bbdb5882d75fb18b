"""The data that a study was made with."""

from __future__ import annotations

import dataclasses

from anenas._errors import AnenasError
from anenas.data import Data, Dataset, Encoding, InputFormat, load_data
from anenas.search import Study
from anenas.space import Architecture


def study_dataset(study: Study, data: Data, architecture: Architecture) -> Dataset:
    """The study's data, split as they were then, for networks like this one.

    Args:
        study: That was searched.
        data: Where they are now, if they have moved.
        architecture: Of the network.

    Raises:
        AnenasError: If they cannot be read, or are other data.
    """
    assert study.settings.input_shape
    source, kind = study.data if data is None else data, architecture.input_kind
    encoding = Encoding(**study.settings.encoding) if study.settings.encoding else None
    wanted = InputFormat.of_shape(kind, study.settings.input_shape, rate=architecture.rate, encoding=encoding)
    try:
        dataset = load_data(source, wanted)
    except AnenasError as error:
        raise AnenasError(f"the study's {kind} cannot be read: {error} (pass their new location as `data`)") from error
    found = f"{dataset.name} {dataset.fingerprint[:12]}"
    if found != study.settings.data:
        given = source if isinstance(source, str) else "what is given" if source is not None else "the embedded set"
        raise AnenasError(
            f"{given} ({found}) is not what {study.name} was made with ({study.settings.data}); name its {kind} with "
            f"`data`"
        )
    flip = dataset.flip if study.settings.flip is None else study.settings.flip
    if kind.resized:
        dataset = dataset.resized(*architecture.input[2:])
    return dataclasses.replace(dataset, augmentation=study.settings.augment, flip=flip, moments=study.settings.moments)
