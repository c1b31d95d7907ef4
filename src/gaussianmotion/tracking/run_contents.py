"""What one MLflow run holds: read, and sent only where it is missing or another one."""

from collections.abc import Mapping
from typing import Any

# MLflow takes a thousand metrics and a hundred parameters in one request.
METRICS_AT_ONCE = 500
_PARAMETERS_AT_ONCE = 100


def active_run(client: Any, run_id: str | None) -> Any | None:
    """The MLflow run; None where the store has none of that id, or it was deleted in the UI."""
    from mlflow.exceptions import MlflowException

    if not run_id:
        return None
    try:
        run = client.get_run(run_id)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return None
    return run if run.info.lifecycle_stage == "active" else None


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
    for start in range(0, len(new), METRICS_AT_ONCE):
        client.log_batch(run_id, metrics=new[start : start + METRICS_AT_ONCE])


def log_params(client: Any, run_id: str, params: Mapping[str, Any]) -> None:
    """Log nested keys under dotted names; those that the run has stay, as MLflow wants it."""
    from mlflow.entities import Param

    there = client.get_run(run_id).data.params
    rows = [
        Param(key, str(value)) for key, value in sorted(_flat(params).items()) if key not in there
    ]
    for start in range(0, len(rows), _PARAMETERS_AT_ONCE):
        client.log_batch(run_id, params=rows[start : start + _PARAMETERS_AT_ONCE])


def _flat(data: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in data.items():
        name = f"{above}.{key}" if above else key
        flat |= _flat(value, name) if isinstance(value, Mapping) else {name: value}
    return flat
