"""MLflow: one run for a search, one nested in it for each trial."""

from anenas.tracking._connection import connect, default_uri, is_there, tracking_uri, without_secrets
from anenas.tracking._data import LoggedSplit, logged_splits
from anenas.tracking._source import Source
from anenas.tracking._tracker import MlflowTracker
from anenas.tracking._view import study_page

__all__ = [
    "LoggedSplit",
    "MlflowTracker",
    "Source",
    "connect",
    "default_uri",
    "is_there",
    "logged_splits",
    "study_page",
    "tracking_uri",
    "without_secrets",
]
