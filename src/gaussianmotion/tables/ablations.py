"""The ablations' table: each variant's mean, and its difference to ``ours`` prompt by prompt.

Over the ablations' prompts and seeds, so that all rows are of the same ones. Differences are paired
(:mod:`.contrasts`): far narrower than the means' own intervals, since prompts differ more than
variants do.
"""

from collections import Counter
from typing import Any

import pandas as pd

from gaussianmotion.config.stages import TablesSettings
from gaussianmotion.pipeline.grid import OURS, ablation_prompts
from gaussianmotion.tables.columns import (
    FACTS,
    Column,
    absent_notes,
    measured_columns,
    missing_reason,
    origin_notes,
    rows_of,
)
from gaussianmotion.tables.contrasts import Cell, cells, contrast, over_prompts
from gaussianmotion.tables.files import Table, counted, with_interval
from gaussianmotion.tables.intervals import Estimate
from gaussianmotion.tables.notes import declared_notes, partly_read_notes


def ablations_table(frame: pd.DataFrame, config: TablesSettings) -> Table:
    """Make the table.

    Args:
        frame: All scores.
        config: Of which ablation and scores are read.
    """
    listed = frame.loc[(frame["kind"] == "variant") & (frame["prompt"] != ""), "prompt"]
    prompts = ablation_prompts(config.ablation, dict.fromkeys(listed))
    variants = list(config.ablation.variants)
    columns = measured_columns(frame, config.scores.names) if variants else []
    grid = {(prompt, seed) for prompt in ["", *prompts] for seed in config.ablation.seeds}
    found = {column: _records(frame, column, variants, grid) for column in columns}
    usual = {
        column: Counter(record["n"] for record in records if "n" in record).most_common(1)[0][0]
        for column, records in found.items()
        if any("n" in record for record in records)
    }
    texts = [
        [_text(record, usual.get(column)) for record in records]
        for column, records in found.items()
    ]
    return Table(
        title="Ablations: mean [95 % interval] and Δ, the paired difference to ours",
        headings=["variant", *(column.heading for column in columns)],
        rows=[list(row) for row in zip(variants, *texts, strict=True)],
        frame=pd.DataFrame(
            [record for row in zip(*found.values(), strict=True) for record in row],
            columns=list(_RECORD),
        ),
        notes=_notes(frame, columns, usual, prompts, config),
    )


def _notes(
    frame: pd.DataFrame,
    columns: list[Column],
    usual: dict[Column, int],
    prompts: list[str],
    config: TablesSettings,
) -> list[str]:
    if not config.ablation.variants:
        return ["This experiment has no ablations: ablation.variants is empty."]
    seeds = list(map(str, config.ablation.seeds))
    of = [f"{counted(len(seeds), 'seed')} ({', '.join(seeds)})"]
    if prompts:
        of.insert(0, f"{counted(len(prompts), 'prompt')} ({', '.join(prompts)})")
    return [
        f"{', '.join(of)}. Δ is of the prompts and seeds that both have.",
        *origin_notes(columns, usual),
        *declared_notes(columns, config),
        *absent_notes(frame, config.scores.names),
        *partly_read_notes(frame, columns),
        "N: pictures that a number is of, in the cell where it is another; of a distance, in each "
        "seed.",
        "Intervals: Student's t over prompts, whose seeds are averaged first; over seeds where "
        "pictures are pooled. None where there is one prompt (one seed) only.",
    ]


_RECORD = (
    *("variant", *FACTS, "mean", "low", "high", "n", "runs", "clusters"),
    *("difference", "difference_low", "difference_high", "pairs", "reason"),
)


def _records(
    frame: pd.DataFrame, column: Column, variants: list[str], grid: set[Cell]
) -> list[dict[str, Any]]:
    """One column's numbers, those of each variant."""
    comparable = _of_one_n(frame, column)
    values = _values(comparable, column, variants, grid)
    records = []
    for variant in variants:
        record = _record(comparable, column, variant, values)
        if "mean" not in record:
            elsewhere = len(rows_of(frame, column, variant)) > 0
            record["reason"] = (
                "not measured in these prompts and seeds"
                if elsewhere
                else missing_reason(frame, column, variant)
            )
        records.append(record)
    return records


def _of_one_n(frame: pd.DataFrame, column: Column) -> pd.DataFrame:
    """Of a pooled score only the rows of the ablations' N.

    Where a variant is in the main grid, too, its first seed is pooled over more prompts, and
    distances fall with N.
    """
    if not column.pooled:
        return frame
    ours = (frame["score"] == column.score) & (frame["kind"] == "variant")
    return frame[~ours | (frame["n"] == frame.loc[ours, "n"].min())]


def _values(
    frame: pd.DataFrame, column: Column, variants: list[str], grid: set[Cell]
) -> dict[str, dict[Cell, float]]:
    """Values by variant within the ablations' grid."""
    return {
        variant: {
            cell: value for cell, value in cells(frame, column, variant).items() if cell in grid
        }
        for variant in dict.fromkeys([OURS, *variants])
    }


def _record(
    frame: pd.DataFrame, column: Column, variant: str, values: dict[str, dict[Cell, float]]
) -> dict[str, Any]:
    mean = over_prompts(values[variant])
    record: dict[str, Any] = {"variant": variant, **column.facts}
    if mean is None:
        return record
    rows = rows_of(frame, column, variant)
    used = rows[
        [
            (prompt, int(seed)) in values[variant]
            for prompt, seed in zip(rows["prompt"], rows["seed"], strict=True)
        ]
    ]
    # A distance is of its own pictures only: those of several seeds are not pooled further.
    n = used["n"].max() if column.pooled else used["n"].sum()
    record |= {"n": int(n), "runs": mean.values, "clusters": mean.clusters}
    record |= {"mean": mean.value, "low": mean.low, "high": mean.high, "reason": ""}
    if variant != OURS:
        paired = contrast(values, {variant: 1.0, OURS: -1.0})
        record |= _difference(over_prompts(paired))
    return record


def _difference(estimate: Estimate | None) -> dict[str, Any]:
    if estimate is None:
        return {}
    return {
        "difference": estimate.value,
        "difference_low": estimate.low,
        "difference_high": estimate.high,
        "pairs": estimate.values,
    }


def _text(record: dict[str, Any], usual_n: int | None) -> str:
    if "mean" not in record:
        return str(record["reason"])
    text = with_interval(record["mean"], record["low"], record["high"])
    if record["n"] != usual_n:
        text += f" (N={record['n']})"
    if "difference" not in record:
        return text
    value, low, high = (record[f"difference{end}"] for end in ("", "_low", "_high"))
    return f"{text}, Δ {'+' if value > 0 else ''}{with_interval(value, low, high)}"
