"""The scores as one table in memory, and which of their values the tables show.

``scores.csv`` has one row for each value of each score file (:mod:`.collect`). A measure is one
value name of one score, such as ``sharpness`` of ``geometry``.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from gaussianmotion.errors import UserError

TEXT = (
    *("kind", "variant", "prompt", "score", "title", "protocol", "model", "value_name", "unit"),
    *("better", "status", "reason"),
)
COLUMNS = (
    *("kind", "variant", "prompt", "seed", "score", "title", "protocol", "model", "n"),
    *("value_name", "value", "unit", "better", "low", "high", "status", "reason"),
)
# Which values of a score the tables show, in their order; of other scores the first one.
HEADLINES = {
    "clip": ("clip_score",),
    "fid": ("fid", "kid"),
    "hps": ("hpsv2",),
    "alignment": ("alignment",),
    "features": ("frechet", "kernel"),
    "geometry": (
        *("silhouette_iou", "coverage", "holes"),
        *("sharpness", "saturation", "noise", "splats"),
    ),
    "pose": ("pck", "orientation"),
}
# Scores of pictures alone: other systems' renders have them, too.
OF_PICTURES = ("clip", "fid", "hps", "alignment", "features")
_PICTURES = re.compile(r"(\d+) pictures;")
# What a table's .csv says of a measure beside each of its numbers.
FACTS = ("score", "value_name", "title", "protocol", "model", "unit", "better")


@dataclass(frozen=True)
class Measure:
    """One value of one score.

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


def measures(frame: pd.DataFrame, scores: Sequence[str], headlines: bool = True) -> list[Measure]:
    """What was measured, in the order of ``scores`` and of :data:`HEADLINES`.

    Args:
        frame: All scores.
        scores: Which of them.
        headlines: Only the values that tables show.
    """
    found: list[Measure] = []
    for score in scores:
        rows = frame[(frame["score"] == score) & (frame["status"] == "ok")]
        names = list(dict.fromkeys(rows["value_name"]))
        chosen = [name for name in HEADLINES.get(score, ()) if name in names] or names[:1]
        for name in chosen if headlines else names:
            first = rows[rows["value_name"] == name].iloc[0]
            found.append(
                Measure(
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


def rows_of(frame: pd.DataFrame, measure: Measure, variant: str) -> pd.DataFrame:
    """The rows of one measure and one variant or system that have a number."""
    return frame[
        (frame["variant"] == variant)
        & (frame["score"] == measure.score)
        & (frame["value_name"] == measure.name)
        & (frame["status"] == "ok")
    ]


def missing_reason(frame: pd.DataFrame, measure: Measure, variant: str) -> str:
    """Why a variant or system has no number of a measure, in a table of all its runs."""
    rows = frame[(frame["variant"] == variant) & (frame["score"] == measure.score)]
    if rows.empty:
        return "not measured"
    if measure.pooled:
        # The smaller of the two sets: "12 pictures; a distance of two sets needs ...".
        few = [int(found[1]) for found in map(_PICTURES.match, rows["reason"]) if found]
        return f"N too small (N={max(few) if few else rows['n'].max()})"
    return str(rows["reason"].iloc[0]) or "no number"


def origin_notes(chosen: Iterable[Measure], n: Mapping[Measure, int] | None = None) -> list[str]:
    """A line for each score, which says where its values' numbers come from.

    Args:
        chosen: The measures of a table.
        n: Of how many pictures each is, where that is the same in the whole column.
    """
    names: dict[str, list[str]] = {}
    for measure in chosen:
        of = f", N={n[measure]}" if n and measure in n else ""
        names.setdefault(measure.origin + of, []).append(measure.name)
    return [f"{', '.join(group)}: {origin}." for origin, group in names.items()]


def absent_notes(frame: pd.DataFrame, scores: Iterable[str]) -> list[str]:
    """Why values that belong into the tables have no column: nobody has a number of them."""
    notes = []
    for score in scores:
        rows = frame[frame["score"] == score]
        names = " and ".join(
            name for name in HEADLINES.get(score, ()) if name not in set(rows["value_name"])
        )
        reasons = [reason for reason in dict.fromkeys(rows["reason"]) if reason]
        if names and reasons:
            notes.append(f"No {names}: {reasons[0].removeprefix(f'no {names}: ')}.")
    return notes
