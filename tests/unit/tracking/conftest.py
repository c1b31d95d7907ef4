"""A store that the tests share; each has an experiment of its own in it."""

import pytest

from gaussianmotion.config import TrackingConfig
from gaussianmotion.tracking import create_store


@pytest.fixture(scope="session")
def tracking(tmp_path_factory: pytest.TempPathFactory) -> TrackingConfig:
    """A new store."""
    folder = tmp_path_factory.mktemp("mlflow")
    config = TrackingConfig(uri=f"sqlite:///{folder}/mlflow.db", artifacts=str(folder / "files"))
    create_store(config)
    return config


@pytest.fixture(autouse=True)
def _no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("GAUSSIANMOTION_TRACKING", raising=False)
