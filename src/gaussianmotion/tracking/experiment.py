"""An experiment as a whole: means on the variants' parents, tables and figures on a run of its own.

Everything is computed from the result files, so that doing it again changes nothing.
"""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gaussianmotion.config import TrackingConfig
from gaussianmotion.records.experiment_folder import ExperimentFolder
from gaussianmotion.records.record import found_json
from gaussianmotion.records.run_folder import RunFolder
from gaussianmotion.records.run_record import known_run
from gaussianmotion.runtime.atomic import write_json
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.tracking.artifacts import experiment_files, send_new
from gaussianmotion.tracking.description import describe_experiment
from gaussianmotion.tracking.identity import finished_runs
from gaussianmotion.tracking.opening import experiment_id, open_client
from gaussianmotion.tracking.parameters import config_digest, trained_keys
from gaussianmotion.tracking.parents import PARENT, replace_parent, shared_run
from gaussianmotion.tracking.run_contents import active_run, log_params, set_metrics, set_tags
from gaussianmotion.tracking.scores import shared_grid
from gaussianmotion.tracking.store import is_store, store_name, store_uri
from gaussianmotion.tracking.training_metrics import mean_training, start_of
from gaussianmotion.tracking.variant import end, refresh


def log_experiment(root: Path, tracking: TrackingConfig, runs: Sequence[Path] | None = None) -> str:
    """Bring the parents and the experiment's own run up to date; returns the latter's id.

    Arguments and errors are those of :func:`log_parents`.
    """
    own = log_parents(root, tracking, runs)
    root = root.resolve()
    state = found_json(ExperimentFolder(root).mlflow)
    client = open_client(tracking)
    send_new(client, own, root, experiment_files(root), state["files"][own])
    write_json(ExperimentFolder(root).mlflow, state)
    return own


def log_parents(root: Path, tracking: TrackingConfig, runs: Sequence[Path] | None = None) -> str:
    """Bring the parents up to date and see that the experiment has a run of its own.

    The report shows their ids: ``mlflow.json`` has them before the report is written, and the
    report is sent to the experiment's own run afterwards.

    Args:
        root: The experiment's folder; its name is that of the MLflow experiment.
        tracking: Where the store is.
        runs: Folders VARIANT/PROMPT/SEED below it that belong to the experiment; those of the last
            time where not given, else all that are finished.

    Returns:
        The id of the experiment's own run.

    Raises:
        UserError: nothing is finished there, or a score file is damaged.
    """
    root = root.resolve()
    state = found_json(ExperimentFolder(root).mlflow)
    folders = _folders(root, runs, state)
    uri = store_uri(tracking)
    client = open_client(tracking)
    experiment = experiment_id(client, root.name, tracking, uri)
    if not is_store(state.get("uri"), uri, root):
        state = {}
    had, has = state.get("files", {}), {}  # what each run of the store got
    parents = {}
    variants: dict[str, list[Path]] = defaultdict(list)
    for folder in folders:
        variants[folder.parents[1].name].append(folder)
    shared = shared_grid(variants.values())
    for variant, members in variants.items():
        parent = _update_parent(client, experiment, tracking, variant, members)
        pooled = ExperimentFolder(root).pooled(variant)
        set_tags(client, parent, {"shared_runs": str(len(shared))})
        refresh(client, parent, members, pooled, shared)
        parents[variant] = parent
        has[parent] = had.get(parent, {})
        send_new(client, parent, root, sorted(pooled.glob("*/*.json")), has[parent])
    first = min(filter(None, map(_start, folders)), default=None)
    own = shared_run(client, experiment, tracking, "experiment", root.name, first)
    set_tags(client, own, {"variants": ", ".join(variants), "folder": root.name})
    means, ended = mean_training(folders)
    set_metrics(client, own, means, ended)
    end(client, own, ended)
    describe_experiment(client, experiment, root, folders)
    has[own] = had.get(own, {})
    names = [str(folder.relative_to(root)) for folder in folders]
    ids = {"run_id": own, "parents": parents}
    write_json(
        ExperimentFolder(root).mlflow,
        {"uri": store_name(uri, root), **ids, "runs": names, "files": has},
    )
    return own


def _folders(root: Path, runs: Sequence[Path] | None, state: dict[str, Any]) -> list[Path]:
    if runs is None:
        remembered = [root / name for name in state.get("runs", [])]
        # None of them is left where their variant was renamed.
        runs = [run for run in remembered if RunFolder(run).is_finished] or finished_runs(root)
    finished = [run.resolve() for run in runs if RunFolder(run).is_finished]
    foreign = [run for run in finished if run.parents[2] != root]
    if foreign:
        raise UserError(f"{foreign[0]} is no run of {root}; give folders VARIANT/PROMPT/SEED of it")
    if not finished:
        raise UserError(f"{root}: no run is finished there; train one first")
    return finished


def _update_parent(
    client: Any, experiment: str, tracking: TrackingConfig, variant: str, members: list[Path]
) -> str:
    """The variant's parent, with its parameters, above all its runs that the store has."""
    configs = [trained_keys(known_run(run).config) for run in members]
    digests = {config_digest(config) for config in configs}
    digest = digests.pop() if len(digests) == 1 else "mixed"
    start = min(filter(None, map(_start, members)), default=None)
    parent = shared_run(client, experiment, tracking, "variant", variant, start)
    known = client.get_run(parent).data.tags.get("config_digest")
    if known not in (None, digest):
        parent = replace_parent(client, experiment, tracking, variant, parent, start)
        known = client.get_run(parent).data.tags.get("config_digest")
    if known is None:
        if digest != "mixed":
            log_params(client, parent, configs[0])
        set_tags(client, parent, {"config_digest": digest})
    for run in members:
        state = found_json(RunFolder(run).mlflow)
        if not is_store(state.get("uri"), store_uri(tracking), run):
            continue
        child = active_run(client, state.get("run_id"))
        # A folder that was copied still names the run of the one that it was copied from.
        if child is not None and child.info.experiment_id == experiment:
            set_tags(client, child.info.run_id, {PARENT: parent})
    return parent


def _start(run: Path) -> int | None:
    return start_of(known_run(run))
