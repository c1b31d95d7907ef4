"""Paired comparisons: the same prompt and the same seed under several variants.

A contrast is a weighted sum of variants' values, taken within each prompt and seed, so that what a
prompt is like and how a seed happens to start cancel out. ``{"ours": 1, "sds": -1}`` is a
difference; ``{"tau_100": -.2, ..., "tau_500": .2}`` a slope.
"""

from collections.abc import Mapping

import pandas as pd

from gaussianmotion.tables.columns import Column, rows_of
from gaussianmotion.tables.intervals import Estimate, cluster_mean

Cell = tuple[str, int]  # prompt id (empty where a score is pooled) and seed


def cells(frame: pd.DataFrame, column: Column, variant: str) -> dict[Cell, float]:
    """A variant's values by prompt and seed."""
    rows = rows_of(frame, column, variant)
    rows = rows[rows["kind"] == "variant"]
    return {
        (prompt, int(seed)): float(value)
        for prompt, seed, value in zip(rows["prompt"], rows["seed"], rows["value"], strict=True)
    }


def contrast(
    values: Mapping[str, Mapping[Cell, float]], weights: Mapping[str, float]
) -> dict[Cell, float]:
    """The weighted sum in each cell that all of the variants have.

    Args:
        values: By variant, then by cell.
        weights: By variant.
    """
    shared = set.intersection(*(set(values.get(variant, {})) for variant in weights))
    return {
        cell: sum(weight * values[variant][cell] for variant, weight in weights.items())
        for cell in sorted(shared)
    }


def over_prompts(found: Mapping[Cell, float]) -> Estimate | None:
    """Mean and interval with prompts as clusters; with seeds, where the score pools the prompts."""
    if not found:
        return None
    pooled = all(prompt == "" for prompt, _ in found)
    clusters = [str(seed) if pooled else prompt for prompt, seed in found]
    return cluster_mean(list(found.values()), clusters)
