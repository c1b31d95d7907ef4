"""A training of the prior in MLflow: curves by samples, grids by step, settings.

All that is sent lies in the training's folder, too, and can be sent again from there;
``mlflow.json`` says what was sent. A store that cannot be reached costs one line, and never stops
the training.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gaussianmotion.config import TrackingConfig
from gaussianmotion.runtime.atomic import write_json
from gaussianmotion.synthesis.reporting import Report, log_line
from gaussianmotion.tracking.curve_metrics import send_curves
from gaussianmotion.tracking.opening import experiment_id, open_client
from gaussianmotion.tracking.store import store_uri

EXPERIMENT = "prior"
STATE = "mlflow.json"


class PriorLog:
    """Sends new rows and grids of a training's folder to MLflow."""

    def __init__(
        self,
        folder: Path,
        params: Mapping[str, Any],
        tracking: TrackingConfig | None = None,
        report: Report = log_line,
    ) -> None:
        """Send nothing yet.

        Args:
            folder: Folder of the training, with ``curves.csv`` and ``grids/``.
            params: Settings of the training, for a new run.
            tracking: The store; that of the configuration's defaults where not given.
            report: Receives a line where the store cannot be reached.
        """
        self._folder, self._params, self._report = folder, params, report
        self._tracking = tracking or TrackingConfig()
        self._warned = False

    def send(self) -> bool:
        """Send new rows and grids; return whether the store has them now."""
        if not self._tracking.enabled:
            return False
        try:
            self._send()
        except Exception as error:  # MLflow and its databases raise errors of all kinds
            if not self._warned:
                first = (str(error).strip().splitlines() or [type(error).__name__])[0]
                self._report(f"MLflow does not get this training's curves now ({first[:150]})")
                self._warned = True
            return False
        self._warned = False
        return True

    def _send(self) -> None:
        client = open_client(self._tracking)
        uri = store_uri(self._tracking)
        state = self._state()
        experiment = experiment_id(client, EXPERIMENT, self._tracking, uri)
        if state.get("store") != uri or not _exists(client, state.get("run")):
            run = client.create_run(experiment, run_name=self._folder.resolve().name)
            state = {"store": uri, "run": run.info.run_id, "last": -1, "grids": []}
            for name, value in self._params.items():
                client.log_param(state["run"], name, value)
        last = send_curves(client, state["run"], self._folder / "curves.csv", int(state["last"]))
        for path in sorted((self._folder / "grids").glob("*.png")):
            if path.name not in state["grids"]:
                client.log_artifact(state["run"], str(path), "grids")
                state["grids"].append(path.name)
        write_json(self._folder / STATE, state | {"last": last})

    def _state(self) -> dict[str, Any]:
        try:
            return dict(json.loads((self._folder / STATE).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return {}


def _exists(client: Any, run: object) -> bool:
    from mlflow.exceptions import MlflowException

    try:
        return bool(run) and client.get_run(run).info.lifecycle_stage == "active"
    except MlflowException:
        return False
