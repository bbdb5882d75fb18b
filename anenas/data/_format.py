"""The format that inputs are brought to, known in full before anything is read."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from anenas._errors import AnenasError
from anenas._json import read_json
from anenas.data._encoding import Encoding
from anenas.inputs import IMAGES, InputKind
from anenas.space import SearchSpace
from anenas.tasks import Task


@dataclass(frozen=True)
class AudioFormat:
    """Rate and length of recordings.

    Attributes:
        rate: Samples a second.
        samples: Of each recording.
    """

    rate: int
    samples: int

    @property
    def metadata(self) -> dict[str, str]:
        """What an app needs to know to give a waveform to the model."""
        return {"sample_rate": str(self.rate), "input": f"a waveform from -1 to 1 at {self.rate:,} Hz"}


@dataclass(frozen=True)
class InputFormat:
    """The format that inputs are brought to when they are read. None keeps what the source has.

    Attributes:
        kind: Of input.
        size: (height, width), required for images. Photos are cropped to keep their proportions, arrays stretched.
        channels: 1 turns colour into luma, 3 repeats grey.
        steps: Of series, which are never resized. Required for texts, in tokens, and recordings, in samples: longer
            ones are cut, shorter ones end at the last step.
        rate: Samples a second, required for recordings.
        encoding: How texts become ids; required for texts.
        vocabulary: The tokens that have an id, from 2 on, if a model has learnt them already; by default they are
            learnt from the training texts.
        task: What the labels are of; by default what they look like.
        skip_broken: Whether files that cannot be read are left out, which is logged, rather than an error. None is an
            error that does not offer to, where only the very same data will do.
        sizes: (height, width) of images, if several will do: they are brought to the largest that magnifies them three
            times at most, photos by their median shorter side.
        other_sizes: (height, width) of images, if others than `size` will do. Images that `size` would enlarge more
            than twofold get the largest smaller one that does not, or the smallest; photos the largest of the larger
            ones that is at most half their median shorter side.
        ranges: The values that become black and white in photos of more than 8 bits, as (kind, black, white), where the
            kind is "integer" or "float"; by default those that hold all of a source's.
        columns: Names of the channels of a table's series, if a model has learnt them already.

    Raises:
        AnenasError: If something is missing or out of range.
    """

    kind: InputKind = IMAGES
    size: tuple[int, int] | None = None
    channels: int | None = None
    steps: int | None = None
    rate: int | None = None
    encoding: Encoding | None = None
    vocabulary: tuple[str, ...] | None = None
    sizes: tuple[tuple[int, int], ...] = ()
    task: Task | None = None
    skip_broken: bool | None = False
    other_sizes: tuple[tuple[int, int], ...] = ()
    ranges: tuple[tuple[str, float, float], ...] = ()
    columns: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.kind.resized and (self.size is None or min(self.size) < 1):
            raise AnenasError(f"size must be (height, width) of at least 1×1 pixels, not {self.size}")
        for name in ("channels", "steps", "rate"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise AnenasError(f"{name} must be 1 or more, not {value}")

    @classmethod
    def of_shape(
        cls,
        kind: InputKind,
        shape: tuple[int, int, int],
        *,
        rate: int | None = None,
        encoding: Encoding | None = None,
        vocabulary: tuple[str, ...] | None = None,
        columns: tuple[str, ...] | None = None,
    ) -> Self:
        """Inputs of exactly that shape, (channels, height, width)."""
        channels, height, width = shape
        size, steps = ((height, width), None) if kind.resized else (None, width)
        return cls(kind, size, channels, steps, rate, encoding, vocabulary, columns=columns)

    @classmethod
    def of_space(cls, space: SearchSpace, *, exact: bool = False) -> Self:
        """What the networks of a space take.

        Args:
            space: The search space.
            exact: Whether data must match the shape of its input. Otherwise series keep their length, and images for a
                space of grey ones their colours.
        """
        given, kind = space.input, space.input_kind
        encoding = Encoding(given.tokens, space.vocabulary) if given.tokens and space.vocabulary else None
        exactly = cls.of_shape(kind, given.shape[1:], rate=space.rate, encoding=encoding)
        if exact or kind.marker:
            return exactly
        channels = given.channels if kind.resized and given.channels > 1 else None
        return cls(kind, exactly.size, channels, sizes=given.sizes if given.heights else ())

    def like(self, metadata: Mapping[str, str]) -> Self:
        """The same, for more data that are to be read as others were, with their `RawData.metadata`."""
        columns = tuple(map(str, json.loads(metadata["columns"]))) if "columns" in metadata else self.columns
        return dataclasses.replace(self, columns=columns)

    @property
    def audio(self) -> AudioFormat:
        """The format of recordings.

        Raises:
            AnenasError: If it is incomplete.
        """
        if self.rate is None or self.steps is None:
            raise AnenasError(f"{self.kind} need a `rate`, in samples per second, and `steps`, in samples")
        return AudioFormat(self.rate, self.steps)

    @property
    def tokens(self) -> tuple[Encoding, int]:
        """How texts become ids, and how many tokens are read of each.

        Raises:
            AnenasError: If either is missing.
        """
        if self.encoding is None or self.steps is None:
            raise AnenasError(f"{self.kind} need an `encoding`, and `steps`, in tokens")
        return self.encoding, self.steps

    @property
    def metadata(self) -> dict[str, str]:
        """What users of a model need to know about inputs in this format: see `Dataset.metadata`."""
        found = self.audio.metadata if self.rate else {}
        if self.encoding and self.vocabulary is not None:
            vocabulary = json.dumps(self.vocabulary, ensure_ascii=False)
            found |= {"tokens": self.encoding.tokens, "vocabulary": vocabulary}
        if self.ranges:
            found["ranges"] = json.dumps(self.ranges)
        return found

    def trained_with(self, metadata: Mapping[str, str]) -> Self:
        """The same format with the `ranges` that a model was trained with, if its metadata name any.

        Raises:
            AnenasError: If what they name is none.
        """
        if "ranges" not in metadata:
            return self
        try:
            rows = read_json(metadata["ranges"])
            ranges = tuple((str(kind), float(black), float(white)) for kind, black, white in rows)
        except (ArithmeticError, ValueError, TypeError) as error:
            raise AnenasError(f"the model's metadata have no value ranges for its images: {error}") from None
        return dataclasses.replace(self, ranges=ranges)
