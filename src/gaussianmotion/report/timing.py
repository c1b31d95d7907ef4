"""How long each stage took, from the benchmark files that every rule writes."""

import csv
import statistics
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from gaussianmotion.records.experiment_folder import TABLES, ExperimentFolder
from gaussianmotion.records.run_folder import MOTIONS, SCORES, VIEWS, RunFolder

# Folders of benchmark files whose name does not say the stage.
_STAGES = {SCORES: "score", TABLES: "table"}
# Of a run's jobs in earlier versions: files that still lie there, of what other jobs do now.
_EARLIER = (VIEWS, MOTIONS, "sheet", "log")


@dataclass(frozen=True)
class StageTime:
    """All jobs of one stage.

    Attributes:
        jobs: How many.
        total: Seconds of all of them, one after the other.
        median: Seconds of a job.
        longest: Seconds.
        memory: Largest resident set of a job, MiB; None where it was too short to be measured.
    """

    stage: str
    jobs: int
    total: float
    median: float
    longest: float
    memory: float | None


def stage_times(root: Path, runs: Iterable[Path]) -> list[StageTime]:
    """Times of the runs' stages and of the experiment's own, the longest total first.

    Args:
        root: Folder of the experiment.
        runs: Folders of its runs; benchmark files of other runs are not counted.
    """
    found: dict[str, list[tuple[float, float | None]]] = defaultdict(list)
    of_all = ExperimentFolder(root).benchmarks
    for folder in (of_all, *(RunFolder(run).benchmarks for run in runs)):
        for path in sorted(folder.rglob("*.tsv")):
            inside = path.relative_to(folder)
            measured = _read(path)
            past = folder != of_all and inside.with_suffix("").parts[0] in _EARLIER
            if measured is not None and not past:
                found[_stage(inside)].append(measured)
    times = [_summary(stage, jobs) for stage, jobs in found.items()]
    return sorted(times, key=lambda time: -time.total)


def clock(seconds: float) -> str:
    """Seconds as people say them: 0.4 s, 12 s, 3 min 20 s, 2 h 05 min."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def _stage(path: Path) -> str:
    if len(path.parts) == 1:
        return path.stem
    stage = _STAGES.get(path.parts[0], path.parts[0])
    # scores/avatar.tsv of a run, scores/VARIANT/NAME.tsv of one network for all runs of a variant,
    # scores/VARIANT/SEED/NAME.tsv of pooled ones.
    return f"{stage} {path.stem}" if stage == "score" else stage


def _summary(stage: str, jobs: list[tuple[float, float | None]]) -> StageTime:
    seconds = [job[0] for job in jobs]
    memory = [job[1] for job in jobs if job[1] is not None]
    return StageTime(
        stage,
        len(jobs),
        sum(seconds),
        statistics.median(seconds),
        max(seconds),
        max(memory) if memory else None,
    )


def _read(path: Path) -> tuple[float, float | None] | None:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            row = next(csv.DictReader(file, delimiter="\t"))
        return float(row["s"]), _memory(row.get("max_rss"))
    except (OSError, StopIteration, KeyError, ValueError):
        return None


def _memory(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None  # "-" or "NA": the job was over before it was measured
