"""Times of stages from the benchmark files of Snakemake's rules."""

from pathlib import Path

import pytest

from gaussianmotion.report.timing import clock, stage_times


def benchmark(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_jobs_of_a_stage_are_added_up_and_the_longest_stage_comes_first(tmp_path: Path) -> None:
    head = "s\th:m:s\tmax_rss\n"
    for seed, seconds in enumerate((10.0, 20.0, 60.0)):
        benchmark(
            tmp_path / f"ours/ann/{seed}/benchmarks/train.tsv", f"{head}{seconds}\t-\t100.0\n"
        )
    benchmark(tmp_path / "benchmarks/prompts.tsv", f"{head}0.4\t0:00:00\t-\n")
    benchmark(tmp_path / "benchmarks/reference/ann.tsv", f"{head}7.0\t0:00:07\t900.0\n")
    runs = [tmp_path / "ours/ann" / str(seed) for seed in range(3)]
    train, reference, prompts = stage_times(tmp_path, runs)
    assert (train.stage, train.jobs, train.total, train.median) == ("train", 3, 90.0, 20.0)
    assert (reference.stage, reference.memory) == ("reference", 900.0)
    assert (prompts.stage, prompts.memory) == ("prompts", None)


def test_scores_are_told_apart(tmp_path: Path) -> None:
    head = "s\tmax_rss\n1.0\t1.0\n"
    run = tmp_path / "ours/ann/0"
    for name in ("scores/pose.tsv", "scores/geometry.tsv"):
        benchmark(run / "benchmarks" / name, head)
    benchmark(tmp_path / "benchmarks/scores/ours/0/fid.tsv", head)
    found = {time.stage: time.jobs for time in stage_times(tmp_path, [run])}
    assert found == {"score pose": 1, "score geometry": 1, "score fid": 1}


def test_what_an_earlier_version_did_in_several_jobs_is_not_counted_twice(tmp_path: Path) -> None:
    run, text = tmp_path / "ours/ann/0", "s\tmax_rss\n3.0\t17.5\n"
    for name in ("render.tsv", "views.tsv", "motions/walk.tsv", "sheet.tsv", "log.tsv"):
        benchmark(run / "benchmarks" / name, text)
    benchmark(tmp_path / "benchmarks/sheet.tsv", text)  # The experiment's own.
    found = {time.stage: (time.jobs, time.memory) for time in stage_times(tmp_path, [run])}
    assert found == {"render": (1, 17.5), "sheet": (1, 17.5)}


def test_a_benchmark_cut_short_is_left_out(tmp_path: Path) -> None:
    benchmark(tmp_path / "benchmarks/train.tsv", "s\th:m:s\n")
    benchmark(tmp_path / "benchmarks/views.tsv", "s\th:m:s\nNA\tNA\n")
    assert stage_times(tmp_path, []) == []


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.42, "0.4 s"),
        (12.4, "12 s"),
        (59.7, "1 min 00 s"),
        (200.0, "3 min 20 s"),
        (7500.0, "2 h 05 min"),
    ],
)
def test_times_are_said_as_people_say_them(seconds: float, words: str) -> None:
    assert clock(seconds) == words
