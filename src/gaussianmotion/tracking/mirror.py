"""One run's folder as one MLflow run: parameters, curves, pictures, videos, the avatar.

What was sent is remembered in ``mlflow.json`` beside the results, so mirroring again sends only
what is new, and nothing twice.
"""

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gaussianmotion.atomic import write_json
from gaussianmotion.config import TrackingConfig
from gaussianmotion.errors import UserError
from gaussianmotion.stages import STAGES, pick
from gaussianmotion.tracking.store import experiment_id, open_client, store_uri

STATE = "mlflow.json"
# Kept out of the artifacts: what is no result.
_SKIPPED_FOLDERS = {"logs", "benchmarks"}
_SUFFIXES = {".png", ".mp4", ".json", ".csv", ".safetensors"}
_BATCH = 500


@dataclass(frozen=True)
class Identity:
    """Which run this is; the first four name its folder."""

    experiment: str
    variant: str
    prompt_id: str
    seed: int
    prompt: str = ""

    @property
    def name(self) -> str:
        """How the run is called in MLflow."""
        return f"{self.variant}/{self.prompt_id}/{self.seed}"


class Mirror:
    """One run's folder and its MLflow run."""

    def __init__(self, folder: Path, identity: Identity, tracking: TrackingConfig) -> None:
        self._folder = folder
        self._identity = identity
        self._tracking = tracking
        self._uri = store_uri(tracking)
        self._state: dict[str, Any] = _read_json(folder / STATE)

    def begin(self) -> None:
        """A training starts: a finished run keeps its records, a new one gets its own."""
        if self._state.get("finished"):
            self._state = {"superseded": self._state.get("run_id")}

    def update(self, params: Mapping[str, Any] | None = None, status: str | None = None) -> str:
        """Send what MLflow does not have yet; returns the run's id.

        Args:
            params: Configuration keys of a new run; those of ``run.json`` where not given.
            status: Of MLflow: RUNNING, FINISHED, FAILED or KILLED; unchanged where not given.
        """
        client = open_client(self._uri)
        run_id = self._run_id(client, params)
        self._send_curves(client, run_id)
        self._send_files(client, run_id)
        if status is not None:
            client.set_terminated(run_id, status) if status != "RUNNING" else client.update_run(
                run_id, status
            )
            self._state["finished"] = status == "FINISHED"
        self._save()
        return run_id

    def _run_id(self, client: Any, params: Mapping[str, Any] | None) -> str:
        from mlflow.exceptions import MlflowException

        known = self._state.get("run_id")
        if known and self._state.get("uri") == self._uri:
            try:
                client.get_run(known)
                return known
            except MlflowException as error:
                if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                    raise
        return self._create(client, params)

    def _create(self, client: Any, params: Mapping[str, Any] | None) -> str:
        from mlflow.entities import Param

        facts = _read_json(self._folder / "run.json")
        if params is None:
            params = trained_keys(facts.get("config", {}))
        tags = {key: str(value) for key, value in asdict(self._identity).items()}
        tags["prompt"] = tags["prompt"] or str(facts.get("prompt", ""))
        tags["folder"] = str(self._folder)
        experiment = experiment_id(client, self._identity.experiment, self._tracking, self._uri)
        superseded = self._state.get("superseded")
        run_id = str(
            client.create_run(experiment, run_name=self._identity.name, tags=tags).info.run_id
        )
        self._state = {"uri": self._uri, "run_id": run_id, "finished": False}
        self._save()
        rows = [Param(key, str(value)) for key, value in sorted(_flat(params).items())]
        for start in range(0, len(rows), 100):
            client.log_batch(run_id, params=rows[start : start + 100])
        if superseded:
            client.set_tag(superseded, "superseded_by", run_id)
        return run_id

    def _send_curves(self, client: Any, run_id: str) -> None:
        from mlflow.entities import Metric

        last = int(self._state.get("last_step", 0))
        metrics = []
        for row in curve_rows(self._folder / "curves.csv"):
            step = int(row["step"])
            if step > last:
                metrics += [
                    Metric(name, float(value), 0, step)
                    for name, value in row.items()
                    if name != "step" and value
                ]
                self._state["last_step"] = step
        for start in range(0, len(metrics), _BATCH):
            client.log_batch(run_id, metrics=metrics[start : start + _BATCH])

    def _send_files(self, client: Any, run_id: str) -> None:
        sent = self._state.setdefault("files", {})
        for path in _artifacts(self._folder):
            name = str(path.relative_to(self._folder))
            stamp = [path.stat().st_size, path.stat().st_mtime_ns]
            if sent.get(name) != stamp:
                parent = str(Path(name).parent)
                client.log_artifact(run_id, str(path), None if parent == "." else parent)
                sent[name] = stamp

    def _save(self) -> None:
        write_json(self._folder / STATE, self._state)


def trained_keys(config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration keys that a training reads, of a whole configuration's JSON data."""
    keys = tuple(key for key in STAGES["train"].keys if key in config)
    return pick(config, keys)


def identify(folder: Path) -> Identity:
    """The identity that a run's folder names: EXPERIMENT/VARIANT/PROMPT/SEED."""
    parts = folder.resolve().parts[-4:]
    if len(parts) < 4 or not parts[3].isdigit():
        raise UserError(f"{folder} is not a run; give a folder EXPERIMENT/VARIANT/PROMPT/SEED")
    experiment, variant, prompt_id, seed = parts
    return Identity(experiment, variant, prompt_id, int(seed))


def curve_rows(path: Path) -> Iterator[dict[str, str]]:
    """Whole rows of a CSV that may be growing."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        return
    whole = text[: text.rfind("\n") + 1]
    for row in csv.DictReader(whole.splitlines()):
        if (row.get("step") or "").isdigit():
            yield row


def _artifacts(folder: Path) -> list[Path]:
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix in _SUFFIXES
        and path.is_file()
        and path.name not in (STATE, "logged.json")
        and not path.name.startswith((".", "checkpoint"))
        and path.relative_to(folder).parts[0] not in _SKIPPED_FOLDERS
    ]


def _flat(data: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in data.items():
        name = f"{above}.{key}" if above else key
        flat |= _flat(value, name) if isinstance(value, Mapping) else {name: value}
    return flat


def _read_json(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}
