"""The scores as one table in memory, and which of their values the tables show.

``scores.csv`` has one row for each value of each score file (:mod:`.collect`). A measure is one
value name of one score, such as ``sharpness`` of ``geometry``.
"""

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
# Which values of a score the tables show, in their order; of other scores the first one. The first
# of each is what Table 1 shows where other systems have no avatar file to measure.
HEADLINES = {
    "clip": ("clip_score",),
    "fid": ("fid", "kid"),
    "hps": ("hpsv2",),
    "alignment": ("alignment",),
    "features": ("frechet", "kernel"),
    "geometry": ("silhouette_iou", "sharpness", "saturation", "noise", "holes", "splats"),
    "pose": ("pck", "orientation"),
}
# Scores of pictures alone: other systems' renders have them, too.
OF_PICTURES = ("clip", "fid", "hps", "alignment", "features")


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


def read_scores(path: Path) -> pd.DataFrame:
    """Read ``scores.csv``; texts are empty where there is nothing, numbers NaN.

    Raises:
        UserError: it is missing or has other columns.
    """
    try:
        frame = pd.read_csv(
            path,
            dtype=dict.fromkeys(TEXT, str) | {"seed": "Int64", "n": "Int64"},
            keep_default_na=False,
            na_values={name: [""] for name in ("seed", "n", "value", "low", "high")},
        )
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read: make it again with the rule collect") from error
    if list(frame.columns) != list(COLUMNS):
        raise UserError(f"{path} has other columns: make it again with the rule collect")
    return frame.astype({"value": float, "low": float, "high": float})


def measures(frame: pd.DataFrame, scores: list[str], headlines: bool = True) -> list[Measure]:
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
    """Why there is no number; the score's own words are in ``scores.csv``."""
    rows = frame[(frame["variant"] == variant) & (frame["score"] == measure.score)]
    return f"N too small (N={rows['n'].max()})" if len(rows) else "not measured"
