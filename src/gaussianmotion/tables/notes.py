"""Lines below tables: what distances are to, and what their declarations say of measures."""

from collections.abc import Iterable

import pandas as pd

from gaussianmotion.config.stages import TablesSettings
from gaussianmotion.tables.columns import Column


def declared_notes(chosen: Iterable[Column], config: TablesSettings) -> list[str]:
    """What distances of pooled pictures are to, and the remarks that measures are declared with.

    Args:
        chosen: The columns of a table.
        config: Whose ``reference`` says what the pictures are compared with.
    """
    chosen = list(chosen)
    names: dict[str, list[str]] = {}
    for column in chosen:
        if column.declared.note:
            names.setdefault(column.declared.note, []).append(column.name)
    remarks = [f"{', '.join(group)}: {note}." for note, group in names.items()]
    return [*_references(chosen, config), *remarks]


def partly_read_notes(frame: pd.DataFrame, chosen: Iterable[Column]) -> list[str]:
    """Where a number is of a part only of what it should be of, such as the start of a long prompt.

    Args:
        frame: All scores.
        chosen: The columns of a table.
    """
    notes = []
    for column in chosen:
        of = (frame["score"] == column.score) & (frame["value_name"] == column.name)
        rows = frame[of & (frame["status"] == "ok") & (frame["prompt"] != "")]
        for reason in dict.fromkeys(reason for reason in rows["reason"] if reason):
            prompts = dict.fromkeys(rows.loc[rows["reason"] == reason, "prompt"])
            notes.append(f"{column.name} of {', '.join(prompts)}: {reason}.")
    return notes


def _references(chosen: list[Column], config: TablesSettings) -> list[str]:
    names = ", ".join(column.name for column in chosen if column.pooled)
    if not names:
        return []
    wanted = config.reference
    words = f" with the words {wanted.suffix!r} added" if wanted.suffix else ""
    if wanted.pose == "none":
        how = "without a pose, as the paper's"
    else:
        how = f"posed ({wanted.pose}), unlike the paper's"
    return [
        f"{names}: to {wanted.count} samples from {config.prior.model} of each prompt{words}, "
        f"{how}."
    ]
