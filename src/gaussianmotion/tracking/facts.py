"""What a run's ``run.json`` says that MLflow shows as times and metrics."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

# run.json's numbers that are compared between runs.
_NUMBERS = ("seconds", "gaussians", "steps")


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object; empty where there is none."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def finish_of(facts: Mapping[str, Any]) -> int | None:
    """When the training ended, milliseconds since 1970; None where run.json does not say."""
    try:
        return round(1000 * datetime.fromisoformat(str(facts["finished_at"])).timestamp())
    except (KeyError, ValueError):
        return None


def start_of(facts: Mapping[str, Any]) -> int | None:
    """When it began, as :func:`finish_of`; interruptions count as training."""
    end = finish_of(facts)
    return None if end is None else end - round(1000 * float(facts.get("seconds", 0)))


def training_metrics(facts: Mapping[str, Any]) -> dict[str, float]:
    """Seconds, Gaussians and steps of a training, and its final losses, as training/NAME."""
    final = facts.get("final")
    found = {name: facts.get(name) for name in _NUMBERS}
    if isinstance(final, Mapping):
        found |= {f"final_{name}": value for name, value in final.items() if name != "seconds"}
    return {
        f"training/{name}": float(value)
        for name, value in found.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def mean_training(folders: Sequence[Path]) -> tuple[dict[str, float], int]:
    """Means of the runs' training metrics, the sum of their seconds, and when the last ended."""
    facts = [read_json(folder / "run.json") for folder in folders]
    rows = [training_metrics(row) for row in facts]
    names = sorted({name for row in rows for name in row})
    means = {
        name: sum(found) / len(found)
        for name in names
        if (found := [row[name] for row in rows if name in row])
    }
    total = sum(row.get("training/seconds", 0.0) for row in rows)
    if total:
        means["training/total_seconds"] = total
    return means, max((finish_of(row) or 0 for row in facts), default=0)
