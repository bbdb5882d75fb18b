"""MLflow: one run for a search, one nested in it for each trial."""

from anenas.tracking._connection import connect, default_uri, is_there, tracking_uri, without_secrets
from anenas.tracking._data import LoggedSplit, logged_splits
from anenas.tracking._model import model_of
from anenas.tracking._own import OwnRun, forgotten_artifacts, own_runs, remove_runs, rename_runs, runs_of
from anenas.tracking._source import Source
from anenas.tracking._tracker import MlflowTracker
from anenas.tracking._view import StudyPages, study_pages

__all__ = [
    "LoggedSplit",
    "MlflowTracker",
    "OwnRun",
    "Source",
    "StudyPages",
    "connect",
    "default_uri",
    "forgotten_artifacts",
    "is_there",
    "logged_splits",
    "model_of",
    "own_runs",
    "remove_runs",
    "rename_runs",
    "runs_of",
    "study_pages",
    "tracking_uri",
    "without_secrets",
]
