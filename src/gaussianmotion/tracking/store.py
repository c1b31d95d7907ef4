"""Where MLflow keeps its records: a SQLite file, or a server."""

import logging
import os
import re
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from gaussianmotion.config import TrackingConfig
from gaussianmotion.errors import UserError

# Stores that have no server: who writes the records also writes the artifacts.
_SERVERLESS = ("sqlite", "file", "postgresql", "mysql", "mssql")


def create_store(tracking: TrackingConfig) -> str:
    """Create the database before anybody writes to it; returns its address.

    Parallel first writers would each try to create the tables. Write-ahead logging lets readers
    and writers work at once.
    """
    uri = store_uri(tracking)
    path = sqlite_path(uri)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
    open_client(uri).search_experiments(max_results=1)
    if path is not None:
        with sqlite3.connect(path, timeout=30.0) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
        connection.close()
    return uri


def store_uri(tracking: TrackingConfig) -> str:
    """The store's address: MLFLOW_TRACKING_URI, else the configuration's."""
    uri = os.environ.get("MLFLOW_TRACKING_URI") or tracking.uri
    # The driver that is installed with this program, as for the user study.
    return re.sub(r"^postgres(ql)?://", "postgresql+pg8000://", uri)


def without_password(text: str) -> str:
    """Text whose addresses do not say by which user and password they are opened."""
    return re.sub(r"://[^/\s]*@", "://***@", text)


def workflow_tracking() -> TrackingConfig | None:
    """The configuration that the workflow passes to its jobs in the environment."""
    text = os.environ.get("GAUSSIANMOTION_TRACKING")
    return TrackingConfig.model_validate_json(text) if text else None


def open_client(uri: str) -> Any:
    """An MlflowClient; importing MLflow takes seconds, so nothing else imports it."""
    # A server that does not answer must not hold a job for minutes, nor may MLflow call home.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    # Nor print the server's address, with a password that may be in it, for each run that ends.
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    from mlflow import MlflowClient

    for name in ("mlflow", "alembic"):  # after the import, which sets them to INFO
        logging.getLogger(name).setLevel(logging.ERROR)
    if sqlite_path(uri) is not None and "?" not in uri:
        uri += "?timeout=30"  # seconds to wait for another writer
    return MlflowClient(uri)


def experiment_id(client: Any, name: str, tracking: TrackingConfig, uri: str) -> str:
    """The id of the MLflow experiment of this name, created where there is none.

    One that was deleted in the UI is restored: its name stays taken until ``mlflow gc``.

    Raises:
        UserError: its artifacts were in a folder that is not there any more.
    """
    from mlflow.exceptions import MlflowException

    place = _artifact_place(name, tracking, uri)
    found = client.get_experiment_by_name(name)
    if found is None:
        try:
            return str(client.create_experiment(name, artifact_location=place))
        except MlflowException:  # another job was faster
            found = client.get_experiment_by_name(name)
            if found is None:
                raise
    if found.lifecycle_stage != "active":
        with suppress(MlflowException):  # another job was faster
            client.restore_experiment(found.experiment_id)
    if sqlite_path(uri) is not None:
        _refuse_moved(name, found.artifact_location, place, uri)
    return str(found.experiment_id)


def _artifact_place(name: str, tracking: TrackingConfig, uri: str) -> str | None:
    """Where an experiment's artifacts go; None where the server decides."""
    if uri.partition(":")[0].partition("+")[0] not in _SERVERLESS:
        return None
    if "://" in tracking.artifacts:
        return f"{tracking.artifacts.rstrip('/')}/{name}"
    return (Path(tracking.artifacts) / name).resolve().as_uri()


def _refuse_moved(name: str, location: str, place: str | None, uri: str) -> None:
    """The database notes full paths: moved with the results, it would write to where they were."""
    if location == place or not location.startswith("file:"):
        return
    folder = Path(unquote(urlsplit(location).path))
    if not folder.parent.is_dir():
        raise UserError(
            f"MLflow's artifacts of {name} are not at {folder.parent} any more; delete "
            f"{sqlite_path(uri)} and run `gaussianmotion sync`"
        )


def sqlite_path(uri: str) -> Path | None:
    """The file of a SQLite store; None for a server."""
    prefix = "sqlite:///"
    return Path(uri.removeprefix(prefix).partition("?")[0]) if uri.startswith(prefix) else None
