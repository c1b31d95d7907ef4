"""Table 1: this method, its variants and other systems, by every score of the configuration.

A row is a system, a column a value of a score. Other systems' numbers come from their renders,
brought by the user and scored here (:mod:`.baselines`); a system without renders says "not
provided": numbers of other papers follow other protocols and are not comparable.
"""

from dataclasses import asdict, dataclass, replace

import pandas as pd

from gaussianmotion.config.stages import TablesSettings
from gaussianmotion.pipeline.grid import OURS
from gaussianmotion.tables.columns import (
    FACTS,
    Column,
    absent_notes,
    measured_columns,
    missing_reason,
    of_pictures,
    origin_notes,
    rows_of,
)
from gaussianmotion.tables.contrasts import Cell, contrast, over_prompts
from gaussianmotion.tables.files import Table, with_interval
from gaussianmotion.tables.notes import declared_notes, partly_read_notes

# The rows of the paper's table, in its order.
PAPER_SYSTEMS = ("DreamHuman", "TADA", "HumanNorm", "HumanGaussian")
NAMES = {OURS: "Ours"}


@dataclass(frozen=True)
class Entry:
    """One cell: a number with its interval and N, or why there is none."""

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0
    reason: str = ""
    difference: float | None = None
    difference_low: float | None = None
    difference_high: float | None = None

    def text(self) -> str:
        """As people read it."""
        if self.value is None:
            return self.reason
        return f"{with_interval(self.value, self.low, self.high)} (N={self.n})"

    def difference_text(self) -> str:
        """The paired difference to ours."""
        if self.difference is None:
            return ""
        sign = "+" if self.difference > 0 else ""
        return sign + with_interval(self.difference, self.difference_low, self.difference_high)


def table1(frame: pd.DataFrame, config: TablesSettings) -> Table:
    """Make the table.

    Args:
        frame: All scores.
        config: Of which variants, ablation, baselines and scores are read.
    """
    scores = [name for name in config.scores.names if of_pictures(name)]
    columns = measured_columns(frame, scores)
    rows: list[list[str]] = []
    records: list[dict[str, object]] = []
    for name, variant, kind in _systems(config):
        entries = [_entry(frame, column, variant, kind, config.seeds) for column in columns]
        row = [name]
        for column, entry in zip(columns, entries, strict=True):
            paired = [entry.difference_text()] if column.declared.paired else []
            row += [entry.text(), *paired]
        rows.append(row)
        for column, entry in zip(columns, entries, strict=True):
            system = {"system": name, "variant": variant, "kind": kind}
            records.append({**system, **column.facts, **asdict(entry)})
    return Table(
        title="Table 1. Pictures of the avatars, mean and 95 % interval",
        headings=["system", *(text for column in columns for text in _headings(column))],
        rows=rows,
        frame=pd.DataFrame(records, columns=list(_RECORD)),
        notes=[
            *origin_notes(columns),
            *declared_notes(columns, config),
            *absent_notes(frame, scores),
            *partly_read_notes(frame, columns),
            *_paired_notes(columns, config.seeds),
            "N: pictures that a number is of. Intervals: Student's t over prompts, whose seeds are "
            "averaged first; for distances of pooled pictures the score's own bootstrap. Distances "
            "of several seeds, each of N pictures, are averaged.",
            *_bracket_notes(config),
            "not provided: no renders of the system were brought (docs/how-to/baselines.md).",
        ],
    )


_RECORD = (
    *("system", "variant", "kind", *FACTS, "value", "low", "high", "n", "reason"),
    *("difference", "difference_low", "difference_high"),
)


def _bracket_notes(config: TablesSettings) -> list[str]:
    if not any(kind == "ablation" for _, _, kind in _systems(config)):
        return []
    return [
        "Variants in brackets were made for the ablations' prompts only; numbers of different "
        "N or prompts are not comparable with each other."
    ]


def _headings(column: Column) -> list[str]:
    paired = [f"Δ {column.name}, ours paired"] if column.declared.paired else []
    return [column.heading, *paired]


def _paired_notes(columns: list[Column], seeds: list[int]) -> list[str]:
    names = [f"Δ {column.name}" for column in columns if column.declared.paired]
    if not names:
        return []
    return [
        f"{', '.join(names)}: the row minus ours, prompt by prompt, as these scores compare "
        "pictures of one prompt only (other systems, which have no seeds, with ours of seed "
        f"{seeds[0]})."
    ]


def _systems(config: TablesSettings) -> list[tuple[str, str, str]]:
    """Rows as (name, key, kind): other systems, ours, our other variants, the ablations'."""
    others = [*PAPER_SYSTEMS, *(name for name in config.baselines if name not in PAPER_SYSTEMS)]
    ablations = [name for name in config.ablation.variants if name not in config.variants]
    return [
        *((name, name, "baseline") for name in others),
        *((NAMES.get(name, name), name, "variant") for name in config.variants),
        *((f"({NAMES.get(name, name)})", name, "ablation") for name in ablations),
    ]


def _entry(frame: pd.DataFrame, column: Column, variant: str, kind: str, seeds: list[int]) -> Entry:
    """One cell; a variant of the main grid counts with that grid's seeds, every prompt alike."""
    mine = frame[(frame["kind"] == "baseline") == (kind == "baseline")]
    if kind == "baseline" and not (mine["variant"] == variant).any():
        return Entry(None, reason="not provided")
    rows = rows_of(mine, column, variant)
    if kind == "variant":
        rows = rows[rows["seed"].isin(seeds)]
    if rows.empty:
        return Entry(None, reason=missing_reason(mine, column, variant))
    if column.pooled:
        # Seeds that are pooled over fewer prompts (the ablations') are another quantity.
        rows = rows[rows["n"] == rows["n"].max()]
        low, high = (
            None if rows[end].isna().any() else float(rows[end].mean()) for end in ("low", "high")
        )
        return Entry(float(rows["value"].mean()), low, high, int(rows["n"].max()))
    values = _by_cell(rows, seeds[0])
    estimate = over_prompts(values)
    assert estimate is not None
    found = Entry(estimate.value, estimate.low, estimate.high, n=int(rows["n"].sum()))
    ours = _by_cell(rows_of(frame[frame["kind"] == "variant"], column, OURS), seeds[0])
    difference = over_prompts(contrast({"row": values, OURS: ours}, {"row": 1.0, OURS: -1.0}))
    if difference is None or variant == OURS:
        return found
    return replace(
        found,
        difference=difference.value,
        difference_low=difference.low,
        difference_high=difference.high,
    )


def _by_cell(rows: pd.DataFrame, seed_of_none: int) -> dict[Cell, float]:
    """Values by prompt and seed; another system's only picture stands beside ours of one seed."""
    return {
        (prompt, seed_of_none if pd.isna(seed) else int(seed)): float(value)
        for prompt, seed, value in zip(rows["prompt"], rows["seed"], rows["value"], strict=True)
    }
