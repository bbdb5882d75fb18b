"""The disk that a search takes: told before it is spent, and bounded once it has ended."""

from __future__ import annotations

import logging
import math
import shutil
import statistics
from collections.abc import Sequence
from typing import Literal, get_args

from anenas._sizes import megabytes
from anenas.search import Estimate, Study
from anenas.tracking import MlflowTracker

Keep = Literal["front", "all"]
"""Whose packages stay once a search has ended: those of the Pareto front, or of every trial."""

KEEP: tuple[Keep, ...] = get_args(Keep)

_COPIES = 2  # of a package: the study's and MLflow's
_WEIGHT = 4  # bytes, as the trained weights are kept

_log = logging.getLogger(__name__)


def tell_disk(study: Study, drawn: Sequence[Estimate], trials: float) -> None:
    """Say what a trial takes on disk, and warn where there is less room than the trials that are left will take.

    Args:
        study: That is to go on; its completed trials tell, or else what was drawn.
        drawn: Estimates of networks of the space.
        trials: Completed trials that the study shall hold; infinity where only time bounds it.
    """
    known = [trial.evaluation.estimate for trial in study.completed] or drawn
    # Their mean, as they add up: a few large networks are most of it.
    sizes = [_COPIES * 1e6 * one.size_mb + _WEIGHT * one.params for one in known]
    each = statistics.fmean(sizes) if sizes else 0.0
    if not each:
        return
    free, left = shutil.disk_usage(study.folder).free, trials - len(study.completed)
    said = f"disk: about {megabytes(each)} a trial"
    if math.isfinite(left) and left > 1:
        said += f", {megabytes(each * left)} for {left:.0f}"
    if math.isfinite(left) and each * left > free:
        _log.warning("%s, but only %s are free: free some space, or ask for fewer trials", said, megabytes(free))
    elif left > 0:
        _log.info("%s; %s are free", said, megabytes(free))


def keep_only(study: Study, tracker: MlflowTracker, keep: Keep) -> None:
    """At the end of a search, drop the packages of trials that others beat in everything, and say so."""
    if keep == "all":
        return
    try:
        freed = study.drop_dominated()
    except OSError as error:
        _log.warning(
            "packages of trials that are worse than others in every objective cannot be deleted: %s",
            error.strerror or error,
        )
        return
    there = tracker.drop_packages(freed)
    if freed:
        count = f"{len(freed)} trial{'' if len(freed) == 1 else 's'}"
        too = f" and those of {there} in MLflow" if there else ""
        _log.info(
            "deleted the packages of %s that are worse than others in every objective, %s here%s; their "
            "weights are kept (`keep='all'` keeps both)", count, megabytes(sum(freed.values())), too,
        )  # fmt: skip
