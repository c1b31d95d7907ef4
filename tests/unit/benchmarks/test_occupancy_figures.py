"""What the figures of a timeline mean, and where jobs' times come from."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))

from occupancy.job_times import JobTimes
from occupancy.timeline import Ran, Timeline

# GPU 0 compiles, then trains; GPU 1 trains, idles for 10 s, draws a reference, and trains.
JOBS = (
    Ran("gsplat", 0.0, 10.0, (0,), 1),
    Ran("train", 0.0, 60.0, (1,), 1),
    Ran("train", 10.0, 100.0, (0,), 1),
    Ran("render", 60.0, 70.0, (), 4),
    Ran("reference", 70.0, 80.0, (1,), 1),
    Ran("train", 80.0, 100.0, (1,), 1),
    Ran("pooled_fid", 100.0, 130.0, (0,), 1),
)


def test_a_share_counts_until_the_last_training_ends() -> None:
    timeline = Timeline(JOBS, gpus=2, cores=8)
    assert (timeline.trained, timeline.makespan) == (100.0, 130.0)
    assert timeline.share() == pytest.approx((60 + 90 + 20) / 200)
    assert timeline.held() == {
        "train": (3, 170.0, 170.0),
        "pooled_fid": (1, 30.0, 0.0),
        "gsplat": (1, 10.0, 10.0),
        "reference": (1, 10.0, 10.0),
    }
    assert (timeline.gaps(0), timeline.gaps(1)) == ([], [(60.0, 70.0)])


def test_a_picture_has_a_row_for_each_gpu() -> None:
    first, second, *_ = Timeline(JOBS, gpus=2, cores=8).gantt().splitlines()
    assert first.startswith("GPU 0 gggg")
    assert first.count("A") == pytest.approx(23, abs=1)  # FID: 30 of 130 s
    assert second[6 + 47 : 6 + 53] == "......"  # from 61 to 69 s


def job(rule: str, variant: str = "ours", outputs: int = 1, benchmark: str = "") -> Any:
    return SimpleNamespace(
        rule=SimpleNamespace(name=rule),
        wildcards_dict={"variant": variant},
        output=["x"] * outputs,
        benchmark=benchmark,
    )


def test_times_are_a_variants_own_or_the_rules_or_those_of_all(tmp_path: Path) -> None:
    table = tmp_path / "times.tsv"
    table.write_text(
        "# seconds\nrule\tvariant\tseconds\teach\tsource\n"
        "train\t\t500\t\tmeasured\ntrain\tism\t900\t\t\nscore_clip\t\t20\t1.5\t\n*\t\t7\t\t\n"
    )
    times = JobTimes.read(table)
    assert (times.of(job("train")), times.of(job("train", "ism"))) == (500.0, 900.0)
    assert times.of(job("score_clip_3", outputs=4)) == 26.0
    assert (times.of(job("report")), times.missing) == (7.0, {"report"})


def test_a_finished_experiments_own_times_come_first(tmp_path: Path) -> None:
    (tmp_path / "table").write_text("rule\tvariant\tseconds\teach\tsource\ntrain\t\t500\t\t\n")
    results = tmp_path / "results/mine"
    measured = results / "ours/ann/0/benchmarks/train.tsv"
    measured.parent.mkdir(parents=True)
    measured.write_text("s\th:m:s\tmax_rss\n321.5\t0:05:21\t900\n")
    times = JobTimes.read(tmp_path / "table", results)
    there = job("train", benchmark="results/paper/ours/ann/0/benchmarks/train.tsv")
    missing = job("train", benchmark="results/paper/ours/bob/0/benchmarks/train.tsv")
    assert (times.of(there), times.of(missing)) == (321.5, 500.0)


def test_a_table_without_its_columns_is_refused(tmp_path: Path) -> None:
    (tmp_path / "table").write_text("rule\tminutes\ntrain\t5\n")
    with pytest.raises(SystemExit, match="the columns are rule, variant, seconds, each, source"):
        JobTimes.read(tmp_path / "table")
