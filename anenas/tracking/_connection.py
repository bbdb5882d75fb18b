"""Which MLflow there is to log to, and a client of it."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from anenas._database import address, is_damaged, only_here
from anenas._errors import AnenasError, first_line
from anenas._files import is_file
from anenas.tracking._database import INSTEAD, ready
from anenas.tracking._moved import follow

if TYPE_CHECKING:
    from mlflow import MlflowClient

SERVER = "MLFLOW_TRACKING_URI"
"""MLflow's own variable: where its runs go unless a caller says otherwise."""

_SECRETS = ("MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_PASSWORD")


def default_uri(store: Path) -> str:
    """Where MLflow keeps its runs unless a server is named."""
    return address(store / "mlflow.db")


def tracking_uri(given: str | None, store: Path) -> str:
    """Where runs go: what a caller says, or MLflow's own variable `MLFLOW_TRACKING_URI`, or the store's database."""
    return given or os.environ.get(SERVER) or default_uri(store)


def without_secrets(text: str) -> str:
    """A text as it may be shown: without the user and password of an address, and what MLflow's variables hold."""
    text = re.sub(r"(?<=://)[^/\s'\"]*@", "", text)
    text = re.sub(r"([?&](?:password|token)=)[^&\s'\"]+", r"\1…", text)
    for name in _SECRETS:
        if secret := os.environ.get(name):
            text = text.replace(secret, "…")
    return text


def connect(uri: str) -> MlflowClient:
    """A client of the MLflow store or server at that URI. A database in a file is made whole or not at all.

    Raises:
        AnenasError: If it cannot be reached, or its database cannot be used.
    """
    import mlflow  # noqa: F401  # when it is imported it sets the level of its logger

    # MLflow prints a line to standard output at the end of every run on a server, among what is meant for scripts.
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    # Its seven retries take four minutes; what is missed later is logged later.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "30")  # rather than 120 seconds, three times
    file = file_of(uri)
    try:
        with _quiet("mlflow", "alembic"):  # they log every table that they create
            if file is None:
                return _client(uri)
            file.parent.mkdir(parents=True, exist_ok=True)
            with only_here(file):
                ready(file)
                follow(file)
                return _client(uri)  # which adds MLflow's first rows
    except AnenasError:
        raise
    except Exception as error:  # of SQLAlchemy, requests or MLflow, depending on the URI
        instead = f"; {INSTEAD}" if is_damaged(error) else ""
        said = without_secrets(f"cannot use MLflow at {uri}: {first_line(error)}{instead}")
        raise AnenasError(said) from error


def _client(uri: str) -> MlflowClient:
    from mlflow import MlflowClient

    client = MlflowClient(uri)
    client.search_experiments(max_results=1)
    return client


def experiments(client: MlflowClient) -> list[str]:
    """The ids of all experiments, however many pages of them there are."""
    found, token = [], None
    while True:
        page = client.search_experiments(page_token=token)
        found += [str(experiment.experiment_id) for experiment in page]
        if not (token := page.token):
            return found


def file_of(uri: str) -> Path | None:
    """The file of a database in SQLite; None of any other, or one in memory."""
    if not uri.startswith("sqlite:///"):
        return None
    from sqlalchemy import make_url

    name = make_url(uri).database or ":memory:"
    return None if name.startswith((":memory:", "file:")) else Path(name)


def is_there(store: Path) -> bool:
    """Whether the store has runs in a database of its own."""
    return is_file(store / "mlflow.db")


@contextlib.contextmanager
def _quiet(*names: str) -> Iterator[None]:
    """Let other libraries log only errors and warn of nothing, whatever the caller makes of warnings."""
    levels = {logger: logger.level for logger in map(logging.getLogger, names)}
    try:
        for logger in levels:
            logger.setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in levels.items():
            logger.setLevel(level)
