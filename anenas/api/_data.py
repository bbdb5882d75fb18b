"""What a search would find in its data, without searching."""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from anenas._errors import AnenasError
from anenas.api._input import load_input
from anenas.data import Concern, Counts, Data, Dataset, check_dataset, count_inputs, kind_of_source
from anenas.inputs import IMAGES
from anenas.space import SearchSpace, is_builtin, load_space
from anenas.tasks import TASKS

_MOST_LINES = 6

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DataReport:
    """A data set, and what is of concern about it.

    Attributes:
        data: Its name.
        kind: Of input, such as "images".
        input_shape: (C, H, W) of every input, as networks see it.
        counts: See `count_inputs`.
        concerns: What the checks found, the worst first.
    """

    data: str
    kind: str
    input_shape: tuple[int, int, int]
    counts: Counts
    concerns: tuple[Concern, ...]

    def to_json(self) -> str:
        """Everything, for `--json`."""
        concerns = [concern.to_dict() for concern in self.concerns]
        return json.dumps(vars(self) | {"concerns": concerns}, indent=2, ensure_ascii=False)


def check_data(
    data: Data = None,
    space: SearchSpace | str | Path | None = None,
    *,
    task: str | None = None,
    input_shape: tuple[int, int, int] | None = None,
    skip_broken: bool = False,
    fewest: int = 20,
) -> DataReport:
    """Look at data as a search would see them: how many inputs each class and split has, and what is of concern.

    Args:
        data: See `run_search`.
        space: The space that says what kind of input the data are, and of which size; by default the built-in one for
            what the source holds, or of images.
        task: See `run_search`.
        input_shape: (C, H, W) instead of the space's.
        skip_broken: Whether images and recordings that cannot be read are left out, rather than an error.
        fewest: Training inputs that each class should have.

    Raises:
        AnenasError: The data cannot be read, or the space cannot take them.
    """
    if fewest < 0:
        raise AnenasError(f"`fewest` must be 0 or more, got {fewest}")
    if space is None:
        named = data.get("train") if isinstance(data, Mapping) else data
        space = (kind_of_source(named) or IMAGES).example_space
    the_space = space if isinstance(space, SearchSpace) else load_space(space)
    asked = TASKS[task] if task else None
    fixed = not is_builtin(space)
    dataset, _ = load_input(the_space, data, input_shape, asked, skip_broken=skip_broken, fixed=fixed)
    concerns = tuple(check_dataset(dataset, fewest=fewest))
    return DataReport(dataset.name, dataset.kind.name, dataset.input_shape, count_inputs(dataset), concerns)


def log_concerns(dataset: Dataset, *, mended: Collection[str] = ()) -> None:
    """Log what is of concern, a line each, of what can be found in about two seconds.

    Args:
        dataset: The data set.
        mended: Checks of which what they find is dealt with.
    """
    concerns = [concern for concern in check_dataset(dataset, quick=True) if concern.check not in mended]
    for concern in concerns[:_MOST_LINES]:
        _log.warning(f"{dataset.name}: {concern}")
    if len(concerns) > _MOST_LINES:
        _log.warning(
            f"{dataset.name}: {len(concerns) - _MOST_LINES} more possible problems; `anenas data check` lists them"
        )
