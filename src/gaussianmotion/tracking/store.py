"""Where MLflow keeps its records: a SQLite file, or a server."""

import os
import re
from pathlib import Path

from gaussianmotion.config import TrackingConfig

# Stores that have no server: who writes the records also writes the artifacts.
_SERVERLESS = ("sqlite", "file", "postgresql", "mysql", "mssql")


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


def sqlite_path(uri: str) -> Path | None:
    """The file of a SQLite store; None for a server."""
    prefix = "sqlite:///"
    return Path(uri.removeprefix(prefix).partition("?")[0]) if uri.startswith(prefix) else None


def store_name(uri: str, folder: Path) -> str:
    """How a folder's records name the store: without its password, and a file relative to them."""
    path = sqlite_path(uri)
    if path is None:
        return without_password(uri)
    return "sqlite:" + os.path.relpath(path.resolve(), folder.resolve())


def is_store(name: object, uri: str, folder: Path) -> bool:
    """Whether a record in a folder, of :func:`store_name` or of an address, names this store."""
    return name in (store_name(uri, folder), without_password(uri))


def serverless(uri: str) -> bool:
    """Whether whoever writes records to a store also writes the artifacts."""
    return uri.partition(":")[0].partition("+")[0] in _SERVERLESS


def artifact_folder(tracking: TrackingConfig) -> Path | None:
    """The folder with the artifacts of all experiments; None where they are at an address."""
    return None if "://" in tracking.artifacts else Path(tracking.artifacts)
