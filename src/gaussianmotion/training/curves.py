"""Training curves as CSV, one row per step, that survive a kill and a resume without duplicates."""

import csv
import io
import os
from pathlib import Path

from gaussianmotion.runtime.atomic import write_text

COLUMNS = (
    "step",
    "loss",
    "score",
    "scale",
    "skin",
    "timestep",
    "grad_rms",
    "delta_c_rms",
    "delta_n_rms",
    "opacity",
    "gaussians",
    "seconds",
)


class Curves:
    """Appends rows to ``curves.csv``; use as a context manager.

    Columns: finished steps; the total loss and its three terms before their weights (eq. 8); the
    figures of ``guidance.distillation`` (mean timestep, sizes of the score's directions); mean
    opacity before the step; number of Gaussians; seconds of the step. A step that was left out has
    the last two only.
    """

    def __init__(self, path: Path, finished: int) -> None:
        """Open for appending.

        Args:
            path: Of the CSV file.
            finished: Steps that the training resumes from; later rows, which a killed run may have
                left, and a last row cut short are dropped.
        """
        self._path = path
        rows = [row for row in _read(path) if int(row["step"]) <= finished]
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        write_text(path, text.getvalue())
        self._handle = open(path, "a", encoding="utf-8", newline="")  # noqa: SIM115
        self._writer = csv.DictWriter(self._handle, COLUMNS, lineterminator="\n")

    def append(self, row: dict[str, float]) -> None:
        """Add one step; columns without a value stay empty."""
        text = {name: f"{value:.6g}" for name, value in row.items()}
        text["step"] = str(int(row["step"]))
        self._writer.writerow(text)
        self._handle.flush()

    def means(self, after: int) -> dict[str, float]:
        """Mean of each column over the rows of steps greater than ``after`` that have a value."""
        rows = [row for row in _read(self._path) if int(row["step"]) > after]
        values = {name: [float(row[name]) for row in rows if row[name]] for name in COLUMNS[1:]}
        return {name: sum(column) / len(column) for name, column in values.items() if column}

    def sync(self) -> None:
        """Put all rows on disk: called before each checkpoint, which must not be ahead of them."""
        os.fsync(self._handle.fileno())

    def __enter__(self) -> "Curves":
        return self

    def __exit__(self, *_: object) -> None:
        self._handle.close()


def _read(path: Path) -> list[dict[str, str]]:
    """Whole rows of an earlier run; none if there was none, or its columns were others."""
    try:
        # A damaged disk may hold anything; what is no row is dropped below.
        with open(path, encoding="utf-8", errors="replace", newline="") as handle:
            text = handle.read()
    except FileNotFoundError:
        return []
    whole = text[: text.rfind("\n") + 1]
    reader = csv.DictReader(io.StringIO(whole))
    if tuple(reader.fieldnames or ()) != COLUMNS:
        return []
    return [row for row in reader if row["step"].isdigit() and _is_whole(row)]


def _is_whole(row: dict[str, str]) -> bool:
    """Whether each column of a row is there, and a number or empty."""
    if None in row.values():  # cut short
        return False
    try:
        numbers = [float(value or 0.0) for value in row.values()]
    except (TypeError, ValueError):
        return False
    return len(numbers) == len(COLUMNS)
