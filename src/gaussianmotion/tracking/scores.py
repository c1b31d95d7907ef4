"""Scores as MLflow metrics: of one run, and as means over the runs of a variant.

A metric is called SCORE/VALUE, as in ``geometry/holes``, so that MLflow groups its charts by score.
Which protocol, model and N a number belongs to stands in the run's tags.
"""

import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gaussianmotion.records.run_folder import RunFolder
from gaussianmotion.scores.score_file import ScoreFile, read_score


@dataclass(frozen=True)
class Scores:
    """What some score files say.

    Attributes:
        metrics: SCORE/VALUE -> number.
        tags: ``protocol``, all protocols in one; ``score.NAME``, what the numbers of a score are.
        time: When the newest file was written, milliseconds: the metrics' time, so that
            logging the same files again adds no second point.
    """

    metrics: dict[str, float] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    time: int = 0


def run_scores(folder: Path) -> Scores:
    """The scores of one run: its ``scores/*.json``.

    Raises:
        UserError: one of them is damaged.
    """
    paths = _score_paths(folder)
    files = [read_score(path) for path in paths]
    metrics = {
        f"{file.score}/{name}": value.value for file in files for name, value in file.values.items()
    }
    return Scores(metrics, _tags(files), _time(paths))


def variant_scores(runs: Sequence[Path], pooled: Path, shared: set[tuple[str, str]]) -> Scores:
    """Means of a variant.

    Args:
        runs: Folders PROMPT/SEED of its runs.
        pooled: Folder with SEED/NAME.json, the scores of all prompts together; may be absent.
        shared: (prompt, seed) that all variants have a run of: ``shared/SCORE/VALUE`` is the mean
            over these alone, by which variants with different grids may be compared.

    Raises:
        UserError: a score file is damaged.
    """
    values: dict[str, list[float]] = defaultdict(list)
    files: list[ScoreFile] = []
    paths: list[tuple[Path, tuple[str, str] | None]] = [
        (path, _grid_point(run)) for run in runs for path in _score_paths(run)
    ]
    paths += [(path, None) for path in sorted(pooled.glob("*/*.json"))]
    for path, point in paths:
        file = read_score(path)
        files.append(file)
        for name, value in file.values.items():
            values[f"{file.score}/{name}"].append(value.value)
            if point in shared:
                values[f"shared/{file.score}/{name}"].append(value.value)
    metrics = {name: statistics.fmean(found) for name, found in sorted(values.items())}
    return Scores(metrics, _tags(files) | _mean_tags(files), _time([path for path, _ in paths]))


def shared_grid(variants: Iterable[Sequence[Path]]) -> set[tuple[str, str]]:
    """(prompt, seed) of which every variant has a run."""
    grids = [{_grid_point(run) for run in runs} for runs in variants]
    return set.intersection(*grids) if grids else set()


def _tags(files: Sequence[ScoreFile]) -> dict[str, str]:
    if not files:
        return {}
    tags = {f"score.{file.score}": _note(file) for file in files}
    return {"protocol": ", ".join(sorted({file.protocol for file in files})), **tags}


def _note(file: ScoreFile) -> str:
    note = f"{file.title}; protocol {file.protocol}; N {file.n}"
    if file.model_digest:
        note += f"; weights {file.model_digest[:16]}"
    return note if file.status == "ok" else f"{note}; {file.status}: {file.reason}"


def _mean_tags(files: Sequence[ScoreFile]) -> dict[str, str]:
    """Of each score: what it is, and over how many results the mean goes."""
    by_score: dict[str, list[ScoreFile]] = defaultdict(list)
    for file in files:
        by_score[file.score].append(file)
    tags = {}
    for score, group in by_score.items():
        fine = [file for file in group if file.status == "ok"]
        n = sum(file.n for file in fine)
        what = "; ".join(sorted({f"{file.title}; protocol {file.protocol}" for file in group}))
        tags[f"score.{score}"] = f"mean of {len(fine)} results, {n} samples in all: {what}"
    return tags


def _score_paths(folder: Path) -> list[Path]:
    return RunFolder(folder).scores


def _grid_point(run: Path) -> tuple[str, str]:
    return run.parent.name, run.name


def _time(paths: Sequence[Path]) -> int:
    return max((path.stat().st_mtime_ns // 1_000_000 for path in paths), default=0)
