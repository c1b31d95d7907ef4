"""The ablations' table: each variant's mean, and its difference to ``ours`` prompt by prompt.

Over the ablations' prompts and seeds, so that all rows are of the same ones. Differences are paired
(:mod:`.contrasts`): far narrower than the means' own intervals, since prompts differ more than
variants do.
"""

import pandas as pd

from gaussianmotion.config import Config
from gaussianmotion.evaluation.contrasts import Cell, cells, contrast, over_prompts
from gaussianmotion.evaluation.intervals import Estimate
from gaussianmotion.evaluation.measures import Measure, measures, missing_reason, rows_of
from gaussianmotion.evaluation.table_files import Table, number, with_interval

REFERENCE = "ours"


def ablations_table(frame: pd.DataFrame, config: Config) -> Table:
    """Make the table.

    Args:
        frame: All scores.
        config: Of which ablation and scores are read.
    """
    listed = frame.loc[(frame["kind"] == "variant") & (frame["prompt"] != ""), "prompt"]
    prompts = config.ablation.prompts or list(dict.fromkeys(listed))[:3]
    columns = measures(frame, list(config.scores.names))
    variants = list(config.ablation.variants)
    grid = {(prompt, seed) for prompt in ["", *prompts] for seed in config.ablation.seeds}
    records: list[dict[str, object]] = []
    rows: list[list[str]] = []
    for variant in variants:
        row = [variant]
        for measure in columns:
            comparable = _of_one_n(frame, measure)
            values = _values(comparable, measure, variants, grid)
            record = _record(comparable, measure, variant, values)
            records.append(record)
            row.append(_text(record))
        rows.append(row)
    return Table(
        title="Ablations: mean [95 % interval] and Δ, the paired difference to ours",
        headings=["variant", *(measure.heading for measure in columns)],
        rows=rows,
        frame=pd.DataFrame(records, columns=list(_RECORD)),
        notes=[
            f"{len(prompts)} prompts ({', '.join(prompts)}), seeds "
            f"{', '.join(map(str, config.ablation.seeds))}.",
            *(
                f"{measure.name}: {measure.origin}"
                + (", over seeds of the pooled pictures." if measure.pooled else ".")
                for measure in columns
            ),
            "Intervals: Student's t over prompts, whose seeds are averaged first; over seeds where "
            "pictures are pooled. None where there is one prompt (one seed) only.",
        ],
    )


_RECORD = (
    *("variant", "score", "value_name", "title", "protocol", "model", "unit", "better"),
    *("mean", "low", "high", "n", "runs", "clusters"),
    *("difference", "difference_low", "difference_high", "pairs", "reason"),
)


def _of_one_n(frame: pd.DataFrame, measure: Measure) -> pd.DataFrame:
    """Of a pooled score only the rows of the ablations' N.

    Where a variant is in the main grid, too, its first seed is pooled over more prompts, and
    distances fall with N.
    """
    if not measure.pooled:
        return frame
    ours = (frame["score"] == measure.score) & (frame["kind"] == "variant")
    return frame[~ours | (frame["n"] == frame.loc[ours, "n"].min())]


def _values(
    frame: pd.DataFrame, measure: Measure, variants: list[str], grid: set[Cell]
) -> dict[str, dict[Cell, float]]:
    """Values by variant within the ablations' grid."""
    return {
        variant: {
            cell: value for cell, value in cells(frame, measure, variant).items() if cell in grid
        }
        for variant in dict.fromkeys([REFERENCE, *variants])
    }


def _record(
    frame: pd.DataFrame, measure: Measure, variant: str, values: dict[str, dict[Cell, float]]
) -> dict[str, object]:
    mean = over_prompts(values[variant])
    record: dict[str, object] = {
        "variant": variant,
        "score": measure.score,
        "value_name": measure.name,
        "title": measure.title,
        "protocol": measure.protocol,
        "model": measure.model,
        "unit": measure.unit,
        "better": measure.better,
    }
    if mean is None:
        return {**record, "reason": missing_reason(frame, measure, variant)}
    rows = rows_of(frame, measure, variant)
    used = rows[
        [
            (prompt, int(seed)) in values[variant]
            for prompt, seed in zip(rows["prompt"], rows["seed"], strict=True)
        ]
    ]
    record |= {"n": int(used["n"].sum()), "runs": mean.values, "clusters": mean.clusters}
    record |= {"mean": mean.value, "low": mean.low, "high": mean.high, "reason": ""}
    if variant != REFERENCE:
        paired = contrast(values, {variant: 1.0, REFERENCE: -1.0})
        record |= _difference(over_prompts(paired))
    return record


def _difference(estimate: Estimate | None) -> dict[str, object]:
    if estimate is None:
        return {}
    return {
        "difference": estimate.value,
        "difference_low": estimate.low,
        "difference_high": estimate.high,
        "pairs": estimate.values,
    }


def _text(record: dict[str, object]) -> str:
    if "mean" not in record:
        return str(record["reason"])
    text = with_interval(*(record[key] for key in ("mean", "low", "high")))  # type: ignore[arg-type]
    if "difference" not in record:
        return text
    value, low, high = (record[f"difference{end}"] for end in ("", "_low", "_high"))
    sign = "+" if value > 0 else ""  # type: ignore[operator]
    if low is None:
        return f"{text}, Δ {sign}{number(value)}"  # type: ignore[arg-type]
    return f"{text}, Δ {sign}{with_interval(value, low, high)}"  # type: ignore[arg-type]
