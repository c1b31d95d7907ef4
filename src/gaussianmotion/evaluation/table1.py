"""Table 1: this method, its variants and other systems, by every score of the configuration.

A row is a system, a column a value of a score. Other systems' numbers come from their renders,
brought by the user and scored here (:mod:`.baselines`); a system without renders says "not
provided": numbers of other papers follow other protocols and are not comparable.
"""

from dataclasses import asdict, dataclass

import pandas as pd

from gaussianmotion.config import Config
from gaussianmotion.evaluation.contrasts import over_prompts
from gaussianmotion.evaluation.measures import (
    FACTS,
    OF_PICTURES,
    Measure,
    absent_notes,
    measures,
    missing_reason,
    origin_notes,
    rows_of,
)
from gaussianmotion.evaluation.table_files import Table, with_interval

# The rows of the paper's table, in its order.
PAPER_SYSTEMS = ("DreamHuman", "TADA", "HumanNorm", "HumanGaussian")
NAMES = {"ours": "Ours"}


@dataclass(frozen=True)
class Entry:
    """One cell: a number with its interval and N, or why there is none."""

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0
    reason: str = ""

    def text(self) -> str:
        """As people read it."""
        if self.value is None:
            return self.reason
        return f"{with_interval(self.value, self.low, self.high)} (N={self.n})"


def table1(frame: pd.DataFrame, config: Config) -> Table:
    """Make the table.

    Args:
        frame: All scores.
        config: Of which variants, ablation, baselines and scores are read.
    """
    scores = [name for name in config.scores.names if name in OF_PICTURES]
    columns = measures(frame, scores)
    rows: list[list[str]] = []
    records: list[dict[str, object]] = []
    for name, variant, kind in _systems(config):
        entries = [_entry(frame, measure, variant, kind, config.seeds) for measure in columns]
        rows.append([name, *(entry.text() for entry in entries)])
        for measure, entry in zip(columns, entries, strict=True):
            system = {"system": name, "variant": variant, "kind": kind}
            records.append({**system, **measure.facts, **asdict(entry)})
    return Table(
        title="Table 1. Pictures of the avatars, mean and 95 % interval",
        headings=["system", *(measure.heading for measure in columns)],
        rows=rows,
        frame=pd.DataFrame(records, columns=list(_RECORD)),
        notes=[
            *origin_notes(columns),
            *absent_notes(frame, scores),
            "N: pictures that a number is of. Intervals: Student's t over prompts, whose seeds are "
            "averaged first; for distances of pooled pictures the score's own bootstrap. Distances "
            "of several seeds, each of N pictures, are averaged.",
            "Variants in brackets were made for the ablations' prompts only; numbers of different "
            "N or prompts are not comparable with each other.",
            "not provided: no renders of the system were brought (docs/baselines.md).",
        ],
    )


_RECORD = ("system", "variant", "kind", *FACTS, "value", "low", "high", "n", "reason")


def _systems(config: Config) -> list[tuple[str, str, str]]:
    """Rows as (name, key, kind): other systems, ours, our other variants, the ablations'."""
    others = [*PAPER_SYSTEMS, *(name for name in config.baselines if name not in PAPER_SYSTEMS)]
    ablations = [name for name in config.ablation.variants if name not in config.variants]
    return [
        *((name, name, "baseline") for name in others),
        *((NAMES.get(name, name), name, "variant") for name in config.variants),
        *((f"({NAMES.get(name, name)})", name, "ablation") for name in ablations),
    ]


def _entry(
    frame: pd.DataFrame, measure: Measure, variant: str, kind: str, seeds: list[int]
) -> Entry:
    """One cell; a variant of the main grid counts with that grid's seeds, every prompt alike."""
    mine = frame[(frame["kind"] == "baseline") == (kind == "baseline")]
    if kind == "baseline" and not (mine["variant"] == variant).any():
        return Entry(None, reason="not provided")
    rows = rows_of(mine, measure, variant)
    if kind == "variant":
        rows = rows[rows["seed"].isin(seeds)]
    if rows.empty:
        return Entry(None, reason=missing_reason(mine, measure, variant))
    if measure.pooled:
        # Seeds that are pooled over fewer prompts (the ablations') are another quantity.
        rows = rows[rows["n"] == rows["n"].max()]
        low, high = (
            None if rows[end].isna().any() else float(rows[end].mean()) for end in ("low", "high")
        )
        return Entry(float(rows["value"].mean()), low, high, int(rows["n"].max()))
    values = {
        (prompt, 0 if pd.isna(seed) else int(seed)): float(value)
        for prompt, seed, value in zip(rows["prompt"], rows["seed"], rows["value"], strict=True)
    }
    estimate = over_prompts(values)
    assert estimate is not None
    return Entry(estimate.value, estimate.low, estimate.high, n=int(rows["n"].sum()))
