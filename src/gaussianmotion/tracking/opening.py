"""Opening the store: made where it is missing, brought up to date, refused where it is damaged."""

import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from gaussianmotion.config import TrackingConfig
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.tracking import database, postgres
from gaussianmotion.tracking.home import settle
from gaussianmotion.tracking.lock import alone
from gaussianmotion.tracking.store import artifact_folder, serverless, sqlite_path, store_uri


def create_store(tracking: TrackingConfig) -> str:
    """Make the store where there is none, or bring it up to date; returns its address.

    One process does it while the others wait; one that was killed half-way leaves nothing behind.

    Raises:
        UserError: its database is damaged, of a later MLflow, or belongs elsewhere.
    """
    uri = store_uri(tracking)
    open_client(tracking).search_experiments(max_results=1)
    return uri


def fault_of_store(tracking: TrackingConfig) -> Exception | None:
    """What the store says where it cannot be used; None where it can. It is made if missing."""
    try:
        create_store(tracking)
    except Exception as error:  # whatever a server or a database says
        return error
    return None


def open_client(tracking: TrackingConfig) -> Any:
    """An MlflowClient of the store, which is made first where it is missing.

    Importing MLflow takes seconds, so nothing else imports it.

    Raises:
        UserError: its database is damaged, of a later MLflow, or belongs elsewhere.
    """
    # A server that does not answer must not hold a job for minutes, nor may MLflow call home.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    # Nor print the server's address, with a password that may be in it, for each run that ends.
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    from mlflow import MlflowClient

    # After the import, which sets them to INFO. What fails is raised, and told in one line: MLflow
    # would print its traceback before.
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    uri = store_uri(tracking)
    _make_ready(tracking)
    if sqlite_path(uri) is not None and "?" not in uri:
        uri += "?timeout=30"  # seconds to wait for another writer
    return MlflowClient(uri)


def _make_ready(tracking: TrackingConfig) -> None:
    uri = store_uri(tracking)
    path = sqlite_path(uri)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        if database.state_of(path) != "current":
            with alone(tracking, "store"):
                _repair(path)
        settle(path, artifact_folder(tracking))
    elif uri.startswith("postgresql"):
        postgres.make_ready(uri)


def _repair(path: Path) -> None:
    """Make a SQLite database current; what another process did meanwhile is enough."""
    state = database.state_of(path)
    if state == "half made":
        database.remove_half_made(path)
        state = "missing"
    if state == "missing":
        database.make(path)
    elif state == "older":
        database.migrate(path)
    elif state == "newer":
        raise UserError(
            f"MLflow's database {path} is of a later MLflow than this one; run `make env`, "
            f"or delete {path}* and run `gaussianmotion sync`"
        )


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
    if not serverless(uri):
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
