"""A store that the tests share; each has an experiment of its own in it."""

import shutil
from pathlib import Path

import pytest

from gaussianmotion.config import TrackingConfig
from gaussianmotion.tracking import create_store


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database without experiments, to be copied: MLflow takes seconds to make one."""
    folder = tmp_path_factory.mktemp("empty")
    create_store(TrackingConfig(uri=f"sqlite:///{folder}/mlflow.db", artifacts=str(folder / "a")))
    return folder / "mlflow.db"


@pytest.fixture(scope="session")
def tracking(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> TrackingConfig:
    """A new store."""
    folder = tmp_path_factory.mktemp("mlflow")
    shutil.copy(empty_database, folder)
    return TrackingConfig(uri=f"sqlite:///{folder}/mlflow.db", artifacts=str(folder / "files"))


@pytest.fixture(autouse=True)
def _no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("GAUSSIANMOTION_TRACKING", raising=False)
