"""The curves of a training, as MLflow metrics by step."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gaussianmotion.tracking.run_contents import METRICS_AT_ONCE


def curve_rows(path: Path) -> Iterator[dict[str, str]]:
    """Whole rows of a CSV that may be growing."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    whole = text[: text.rfind("\n") + 1]
    for row in csv.DictReader(whole.splitlines()):
        if (row.get("step") or "").isdigit():
            yield row


def send_curves(client: Any, run_id: str, path: Path, last: int) -> int:
    """Log the rows that MLflow does not have yet.

    Args:
        client: An MlflowClient.
        run_id: The run that gets them.
        path: ``curves.csv``; may be absent.
        last: The last step that MLflow has.

    Returns:
        The last step that it has now. Rows that fail on the way raise, and are sent again next
        time: a point that MLflow has already is no second one.
    """
    from mlflow.entities import Metric

    metrics = []
    reached = last
    for row in curve_rows(path):
        step = int(row["step"])
        if step > last:
            # No times: the same row again must be the same point.
            metrics += [
                Metric(name, float(value), 0, step)
                for name, value in row.items()
                if name != "step" and value
            ]
            reached = max(reached, step)
    for start in range(0, len(metrics), METRICS_AT_ONCE):
        client.log_batch(run_id, metrics=metrics[start : start + METRICS_AT_ONCE])
    return reached
