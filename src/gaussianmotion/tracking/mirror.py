"""One run's folder as one MLflow run: parameters, curves, scores, pictures, videos, the avatar.

What was sent is remembered in ``mlflow.json`` beside the results, so mirroring again sends only
what is new, and nothing twice: what is rendered and scored later joins its training's run.
"""

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from gaussianmotion.atomic import write_json
from gaussianmotion.config import TrackingConfig
from gaussianmotion.errors import UserError
from gaussianmotion.revision import git_commit
from gaussianmotion.tracking.artifacts import STATE, run_files, send_new
from gaussianmotion.tracking.lock import alone
from gaussianmotion.tracking.parameters import config_digest, log_params, trained_keys
from gaussianmotion.tracking.parents import KIND, PARENT, shared_run
from gaussianmotion.tracking.scores import run_scores
from gaussianmotion.tracking.store import experiment_id, open_client, store_uri

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
        self._state: dict[str, Any] = read_json(folder / STATE)

    def begin(self) -> None:
        """A training starts: a finished run keeps its records, a new one gets its own."""
        if self._state.get("finished"):
            self._state = {"superseded": self._state.get("run_id")}

    def update(self, params: Mapping[str, Any] | None = None, status: str | None = None) -> str:
        """Send what MLflow does not have yet; returns the run's id.

        Args:
            params: Configuration keys of a new run; those of ``run.json`` where not given.
            status: Of MLflow: RUNNING, FINISHED, FAILED or KILLED; unchanged where not given.

        Raises:
            UserError: a score file is damaged.
        """
        client = open_client(self._uri)
        facts = {} if params is not None else read_json(self._folder / "run.json")
        if params is None:
            params = trained_keys(facts.get("config", {}))
        name = self._identity.experiment
        experiment = experiment_id(client, name, self._tracking, self._uri)
        run_id = self._run_id(client, experiment, params, facts)
        self._send_tags(client, experiment, run_id, params, facts)
        self._send_curves(client, run_id)
        self._send_scores(client, run_id)
        send_new(
            client,
            run_id,
            self._folder,
            run_files(self._folder),
            self._state.setdefault("files", {}),
        )
        if status == "RUNNING":
            client.update_run(run_id, status)
        elif status is not None:
            client.set_terminated(run_id, status, _finish(facts))
        if status is not None:
            self._state["finished"] = status == "FINISHED"
        self._save()
        return run_id

    def _run_id(
        self, client: Any, experiment: str, params: Mapping[str, Any], facts: Mapping[str, Any]
    ) -> str:
        known = self._known(client)
        if known is not None:
            return known
        with alone(self._tracking, self._identity.experiment):
            # The same folder may be mirrored by a job and by `sync` at once.
            self._state = read_json(self._folder / STATE) | self._superseded()
            known = self._known(client)
            return known or self._create(client, experiment, params, facts)

    def _known(self, client: Any) -> str | None:
        """The folder's run, if this store has it."""
        from mlflow.exceptions import MlflowException

        known = self._state.get("run_id")
        if not known or self._state.get("uri") != self._uri or self._state.get("superseded"):
            return None
        try:
            run = client.get_run(known)
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            return None
        return str(known) if run.info.lifecycle_stage == "active" else None

    def _superseded(self) -> dict[str, Any]:
        earlier = self._state.get("superseded")
        return {"superseded": earlier} if earlier else {}

    def _create(
        self, client: Any, experiment: str, params: Mapping[str, Any], facts: Mapping[str, Any]
    ) -> str:
        tags = {key: str(value) for key, value in asdict(self._identity).items()} | {KIND: "run"}
        end = _finish(facts)
        start = None if end is None else end - round(1000 * float(facts.get("seconds", 0)))
        superseded = self._state.get("superseded")
        created = client.create_run(experiment, start, tags, run_name=self._identity.name)
        run_id = str(created.info.run_id)
        self._state = {"uri": self._uri, "run_id": run_id, "finished": False}
        self._save()
        log_params(client, run_id, params)
        if superseded:
            client.set_tag(superseded, "superseded_by", run_id)
            client.set_tag(superseded, KIND, "superseded")
        return run_id

    def _send_tags(
        self,
        client: Any,
        experiment: str,
        run_id: str,
        params: Mapping[str, Any],
        facts: Mapping[str, Any],
    ) -> None:
        commit = str(facts.get("git_commit", "")) if facts else git_commit()
        tags = {
            PARENT: shared_run(
                client, experiment, self._tracking, "variant", self._identity.variant
            ),
            "prompt": self._identity.prompt or str(facts.get("prompt", "")),
            "folder": str(self._folder),
            "config_digest": config_digest(params),
            "git_commit": commit,
            "mlflow.source.git.commit": commit,
        }
        set_tags(client, run_id, tags)

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

    def _send_scores(self, client: Any, run_id: str) -> None:
        scores = run_scores(self._folder)
        set_tags(client, run_id, scores.tags)
        set_metrics(client, run_id, scores.metrics, scores.time)

    def _save(self) -> None:
        write_json(self._folder / STATE, self._state)


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


def set_tags(client: Any, run_id: str, tags: Mapping[str, str]) -> None:
    """Set the tags that a run has otherwise or not at all; empty ones are left out."""
    from mlflow.entities import RunTag

    there = client.get_run(run_id).data.tags
    new = [RunTag(key, text) for key, text in tags.items() if text and there.get(key) != text]
    if new:
        client.log_batch(run_id, tags=new)


def set_metrics(client: Any, run_id: str, metrics: Mapping[str, float], time: int) -> None:
    """Log the metrics whose last value is another one.

    Args:
        client: An MlflowClient.
        run_id: The run.
        metrics: By name.
        time: Milliseconds since 1970: when the values were found.
    """
    from mlflow.entities import Metric

    there = client.get_run(run_id).data.metrics
    new = [
        Metric(name, value, time, 0) for name, value in metrics.items() if there.get(name) != value
    ]
    for start in range(0, len(new), _BATCH):
        client.log_batch(run_id, metrics=new[start : start + _BATCH])


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object; empty where there is none."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def _finish(facts: Mapping[str, Any]) -> int | None:
    """When the training ended, milliseconds since 1970; None where run.json does not say."""
    try:
        return round(1000 * datetime.fromisoformat(str(facts["finished_at"])).timestamp())
    except (KeyError, ValueError):
        return None
