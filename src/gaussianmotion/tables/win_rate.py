"""How often ours is better, prompt by prompt: the automatic companion of the user study.

Scores such as HPSv2 compare pictures of one prompt only, so wins are counted, not means compared.
Seeds of a prompt are averaged first: a prompt is one vote. Equal values are ties; they are counted,
and left out of the rate and of its interval (Wilson), as in a sign test.
"""

import math

import pandas as pd

from gaussianmotion.config.stages import TablesSettings
from gaussianmotion.pipeline.grid import OURS
from gaussianmotion.tables.columns import (
    FACTS,
    Column,
    measured_columns,
    of_pictures,
    origin_notes,
    rows_of,
)
from gaussianmotion.tables.files import Table, with_interval
from gaussianmotion.tables.intervals import share
from gaussianmotion.tables.notes import partly_read_notes
from gaussianmotion.tables.table1 import PAPER_SYSTEMS

# Values closer than this share of their size are equal: the same picture, scored twice.
EQUAL = 1e-6


def win_rate_table(frame: pd.DataFrame, config: TablesSettings) -> Table:
    """Make the table.

    Args:
        frame: All scores.
        config: Of which variants, ablation, baselines and scores are read.
    """
    chosen = [
        column
        for column in measured_columns(frame, config.scores.names)
        if column.better != "none" and not column.pooled
    ]
    systems = list(dict.fromkeys([*PAPER_SYSTEMS, *config.baselines]))
    variants = list(dict.fromkeys([*config.variants, *config.ablation.variants]))
    opponents = [(name, "baseline") for name in systems]
    opponents += [(name, "variant") for name in variants if name != OURS]
    records: list[dict[str, object]] = []
    rows: list[list[str]] = []
    for opponent, kind in opponents:
        row = [opponent]
        for column in chosen:
            record = _duel(frame, column, opponent, kind, config.seeds[0])
            records.append(record)
            row.append(_text(record))
        rows.append(row)
    return Table(
        title="How often ours is better than each of the others: share of prompts [95 % interval]",
        headings=["ours against", *(column.heading for column in chosen)],
        rows=rows,
        frame=pd.DataFrame(records, columns=list(_RECORD)),
        notes=[
            *origin_notes(chosen),
            *partly_read_notes(frame, chosen),
            "One comparison for each prompt, seeds averaged (against other systems, whose renders "
            f"have none, ours of seed {config.seeds[0]}); wins / ties / losses in brackets. "
            "Ties are left out of the share. Interval: Wilson.",
        ],
    )


_RECORD = (
    *("opponent", "kind", *FACTS, "prompts"),
    *("wins", "ties", "losses", "rate", "low", "high", "reason"),
)


def _duel(
    frame: pd.DataFrame, column: Column, opponent: str, kind: str, seed: int
) -> dict[str, object]:
    record: dict[str, object] = {
        "opponent": opponent,
        "kind": kind,
        **column.facts,
        "reason": "",
    }
    theirs = frame[frame["kind"] == kind]
    if kind == "baseline" and not (theirs["variant"] == opponent).any():
        return {**record, "prompts": 0, "reason": "not provided"}
    if kind == "baseline" and not of_pictures(column.score):
        return {**record, "prompts": 0, "reason": "needs the avatar itself"}
    pairs = _paired(frame[frame["kind"] == "variant"], theirs, column, opponent, seed)
    if not pairs:
        return {**record, "prompts": 0, "reason": "no prompt in common"}
    sign = 1.0 if column.better == "higher" else -1.0
    equal = [math.isclose(ours, other, rel_tol=EQUAL) for ours, other in pairs]
    ties = sum(equal)
    wins = sum(
        not same and sign * (ours - other) > 0
        for (ours, other), same in zip(pairs, equal, strict=True)
    )
    losses = len(pairs) - wins - ties
    record |= {"prompts": len(pairs), "wins": wins, "ties": ties, "losses": losses}
    if wins + losses == 0:
        return {**record, "reason": "ties only"}
    rate = share(wins, wins + losses)
    return {**record, "rate": rate.value, "low": rate.low, "high": rate.high}


def _paired(
    ours: pd.DataFrame, theirs: pd.DataFrame, column: Column, opponent: str, seed: int
) -> list[tuple[float, float]]:
    """For each prompt of both the means over the seeds that both have.

    Of another system there is one picture, which is compared with one of ours, that of ``seed``: a
    mean of several varies less, and would win or lose more often for that alone.
    """
    mine, other = rows_of(ours, column, OURS), rows_of(theirs, column, opponent)
    if other["seed"].isna().all():
        mine = mine[mine["seed"] == seed]
    else:
        mine = mine.merge(other[["prompt", "seed"]], on=["prompt", "seed"])
        other = other.merge(mine[["prompt", "seed"]], on=["prompt", "seed"])
    a, b = mine.groupby("prompt")["value"].mean(), other.groupby("prompt")["value"].mean()
    return [(float(a[prompt]), float(b[prompt])) for prompt in a.index.intersection(b.index)]


def _text(record: dict[str, object]) -> str:
    if not record["prompts"]:
        return str(record["reason"])
    counts = f"({record['wins']} / {record['ties']} / {record['losses']})"
    if "rate" not in record:
        return f"{record['reason']} {counts}"
    rate = with_interval(*(record[key] for key in ("rate", "low", "high")))  # type: ignore[arg-type]
    return f"{rate} {counts}"
