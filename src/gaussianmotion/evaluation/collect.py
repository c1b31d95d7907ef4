"""All score files of an experiment in one long table, ``tables/scores.csv``.

One row for each value; a score without numbers has one row that says why. Which files there must
be follows from the configuration, so a lost file is noticed.
"""

from pathlib import Path
from typing import Any

import pandas as pd

from gaussianmotion.atomic import atomic_path
from gaussianmotion.config import Config
from gaussianmotion.evaluation.measures import COLUMNS, OF_PICTURES
from gaussianmotion.evaluation.registry import POOLED_SCORES
from gaussianmotion.evaluation.score_file import ScoreFile, read_score
from gaussianmotion.experiment import Experiment
from gaussianmotion.prompts import read_prompts


def collect(config: Config, root: Path, out: Path) -> pd.DataFrame:
    """Read every score of the experiment and write the table.

    Args:
        config: Of which variants, seeds, ablation, baselines and scores are read.
        root: ``results/EXPERIMENT``, with ``prompts.tsv``.
        out: The .csv to write.

    Raises:
        UserError: a score file is missing or damaged.
    """
    experiment = configured_experiment(config, root)
    rows: list[dict[str, Any]] = []
    for score in config.scores.names:
        rows += _of_variants(experiment, score, root)
        if score in OF_PICTURES:
            rows += _of_baselines(experiment, score, root)
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"seed": "Int64", "n": "Int64"})
    with atomic_path(out) as temporary:
        frame.to_csv(temporary, index=False, lineterminator="\n")
    return frame


def configured_experiment(config: Config, root: Path) -> Experiment:
    """The grid of runs that a configuration names, with the prompts that were written."""
    prompts = {prompt.id: prompt for prompt in read_prompts(root / "prompts.tsv")}
    return Experiment(config=config, prompts=prompts, motions={}, overlays={})


def _of_variants(experiment: Experiment, score: str, root: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    if score in POOLED_SCORES:
        for variant, seed in dict.fromkeys((run.variant, run.seed) for run in experiment.runs):
            path = root / "scores" / variant / str(seed) / f"{score}.json"
            rows += _rows(read_score(path), "variant", variant, "", seed)
        return rows
    for run in experiment.runs:
        folder = root / run.variant / run.prompt / str(run.seed)
        result = read_score(folder / "scores" / f"{score}.json")
        rows += _rows(result, "variant", run.variant, run.prompt, run.seed)
    return rows


def _of_baselines(experiment: Experiment, score: str, root: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for system in experiment.config.baselines:
        folder = root / "baselines" / system / "scores"
        names = [""] if score in POOLED_SCORES else list(experiment.prompts)
        for name in names:
            result = read_score(folder / name / f"{score}.json")
            rows += _rows(result, "baseline", system, name, None)
    return rows


def _rows(
    result: ScoreFile, kind: str, variant: str, prompt: str, seed: int | None
) -> list[dict[str, Any]]:
    shared = {
        "kind": kind,
        "variant": variant,
        "prompt": prompt,
        "seed": seed,
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
