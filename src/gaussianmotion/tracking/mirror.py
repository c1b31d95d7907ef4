"""One run's folder as one MLflow run: parameters, curves, scores, pictures, videos, the avatar.

What was sent is remembered in ``mlflow.json`` beside the results, so mirroring again sends only
what is new, and nothing twice: what is rendered and scored later joins its training's run.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gaussianmotion.config import TrackingConfig
from gaussianmotion.records.experiment_folder import ExperimentFolder
from gaussianmotion.records.record import found_json
from gaussianmotion.records.run_folder import RunFolder
from gaussianmotion.records.run_record import RunRecord
from gaussianmotion.runtime.atomic import write_json
from gaussianmotion.runtime.revision import git_commit
from gaussianmotion.tracking.artifacts import run_files, send_new
from gaussianmotion.tracking.curve_metrics import send_curves
from gaussianmotion.tracking.dataset import log_prompts
from gaussianmotion.tracking.description import NOTE, describe_experiment, escaped
from gaussianmotion.tracking.identity import Identity, finished_runs
from gaussianmotion.tracking.lock import alone
from gaussianmotion.tracking.machine import send_measurements
from gaussianmotion.tracking.opening import experiment_id, open_client
from gaussianmotion.tracking.parameters import config_digest, trained_keys
from gaussianmotion.tracking.parents import KIND, PARENT, shared_run
from gaussianmotion.tracking.pictures import send_pictures
from gaussianmotion.tracking.run_contents import active_run, log_params, set_metrics, set_tags
from gaussianmotion.tracking.scores import run_scores
from gaussianmotion.tracking.store import is_store, store_name, store_uri
from gaussianmotion.tracking.training_metrics import finish_of, start_of, training_metrics
from gaussianmotion.tracking.variant import refresh


class Mirror:
    """One run's folder and its MLflow run."""

    def __init__(self, folder: Path, identity: Identity, tracking: TrackingConfig) -> None:
        self._folder = folder
        self._identity = identity
        self._tracking = tracking
        self._uri = store_uri(tracking)
        note = RunFolder(folder).mlflow
        self._state: dict[str, Any] = found_json(note)
        # Damaged: the store may have the run, and nobody knows any more what was sent of it.
        self._forgotten = note.exists() and not self._state

    def begin(self) -> None:
        """A training starts: a finished run keeps its records, a new one gets its own.

        Noted at once: where the store is away until the training is over, who logs it later must
        not take it for the earlier one.
        """
        if self._state.get("finished"):
            self._state = _replacing(self._state)
            self._save()

    def update(self, params: Mapping[str, Any] | None = None, status: str | None = None) -> str:
        """Send what MLflow does not have yet; returns the run's id.

        Args:
            params: Configuration keys of a new run; those of ``run.json`` where not given.
            status: Of MLflow: RUNNING, FINISHED, FAILED or KILLED; unchanged where not given.

        Raises:
            UserError: the training's record or a score file is damaged.
        """
        path = RunFolder(self._folder).record
        finished = params is None and path.exists()
        record = RunRecord.read(path) if finished else RunRecord()
        client = open_client(self._tracking)
        if params is None:
            params = trained_keys(record.config)
        name = self._identity.experiment
        experiment = experiment_id(client, name, self._tracking, self._uri)
        run_id = self._run_id(client, experiment, params, record)
        if NOTE not in client.get_experiment(experiment).tags:
            root = self._folder.resolve().parents[2]
            describe_experiment(client, experiment, root, finished_runs(root))
        try:
            self._send(client, experiment, run_id, params, record)
            if status == "RUNNING":
                client.update_run(run_id, status)
            elif status is not None:
                client.set_terminated(run_id, status, finish_of(record))
            if status is not None:
                self._state["finished"] = status == "FINISHED"
                self._tell_parent(client, run_id, status)
        finally:  # what a server took before it failed is not sent again
            self._save()
        return run_id

    def _tell_parent(self, client: Any, run_id: str, status: str) -> None:
        """The variant's run is training as long as one of its runs is."""
        parent = client.get_run(run_id).data.tags[PARENT]
        variant = self._folder.resolve().parents[1]
        if status != "RUNNING":
            own = variant.name == self._identity.variant
            members = finished_runs(variant.parent) if own else []
            members = [run for run in members if run.parents[1] == variant]
            pooled = ExperimentFolder(variant.parent).pooled(variant.name)
            refresh(client, parent, members, pooled, set())
        elif client.get_run(parent).info.status != "RUNNING":
            client.update_run(parent, "RUNNING")

    def _run_id(
        self, client: Any, experiment: str, params: Mapping[str, Any], record: RunRecord
    ) -> str:
        digest = config_digest(params)
        known = self._known(client, experiment, digest)
        if known is not None:
            return known
        with alone(self._tracking, self._identity.experiment):
            # The same folder may be mirrored by a job and by `sync` at once.
            self._state = found_json(RunFolder(self._folder).mlflow)
            known = self._known(client, experiment, digest)
            return known or self._create(client, experiment, digest, record)

    def _known(self, client: Any, experiment: str, digest: str) -> str | None:
        """The folder's run, if this store has it and it is of this training."""
        if not self._is_of_this_store():
            return None
        run = active_run(client, self._state.get("run_id"))
        if run is None:
            return None
        tags = run.data.tags
        mine = {key: tags.get(key) for key in self._identity.tags} == self._identity.tags
        if not mine or run.info.experiment_id != experiment:
            return None  # the folder was copied, or has another name now: that run is another one
        if digest and tags.get("config_digest", digest) != digest:
            # Trained anew with other settings, while MLflow's parameters are for ever.
            self._state = _replacing(self._state)
            return None
        return str(run.info.run_id)

    def _is_of_this_store(self) -> bool:
        """Whether the folder was last mirrored to the store that it is now."""
        return is_store(self._state.get("uri"), self._uri, self._folder)

    def _create(self, client: Any, experiment: str, digest: str, record: RunRecord) -> str:
        tags = {
            "experiment": self._identity.experiment,
            **self._identity.tags,
            KIND: "run",
            **({"config_digest": digest} if digest else {}),
        }
        created = client.create_run(
            experiment, start_of(record), tags, run_name=self._identity.name
        )
        run_id = str(created.info.run_id)
        replaces = self._state.get("superseded") if self._is_of_this_store() else None
        if self._forgotten:
            replaces = self._newest(client, experiment, run_id)
        self._state = {
            "uri": store_name(self._uri, self._folder),
            "run_id": run_id,
            "finished": False,
            **({"superseded": replaces} if replaces else {}),
        }
        try:
            self._save()
        except Exception:  # without the note, the next attempt would make another run
            client.delete_run(run_id)
            raise
        return run_id

    def _newest(self, client: Any, experiment: str, new: str) -> str | None:
        """The last run of this identity before a new one."""
        tags = {**self._identity.tags, KIND: "run"}
        wanted = " and ".join(f"tags.{key} = '{value}'" for key, value in tags.items())
        runs = client.search_runs([experiment], wanted, order_by=["attributes.start_time DESC"])
        return next((str(run.info.run_id) for run in runs if run.info.run_id != new), None)

    def _send(
        self,
        client: Any,
        experiment: str,
        run_id: str,
        params: Mapping[str, Any],
        record: RunRecord,
    ) -> None:
        if active_run(client, self._state.get("superseded")) is not None:
            tags = {"superseded_by": run_id, KIND: "superseded"}
            set_tags(client, self._state["superseded"], tags)
        self._state.pop("superseded", None)
        log_params(client, run_id, params)
        self._send_tags(client, experiment, run_id, params, record)
        curves = RunFolder(self._folder).curves
        last = int(self._state.get("last_step", 0))
        self._state["last_step"] = send_curves(client, run_id, curves, last)
        scores = run_scores(self._folder)
        set_tags(client, run_id, scores.tags)
        set_metrics(client, run_id, scores.metrics, scores.time)
        set_metrics(client, run_id, training_metrics(record), finish_of(record) or 0)
        measured = int(self._state.get("measured", 0))
        self._state["measured"] = send_measurements(client, run_id, self._folder, measured)
        send_pictures(client, run_id, self._folder, self._state.setdefault("previews", {}))
        sent = self._state.setdefault("files", {})
        send_new(client, run_id, self._folder, run_files(self._folder), sent)

    def _send_tags(
        self,
        client: Any,
        experiment: str,
        run_id: str,
        params: Mapping[str, Any],
        record: RunRecord,
    ) -> None:
        commit = record.git_commit if record.is_known else git_commit()
        variant = self._identity.variant
        prompt = self._identity.prompt or record.prompt
        start = client.get_run(run_id).info.start_time
        tags = {
            PARENT: shared_run(client, experiment, self._tracking, "variant", variant, start),
            "prompt": prompt,
            NOTE: escaped(prompt),
            # Below the results folder, wherever that is.
            "folder": f"{self._identity.experiment}/{self._identity.name}",
            "config_digest": config_digest(params),
            "git_commit": commit,
            "mlflow.source.git.commit": commit,
        }
        set_tags(client, run_id, tags)
        log_prompts(client, run_id, self._folder.resolve().parents[2], prompt)

    def _save(self) -> None:
        write_json(RunFolder(self._folder).mlflow, self._state)


def _replacing(state: Mapping[str, Any]) -> dict[str, Any]:
    """The state of a folder whose next run takes the place of its present one."""
    return {"uri": state.get("uri"), "superseded": state.get("run_id")}
