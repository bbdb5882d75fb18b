"""A view of a study's runs, saved where MLflow's pages look for shared ones: a table with the columns that matter, and
the front as a chart.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from anenas.search import Study
from anenas.tracking._connection import experiments
from anenas.tracking._trial import metric_name

if TYPE_CHECKING:
    from mlflow import MlflowClient

# Tags. A study's name may be taken in another store on the same server, so its runs are found by its id.
STUDY, ID, TRIAL, STORE = "anenas.study", "anenas.study_id", "anenas.trial", "anenas.store"
_VIEW = "mlflow.sharedViewState."
# Data set and source are the same for all runs of a study, and would push the metrics out of sight.
_COLUMNS = ["tags.`state`", "tags.`pareto`"]
_MOST = 500  # runs in a chart


def view_of(study: Study) -> tuple[str, str]:
    """The name and the value of the experiment's tag that holds the view."""
    score, *others = [metric_name(objective.name) for objective in study.objectives]
    charts = [_scatter(other, score) for other in others]
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
        "compareRunSections": [{"uuid": "front", "name": "Front", "display": True, "isReordered": False}],
        "runsHiddenMode": "SHOW_ALL",
    }
    return f"{_VIEW}{_key(study.id)}", json.dumps(state)


def study_page(client: MlflowClient, study: str | None) -> str | None:
    """The runs of a study in the view for trained models, as what follows the address of MLflow's pages.

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
    page = f"/#/experiments/{run.info.experiment_id}/runs?workflowType=machine_learning"
    key = _key(tags[ID])
    if f"{_VIEW}{key}" in experiment.tags:
        return f"{page}&viewStateShareKey={key}"
    return f"{page}&searchFilter={quote(f'tags.`{ID}` = {tags[ID]!r}')}"  # of an earlier version


def _key(study_id: str) -> str:
    return f"anenas-{study_id[:12]}"


def _scatter(x: str, y: str) -> dict[str, Any]:
    axes = {"xaxis": {"key": x, "type": "METRIC"}, "yaxis": {"key": y, "type": "METRIC"}}
    card = {"type": "SCATTER", "deleted": False, "isGenerated": False, "uuid": f"front-{x}", "metricSectionId": "front"}
    return {**card, **axes, "runsCountToCompare": _MOST}
