"""Runs that several jobs share: one parent per variant, one run for the experiment as a whole.

They are found by their tags, so that a store that was lost gets the same ones again. Eight jobs
that start together all miss the parent; a lock lets one of them create it. Where locks do not
work, everybody looks again after creating: the oldest stays, and the others delete their own.
"""

from typing import Any

from gaussianmotion.config import TrackingConfig
from gaussianmotion.tracking.lock import alone

PARENT = "mlflow.parentRunId"
KIND = "kind"
"""Tag: ``run``, ``variant`` (a parent of runs), ``experiment``, or ``superseded``."""


def shared_run(
    client: Any,
    experiment: str,
    tracking: TrackingConfig,
    kind: str,
    name: str,
    start: int | None = None,
) -> str:
    """The id of an experiment's one run of this kind and name, created where there is none.

    Args:
        client: An MlflowClient.
        experiment: Id of the MLflow experiment.
        tracking: Where the store is.
        kind: ``variant`` or ``experiment``.
        name: Of the variant or the experiment.
        start: When its first run began, milliseconds since 1970; now where not given.
    """
    found = _oldest(client, experiment, kind, name)
    if found is not None:
        return found
    with alone(tracking, client.get_experiment(experiment).name):
        found = _oldest(client, experiment, kind, name)
        return found if found is not None else _create(client, experiment, kind, name, start)


def replace_parent(
    client: Any,
    experiment: str,
    tracking: TrackingConfig,
    variant: str,
    old: str,
    start: int | None,
) -> str:
    """A new parent for a variant whose configuration changed: parameters are immutable."""
    with alone(tracking, client.get_experiment(experiment).name):
        found = _oldest(client, experiment, "variant", variant)
        if found is not None and found != old:  # another job was faster
            return found
        client.set_tag(old, KIND, "superseded")
        new = _create(client, experiment, "variant", variant, start)
        client.set_tag(old, "superseded_by", new)
        return new


def _create(client: Any, experiment: str, kind: str, name: str, start: int | None = None) -> str:
    tags = {KIND: kind, "name": name} | ({"variant": name} if kind == "variant" else {})
    mine = str(client.create_run(experiment, start, tags, run_name=name).info.run_id)
    first = _oldest(client, experiment, kind, name) or mine
    if first != mine:
        client.delete_run(mine)
    return first


def _oldest(client: Any, experiment: str, kind: str, name: str) -> str | None:
    """The first run with these tags; of equally old ones the smallest id, so that all agree."""
    quoted = name.replace("'", "")  # names are slugs; a stray quote must not end the filter
    runs = client.search_runs(
        [experiment], filter_string=f"tags.{KIND} = '{kind}' and tags.name = '{quoted}'"
    )
    ids = sorted((run.info.start_time, run.info.run_id) for run in runs)
    return str(ids[0][1]) if ids else None
