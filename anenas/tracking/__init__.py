"""MLflow: one run for a search, one nested in it for each trial."""

from anenas.tracking._mlflow import MlflowTracker, connect, default_uri
from anenas.tracking._own import OwnRun, forgotten_artifacts, own_runs, remove_runs, rename_runs, runs_of

__all__ = [
    "MlflowTracker",
    "OwnRun",
    "connect",
    "default_uri",
    "forgotten_artifacts",
    "own_runs",
    "remove_runs",
    "rename_runs",
    "runs_of",
]
