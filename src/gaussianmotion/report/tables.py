"""The experiment's tables as the report shows them, and the long table of scores."""

import csv
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gaussianmotion.records.experiment_folder import ExperimentFolder
from gaussianmotion.records.record import found_json

TITLES = {
    "verdicts": "Verdicts",
    "table1": "Table 1",
    "table2": "Table 2",
    "win_rate": "Win rates",
    "ablations": "Ablations",
}

_ABSENT = ("not provided", "not measured", "no votes", "no measured", "N too small", "too few", "–")
# [low, high], (1 / 0 / 2) and the like, Δ +0.1.
_UNITS = re.compile(r"\[[^\]]{1,40}\]|\([^)]{1,24}\)|Δ \S+")


@dataclass(frozen=True)
class ShownTable:
    """A table for people.

    Attributes:
        name: Of its file.
        title: One line.
        headings: Of the columns.
        rows: Their cells.
        notes: Lines below it.
        facts: What else its JSON says.
    """

    name: str
    title: str
    headings: list[str]
    rows: list[list[str]]
    notes: list[str]
    facts: dict[str, Any] = field(default_factory=dict)


def read_tables(root: Path) -> list[ShownTable]:
    """All tables that are there, in the order of the report."""
    tables = [
        _read_table(ExperimentFolder(root).table(name), title) for name, title in TITLES.items()
    ]
    return [table for table in tables if table is not None]


def read_scores(root: Path) -> list[dict[str, str]]:
    """The rows of ``scores.csv``; none where it is not there."""
    return _rows(ExperimentFolder(root).scores_table)


def together(cell: str) -> str:
    """A cell in which an interval, counts in brackets and a difference are not broken apart."""
    return _UNITS.sub(lambda unit: unit[0].replace(" ", "\N{NO-BREAK SPACE}"), cell)


def is_absent(cell: str) -> bool:
    """Whether a cell says why it has no number."""
    return not cell or cell.startswith(_ABSENT)


def short_number(text: str) -> str:
    """Four significant digits of a number in a CSV; anything else as it is."""
    try:
        value = float(text)
    except ValueError:
        return text
    return f"{value:.0f}" if value.is_integer() and abs(value) < 1e7 else f"{value:.4g}"


def _read_table(path: Path, title: str) -> ShownTable | None:
    facts = found_json(path.with_suffix(".json"))
    if facts.get("headings"):
        rows = [[str(cell) for cell in row] for row in facts.get("rows", [])]
        return ShownTable(
            path.stem,
            str(facts.get("title", title)),
            [str(heading) for heading in facts["headings"]],
            rows,
            [str(note) for note in facts.get("notes", [])],
            facts,
        )
    rows_by_name = _rows(path)
    if not rows_by_name:
        return None
    return ShownTable(path.stem, title, *_without_empty_columns(rows_by_name), [])


def _without_empty_columns(rows: list[dict[str, str]]) -> tuple[list[str], list[list[str]]]:
    kept = [name for name in rows[0] if any(row.get(name) for row in rows)]
    return kept, [[short_number(row.get(name) or "") for name in kept] for row in rows]


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except OSError:
        return []
