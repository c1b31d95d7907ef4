"""The scores as one table in memory, and which of their values the tables show.

``scores.csv`` has one row for each value of each score file (:mod:`.collect`). A column is one
measure of one score, such as ``sharpness`` of ``geometry``, as it was measured.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from gaussianmotion.runtime.errors import UserError
from gaussianmotion.scores.registry import scores
from gaussianmotion.scores.score import Measure

TEXT = (
    *("kind", "variant", "prompt", "score", "title", "protocol", "model", "value_name", "unit"),
    *("better", "status", "reason"),
)
COLUMNS = (
    *("kind", "variant", "prompt", "seed", "score", "title", "protocol", "model", "n"),
    *("value_name", "value", "unit", "better", "low", "high", "status", "reason"),
)
_PICTURES = re.compile(r"(\d+) pictures;")
# What a table's .csv says of a measure beside each of its numbers.
FACTS = ("score", "value_name", "title", "protocol", "model", "unit", "better")


@dataclass(frozen=True)
class Column:
    """One measure of one score, as its numbers in ``scores.csv`` say.

    Attributes:
        score: Key in ``scores.names``.
        name: Of the value in the score's files.
        title: Of the score, with its model.
        protocol: Name and version.
        model: Its id; empty where none is needed.
        unit: Of the value.
        better: higher, lower or none.
        pooled: Whether it is of many avatars together.
    """

    score: str
    name: str
    title: str
    protocol: str
    model: str
    unit: str
    better: str
    pooled: bool

    @property
    def declared(self) -> Measure:
        """Its declaration; without remarks where the score has no such measure any more."""
        score = scores().get(self.score)
        return (score and score.measure(self.name)) or Measure(self.name, "")

    @property
    def arrow(self) -> str:
        """Which direction is better, as a sign."""
        return {"higher": "↑", "lower": "↓"}.get(self.better, "")

    @property
    def heading(self) -> str:
        """Its column's heading."""
        unit = f" [{self.unit}]" if self.unit else ""
        return f"{self.name}{unit} {self.arrow}".strip()

    @property
    def origin(self) -> str:
        """The score with its model and its protocol, for a table's notes."""
        return f"{self.title}, protocol {self.protocol}"

    @property
    def facts(self) -> dict[str, object]:
        """The columns :data:`FACTS` of its numbers."""
        return {
            "score": self.score,
            "value_name": self.name,
            "title": self.title,
            "protocol": self.protocol,
            "model": self.model,
            "unit": self.unit,
            "better": self.better,
        }


def read_scores(path: Path) -> pd.DataFrame:
    """Read ``scores.csv``; texts are empty where there is nothing, numbers NaN.

    Raises:
        UserError: it is missing or has other columns.
    """
    try:
        frame = pd.read_csv(
            path,
            dtype=dict.fromkeys(TEXT, str)
            | dict.fromkeys(("seed", "n"), "Int64")
            | dict.fromkeys(("value", "low", "high"), float),
            keep_default_na=False,
            na_values={name: [""] for name in ("seed", "n", "value", "low", "high")},
        )
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read: make it again with the rule collect") from error
    if list(frame.columns) != list(COLUMNS):
        raise UserError(f"{path} has other columns: make it again with the rule collect")
    return frame


def measured_columns(
    frame: pd.DataFrame, names: Sequence[str], all_measures: bool = False
) -> list[Column]:
    """What was measured, in the order of the scores' names and of their declarations.

    Args:
        frame: All scores.
        names: Which of them.
        all_measures: Diagnostics, too, which no table shows.
    """
    found: list[Column] = []
    for score in names:
        rows = frame[(frame["score"] == score) & (frame["status"] == "ok")]
        measured = list(dict.fromkeys(rows["value_name"]))
        shown = [name for name in _shown(score) if name in measured]
        for name in measured if all_measures else shown:
            first = rows[rows["value_name"] == name].iloc[0]
            found.append(
                Column(
                    score=score,
                    name=name,
                    title=first["title"],
                    protocol=first["protocol"],
                    model=first["model"],
                    unit=first["unit"],
                    better=first["better"],
                    pooled=first["prompt"] == "",
                )
            )
    return found


def of_pictures(score: str) -> bool:
    """Whether other systems' renders have the score, too."""
    return score in scores() and scores()[score].of_pictures


def rows_of(frame: pd.DataFrame, column: Column, variant: str) -> pd.DataFrame:
    """The rows of one column and one variant or system that have a number."""
    return frame[
        (frame["variant"] == variant)
        & (frame["score"] == column.score)
        & (frame["value_name"] == column.name)
        & (frame["status"] == "ok")
    ]


def missing_reason(frame: pd.DataFrame, column: Column, variant: str) -> str:
    """Why a variant or system has no number of a column, in a table of all its runs."""
    rows = frame[(frame["variant"] == variant) & (frame["score"] == column.score)]
    if rows.empty:
        return "not measured"
    if column.pooled:
        # The smaller of the two sets: "12 pictures; a distance of two sets needs ...".
        few = [int(found[1]) for found in map(_PICTURES.match, rows["reason"]) if found]
        return f"N too small (N={max(few) if few else rows['n'].max()})"
    return str(rows["reason"].iloc[0]) or "no number"


def origin_notes(chosen: Iterable[Column], n: Mapping[Column, int] | None = None) -> list[str]:
    """A line for each score, which says where its values' numbers come from.

    Args:
        chosen: The columns of a table.
        n: Of how many pictures each is, where that is the same in the whole column.
    """
    names: dict[str, list[str]] = {}
    for column in chosen:
        of = f", N={n[column]}" if n and column in n else ""
        names.setdefault(column.origin + of, []).append(column.name)
    return [f"{', '.join(group)}: {origin}." for origin, group in names.items()]


def absent_notes(frame: pd.DataFrame, names: Iterable[str]) -> list[str]:
    """Why numbers that belong into the tables have no column: nobody has any of them."""
    notes = []
    for score in names:
        rows = frame[frame["score"] == score]
        absent = " and ".join(name for name in _shown(score) if name not in set(rows["value_name"]))
        reasons = [reason for reason in dict.fromkeys(rows["reason"]) if reason]
        if absent and reasons:
            notes.append(f"No {absent}: {reasons[0].removeprefix(f'no {absent}: ')}.")
    return notes


def _shown(score: str) -> tuple[str, ...]:
    return scores()[score].columns if score in scores() else ()
