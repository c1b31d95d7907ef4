"""One job at a time where MLflow cannot tell who was first: creating runs that others look up."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gaussianmotion.config import TrackingConfig
from gaussianmotion.runtime.file_lock import hold
from gaussianmotion.tracking.store import sqlite_path, store_uri


@contextmanager
def alone(tracking: TrackingConfig, experiment: str) -> Iterator[None]:
    """Hold the experiment's lock for the life of the block; it ends with the process.

    A file system without locks is no reason to stop: who creates a shared run looks again
    afterwards, and the oldest one stays.
    """
    path = lock_folder(tracking) / f"{experiment}.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = path.open("a")
    except OSError:
        yield
        return
    with handle:
        with suppress(OSError):
            hold(handle.fileno())
        yield


def lock_folder(tracking: TrackingConfig) -> Path:
    """Beside the database, else beside the artifacts (results/mlflow), where these are local."""
    database = sqlite_path(store_uri(tracking))
    if database is not None:
        return database.parent
    if "://" in tracking.artifacts:
        return Path(tempfile.gettempdir()) / "gaussianmotion-mlflow"
    return Path(tracking.artifacts).parent
