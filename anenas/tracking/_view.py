"""A view of a study's runs, saved where MLflow's pages look for shared ones: a table with the columns that matter, and
charts of the front, of what was decided, of trainings and of the search.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from anenas.search import FinishedTrial, Study
from anenas.tracking._connection import experiments
from anenas.tracking._trial import LOSS, curve_name, metric_name, parameters

if TYPE_CHECKING:
    from mlflow import MlflowClient

# Tags. A study's name may be taken in another store on the same server, so its runs are found by its id.
STUDY, ID, TRIAL, STORE = "anenas.study", "anenas.study_id", "anenas.trial", "anenas.store"
_VIEW = "mlflow.sharedViewState."
# Data set and source are the same for all runs of a study, and would push the metrics out of sight.
_COLUMNS = ["tags.`state`", "tags.`pareto`"]
_MOST = 500  # runs in a chart
# Decisions of a whole network, those that matter most first, and how many of them a chart has room for.
_DECISIONS = ("all.block", "all.depth", "all.width", "backbone", "backbone.cut", "input.height", "form", "head.width")
_ROOM = 5
# Columns, and the height of a chart in pixels: MLflow's own three columns suit no axis with names.
_SECTIONS = {"Front": (2, 400), "Decisions": (1, 400), "Search": (2, 300), "Training": (2, 300)}


def view_of(study: Study, trials: Sequence[FinishedTrial] = ()) -> tuple[str, str]:
    """The name and the value of the experiment's tag that holds the view.

    Args:
        study: That it is of.
        trials: Decide which decisions it shows: those that differ.
    """
    score, *others = [metric_name(objective.name) for objective in study.objectives]
    charts = [
        _card("Front", "SCATTER", other, xaxis=_axis(other), yaxis=_axis(score), runsCountToCompare=_MOST)
        for other in others
    ]
    decided = _decisions(trials)
    charts += [_card("Decisions", "PARALLEL", "all", selectedParams=decided, selectedMetrics=[*others, score])]
    charts += [_line("Search", name) for name in ("hypervolume", "hypervolume_by_second")]
    charts += [_line("Training", name) for name in (curve_name(study.settings.metric), LOSS)]
    sections = [
        {"uuid": name, "name": name, "display": True, "isReordered": False, "columns": columns, "cardHeight": height}
        for name, (columns, height) in _SECTIONS.items()
    ]
    state = {
        "searchFilter": f"tags.`{ID}` = '{study.id}'",
        # Sorted by a metric, the runs of trials stand in one list rather than folded below that of their search.
        "orderByKey": f"metrics.`{score}`",
        "orderByAsc": next(iter(study.objectives)).figure.direction == "minimize",
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "datasetsFilter": [],
        "modelVersionFilter": "All Runs",
        "selectedColumns": [*(f"metrics.`{name}`" for name in (score, *others)), *_COLUMNS],
        "compareRunCharts": charts,
        "compareRunSections": sections,
        "isAccordionReordered": True,  # else they are sorted by name
        "runsHiddenMode": "SHOW_ALL",
    }
    return f"{_VIEW}{_key(study.id)}", json.dumps(state)


@dataclass(frozen=True)
class StudyPages:
    """Pages of MLflow on a study, as what follows MLflow's address.

    They open beside the menu for trained models: MLflow 3.17 decides that by `workflowType` in the address, else by
    what its switch was set to last in this browser, at first language models; the experiment's kind does not count
    (github.com/mlflow/mlflow/issues/24498).

    Attributes:
        runs: The search and its trials as a list and charts.
        search: What came out, in words, and how the search went.
    """

    runs: str
    search: str


def study_pages(client: MlflowClient, study: str | None) -> StudyPages | None:
    """The pages on a study.

    Args:
        client: Of MLflow.
        study: Its name; None is the one that was begun last.

    Returns:
        None where MLflow has none.
    """
    query = f"tags.`{STORE}` LIKE '%'" + (f" and tags.`{STUDY}` = '{study}'" if study else "")
    found = client.search_runs(experiments(client), query, max_results=1, order_by=["attributes.start_time DESC"])
    if not found:
        return None
    [run] = found
    experiment, tags = client.get_experiment(run.info.experiment_id), run.data.tags
    runs, kind = f"/#/experiments/{run.info.experiment_id}/runs", "workflowType=machine_learning"
    search = f"{runs}/{run.info.run_id}?{kind}"
    key, query = _key(tags[ID]), f"tags.`{ID}` = {tags[ID]!r}"
    has_view = f"{_VIEW}{key}" in experiment.tags  # earlier versions made none
    shown = f"viewStateShareKey={key}" if has_view else f"searchFilter={quote(query)}"
    return StudyPages(f"{runs}?{kind}&{shown}", search)


def _key(study_id: str) -> str:
    return f"anenas-{study_id[:12]}"


def _decisions(trials: Sequence[FinishedTrial]) -> list[str]:
    """Which of the decisions of a whole network every trial has, and not all the same."""
    found = [parameters(trial.architecture) for trial in trials if trial.state == "completed"]
    differ = [name for name in _DECISIONS if len({one.get(name, "") for one in found} - {""}) > 1]
    shared = [name for name in differ if all(name in one for one in found)]
    return shared[:_ROOM] or list(_DECISIONS[:3])


def _axis(metric: str) -> dict[str, str]:
    return {"key": metric, "type": "METRIC"}


def _line(section: str, metric: str) -> dict[str, Any]:
    as_it_is = {"lineSmoothness": 0, "useGlobalLineSmoothing": False, "useGlobalXaxisKey": False}
    return _card(section, "LINE", metric, metricKey=metric, selectedMetricKeys=[metric], xAxisKey="step", **as_it_is)


def _card(section: str, kind: str, name: str, **more: Any) -> dict[str, Any]:
    card = {"type": kind, "deleted": False, "isGenerated": False, "metricSectionId": section}
    return {**card, "uuid": f"{section}-{name}", **more}
