"""All score files of an experiment in one long table, ``tables/scores.csv``.

One row for each value; a score without numbers has one row that says why. Which files there must
be follows from the configuration, so a lost file is noticed.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from gaussianmotion.config.stages import CollectSettings
from gaussianmotion.pipeline.grid import Grid, configured_grid
from gaussianmotion.records.experiment_folder import ExperimentFolder
from gaussianmotion.runtime.atomic import atomic_path
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.scores.registry import scores
from gaussianmotion.scores.score_file import ScoreFile, read_score
from gaussianmotion.tables.columns import COLUMNS, of_pictures


@dataclass(frozen=True)
class _Place:
    """A score file that there must be, and whose it is."""

    path: Path
    kind: str
    variant: str
    prompt: str
    seed: int | None


def collect(config: CollectSettings, root: Path, out: Path) -> pd.DataFrame:
    """Read every score of the experiment and write the table.

    Args:
        config: Of which variants, seeds, ablation, baselines and scores are read.
        root: ``results/EXPERIMENT``, with ``prompts.tsv``.
        out: The .csv to write.

    Raises:
        UserError: a score file is missing or damaged, or two were made by different protocols or
            models.
    """
    grid, folder = configured_grid(config, root), ExperimentFolder(root)
    rows: list[dict[str, Any]] = []
    for score in config.scores.names:
        places = _of_variants(grid, score, folder)
        if of_pictures(score):
            places += _of_baselines(grid, score, folder)
        results = [read_score(place.path) for place in places]
        _refuse_mixture([place.path for place in places], results)
        for place, result in zip(places, results, strict=True):
            rows += _rows(result, place)
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"seed": "Int64", "n": "Int64"})
    with atomic_path(out) as temporary:
        frame.to_csv(temporary, index=False, lineterminator="\n")
    return frame


def _of_variants(grid: Grid, score: str, root: ExperimentFolder) -> list[_Place]:
    if scores()[score].pooled:
        return [
            _Place(
                root.pooled_score(variant, seed, score),
                *("variant", variant, "", seed),
            )
            for variant, seed in grid.pools
        ]
    return [
        _Place(
            run.below(root.path).score(score),
            *("variant", run.variant, run.prompt, run.seed),
        )
        for run in grid.runs
    ]


def _of_baselines(grid: Grid, score: str, root: ExperimentFolder) -> list[_Place]:
    names = [""] if scores()[score].pooled else list(grid.prompts)
    return [
        _Place(
            root.baseline_score(system, name, score),
            *("baseline", system, name, None),
        )
        for system in grid.baselines
        for name in names
    ]


def _refuse_mixture(paths: list[Path], results: list[ScoreFile]) -> None:
    """Numbers of two protocols or of two models' weights do not belong into one column."""
    first: dict[tuple[str, str, str], Path] = {}
    for path, result in zip(paths, results, strict=True):
        first.setdefault((result.protocol, result.model, result.model_digest), path)
    if len(first) > 1:
        (one, path), (other, second) = list(first.items())[:2]
        differs = next(pair for pair in zip(one, other, strict=True) if pair[0] != pair[1])
        raise UserError(
            f"{path} is of {differs[0] or 'no model'} and {second} of {differs[1] or 'no model'}, "
            "which cannot be compared: delete the older ones, they are made again"
        )


def _rows(result: ScoreFile, place: _Place) -> list[dict[str, Any]]:
    shared = {
        "kind": place.kind,
        "variant": place.variant,
        "prompt": place.prompt,
        "seed": place.seed,
        "score": result.score,
        "title": result.title,
        "protocol": result.protocol,
        "model": result.model,
        "n": result.n,
        "status": result.status,
        # Of a score with some numbers, why there are not more.
        "reason": result.reason or str(result.details.get("note", "")),
    }
    if result.status != "ok":
        return [{**shared, "value_name": "", "unit": "", "better": "none"}]
    return [
        {**shared, "value_name": name, **value.model_dump()}
        for name, value in result.values.items()
    ]
