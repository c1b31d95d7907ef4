"""What a reader of the verdicts must know of the runs that the rule does not ask for.

The rule stays as it was set; these are facts beside it, found in the same numbers.
"""

from collections import Counter
from collections.abc import Mapping
from itertools import combinations

import pandas as pd

from gaussianmotion.tables.columns import Column
from gaussianmotion.tables.contrasts import Cell, cells
from gaussianmotion.tables.verdicts.paper_claims import IMBALANCE, Claim, Part

Known = Mapping[tuple[str, str], Column]  # by score and value name
Values = Mapping[str, Mapping[Cell, float]]  # by variant


def cautions(frame: pd.DataFrame, claims: tuple[Claim, ...], known: Known) -> list[str]:
    """Notes below the verdicts.

    Args:
        frame: All scores.
        claims: Those that were judged.
        known: The columns that have numbers.
    """
    notes = []
    for claim in claims:
        notes += _same_numbers(frame, claim, known)
        notes += [
            note
            for part in claim.parts
            if part.how == IMBALANCE
            for note in _without_trade(frame, part, known)
        ]
    return list(dict.fromkeys(notes))


def _same_numbers(frame: pd.DataFrame, claim: Claim, known: Known) -> list[str]:
    """Variants that one claim compares and that no run tells apart."""
    variants = dict.fromkeys(name for part in claim.parts for name in part.weights)
    keys = dict.fromkeys((part.score, name) for part in claim.parts for name in part.values)
    found = [_values(frame, known[key], variants) for key in keys if key in known]
    notes = []
    for one, other in combinations(variants, 2):
        pairs = [
            (values[one][cell], values[other][cell])
            for values in found
            for cell in values[one].keys() & values[other].keys()
        ]
        if pairs and all(a == b for a, b in pairs):
            notes.append(
                f"{one} and {other} gave the same numbers in all runs: what tells them apart never "
                "came to act, and a comparison with either is one with both."
            )
    return notes


def _without_trade(frame: pd.DataFrame, part: Part, known: Known) -> list[str]:
    """Pairs in which one variant has the least of both values: there nothing is balanced."""
    keys = [(part.score, name) for name in part.values]
    if any(key not in known for key in keys):
        return []
    first, second = (_values(frame, known[key], part.weights) for key in keys)
    shared = set.intersection(
        *(set(cells_) for values in (first, second) for cells_ in values.values())
    )
    best: Counter[str] = Counter()
    for cell in shared:
        one, other = (
            min((cells_[cell], name) for name, cells_ in values.items())[1]
            for values in (first, second)
        )
        if one == other:
            best[one] += 1
    if not best:
        return []
    said = ", ".join(f"{name} in {count}" for name, count in sorted(best.items()))
    return [
        f"One variant has the least {' and '.join(part.values)} at once in {best.total()} of "
        f"{len(shared)} pairs ({said}): there nothing is traded, and the imbalance tells little."
    ]


def _values(frame: pd.DataFrame, column: Column, variants: Mapping[str, object]) -> Values:
    return {name: cells(frame, column, name) for name in variants}
