"""What a run's record says that MLflow shows as times and metrics."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from gaussianmotion.records.run_record import RunRecord, known_run


def finish_of(record: RunRecord) -> int | None:
    """When the training ended, milliseconds since 1970; None where the record does not say."""
    try:
        return round(1000 * datetime.fromisoformat(record.finished_at).timestamp())
    except ValueError:
        return None


def start_of(record: RunRecord) -> int | None:
    """When it began, as :func:`finish_of`; interruptions count as training."""
    end = finish_of(record)
    return None if end is None else end - round(1000 * (record.seconds or 0.0))


def training_metrics(record: RunRecord) -> dict[str, float]:
    """Seconds, Gaussians and steps of a training, and its final losses, as training/NAME."""
    found = {
        "seconds": record.seconds,
        "gaussians": record.gaussians,
        "steps": record.steps,
        **{f"final_{name}": value for name, value in record.final.items() if name != "seconds"},
    }
    return {f"training/{name}": float(value) for name, value in found.items() if value is not None}


def mean_training(folders: Sequence[Path]) -> tuple[dict[str, float], int]:
    """Means of the runs' training metrics, the sum of their seconds, and when the last ended."""
    records = [known_run(folder) for folder in folders]
    rows = [training_metrics(record) for record in records]
    names = sorted({name for row in rows for name in row})
    means = {
        name: sum(found) / len(found)
        for name in names
        if (found := [row[name] for row in rows if name in row])
    }
    total = sum(row.get("training/seconds", 0.0) for row in rows)
    if total:
        means["training/total_seconds"] = total
    return means, max((finish_of(record) or 0 for record in records), default=0)
