"""MLflow: one run for a search, one nested in it for each trial."""

from anenas.tracking._mlflow import MlflowTracker, default_uri

__all__ = ["MlflowTracker", "default_uri"]
