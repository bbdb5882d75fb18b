"""MLflow: one run for a search, one nested in it for each trial."""

from anenas.tracking._mlflow import MlflowTracker, connect, default_uri

__all__ = ["MlflowTracker", "connect", "default_uri"]
