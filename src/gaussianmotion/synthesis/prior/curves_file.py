"""The curves of a training of the prior: one CSV that every process goes on with.

``step`` counts samples, as MLflow's step does.
"""

import csv
from pathlib import Path

from gaussianmotion.runtime.atomic import atomic_path

FIELDS = (
    "step", "seconds", "size", "per_second", "rate", "loss", "picture", "regions_loss",
    "own", "other_text", "other_pose", "regions",
)  # fmt: skip


def read_curves(path: Path) -> list[dict[str, str]]:
    """The rows so far; none where there is no file."""
    try:
        with path.open(newline="", encoding="utf-8") as handle:
            return list(csv.DictReader(handle))
    except FileNotFoundError:
        return []


def add_row(path: Path, row: dict[str, int | float]) -> None:
    """Add a row after those of fewer samples: a training that was killed measures some again."""
    rows = [old for old in read_curves(path) if float(old["step"]) < row["step"]]
    with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, FIELDS, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        writer.writerow({name: _short(row[name]) for name in FIELDS if name in row})


def _short(value: int | float) -> str:
    return f"{value:.5g}" if value != int(value) else str(int(value))
