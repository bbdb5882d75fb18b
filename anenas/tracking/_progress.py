"""The search's own metrics: how its front has grown, by trial and by second."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anenas.search import CompletedTrial, Study
from anenas.tracking._batch import log_batch
from anenas.tracking._snapshot import Snapshot
from anenas.tracking._trial import metric_name

if TYPE_CHECKING:
    from mlflow import MlflowClient

HYPERVOLUME = "hypervolume"


class Progress:
    """Logs those metrics, each point once.

    Args:
        client: Of MLflow.
        run_id: Of the search's run.
    """

    def __init__(self, client: MlflowClient, run_id: str) -> None:
        self._client, self._run_id = client, run_id
        self._points = len(client.get_metric_history(run_id, HYPERVOLUME))
        self._counts: dict[str, int] = {}

    def log(self, study: Study, now: Snapshot) -> None:
        """Log what is new.

        Args:
            study: Names the objectives.
            now: What it holds.
        """
        from mlflow.entities import Metric

        if not now.finished:
            return
        begun = min(trial.started for trial in now.finished)
        last = int(1000 * max(trial.ended for trial in now.finished))
        completed = [trial for trial in now.finished if isinstance(trial, CompletedTrial)]
        metrics = []
        for i in range(self._points, len(now.volumes)):
            volume, ended = now.volumes[i], completed[i].ended
            metrics.append(Metric(HYPERVOLUME, volume, int(1000 * ended), i + 1))
            metrics.append(Metric(f"{HYPERVOLUME}_by_second", volume, int(1000 * ended), round(ended - begun)))
        if metrics:
            for i, objective in enumerate(study.objectives if now.picks else ()):
                best, name = study.point(now.picks[objective.best])[i], metric_name(objective.name)
                # The first by its own name: in a list sorted by it the search stands beside its best trial.
                metrics.append(Metric(name if i == 0 else f"best_{name}", best, last, len(now.volumes)))
        # By their names they stand behind the others; what never happens is no chart.
        counts = {str(state): count for state, count in now.counts.items() if count}
        new = {state: count for state, count in counts.items() if self._counts.get(state) != count}
        metrics += [Metric(f"trials_{state}", count, last, len(now.finished)) for state, count in new.items()]
        if metrics:
            log_batch(self._client, self._run_id, metrics)
        self._points, self._counts = len(now.volumes), counts
