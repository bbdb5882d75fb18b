"""What a package takes, as the format that data are brought to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anenas._errors import AnenasError
from anenas._json import read_json
from anenas.coreml import Package
from anenas.space import Architecture

if TYPE_CHECKING:
    from anenas.data import InputFormat


def input_format(package: Package) -> InputFormat:
    """The format of the package's input, by its metadata and its shape.

    Raises:
        AnenasError: If the package takes several inputs, or one without a fixed size; or its metadata are damaged.
    """
    from anenas.data import Encoding, InputFormat
    from anenas.inputs import SERIES, TEXTS, plain_kind

    channels, height, width = package.input_size
    shape, metadata = (channels, height, width), package.metadata
    if "vocabulary" in metadata:
        try:
            vocabulary = tuple(map(str, read_json(metadata["vocabulary"])))
            encoding = Encoding(metadata["tokens"], len(vocabulary))
        except (ValueError, TypeError, KeyError) as error:
            raise AnenasError(f"{package} has no valid vocabulary: {error}") from None
        return InputFormat.of_shape(TEXTS, shape, encoding=encoding, vocabulary=vocabulary)
    text = metadata.get("anenas.architecture")
    architecture = Architecture.parse(text) if text else None
    kind = architecture.input_kind if architecture else plain_kind(height)
    rate = architecture.rate if architecture else None
    columns = None
    if kind is SERIES and "columns" in metadata:
        try:
            columns = tuple(map(str, read_json(metadata["columns"])))
        except (ValueError, TypeError) as error:
            raise AnenasError(f"{package} has no valid list of column names: {error}") from None
    return InputFormat.of_shape(kind, shape, rate=rate, columns=columns).trained_with(metadata)
