"""The commands `score` and `score-pooled`: what they write, and what they say about mistakes."""

import json
from pathlib import Path

import pytest
from small_checkpoints import write_clip, write_references, write_run

from gaussianmotion.cli import main
from gaussianmotion.scores.score_file import read_score


def _settings(weights: Path) -> str:
    clip = {"source": str(weights), "file": weights.name, "sha256": None, "architecture": "small"}
    return json.dumps({"device": "cpu", "models": {"clip": clip}})


def test_a_score_is_written_into_its_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = write_run(tmp_path / "run", "a man in a blue suit", 0)
    settings = _settings(write_clip(tmp_path / "weights"))
    assert main(["score", "clip", "--run", str(run), "--settings", settings]) == 0
    found = read_score(run / "scores/clip.json")
    assert found.score == "clip"
    assert "CLIP score (small, " in capsys.readouterr().err


def test_several_scores_of_several_runs_are_one_command(tmp_path: Path) -> None:
    runs = [write_run(tmp_path / f"run{i}", "a man in a blue suit", i) for i in range(2)]
    clip = _settings(write_clip(tmp_path / "weights"))
    settings = json.dumps({"clip": json.loads(clip), "edge_sharpness": {}})
    folders = [str(run) for run in runs]
    arguments = ["score", "clip", "edge_sharpness", "--run", *folders, "--settings", settings]
    assert main(arguments) == 0
    for run in runs:
        for name in ("clip", "edge_sharpness"):
            assert read_score(run / f"scores/{name}.json").score == name
    alone = ["score", "clip", "--run", folders[1], "--settings", clip]
    assert main([*alone, "--out", str(tmp_path / "alone.json")]) == 0
    assert read_score(tmp_path / "alone.json") == read_score(runs[1] / "scores/clip.json")


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (["--settings", '{"device": "cpu"}'], '"clip": ...'),
        (["--out", "one.json"], "1 files for 1 runs and 2 scores"),
    ],
)
def test_several_scores_need_settings_and_files_of_each(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], extra: list[str], message: str
) -> None:
    arguments = ["score", "clip", "edge_sharpness", "--run", str(tmp_path), *extra]
    assert main(arguments) == 2
    assert message in capsys.readouterr().err


def test_a_truncated_checkpoint_is_one_line_and_exit_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = write_run(tmp_path / "run", "a man in a blue suit", 0)
    weights = write_clip(tmp_path / "weights")
    weights.write_bytes(weights.read_bytes()[:1000])
    assert main(["score", "clip", "--run", str(run), "--settings", _settings(weights)]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert "truncated" in lines[0]
    assert not (run / "scores").exists()


def test_a_pooled_score_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Rules pass paths relative to the repository.
    monkeypatch.chdir(tmp_path)
    root = Path("results/laptop")
    runs = [write_run(root / f"ours/p{i}/0", "a prompt", i, views=4) for i in range(2)]
    references = [write_references(root / f"reference/p{i}", i, count=4) for i in range(2)]
    out = root / "scores/ours/0/features.json"
    arguments = ["score-pooled", "features", "--settings", '{"device": "cpu"}']
    arguments += ["--runs", *map(str, runs), "--references", *map(str, references)]
    assert main([*arguments, "--out", str(out)]) == 0
    found = read_score(out)
    assert found.status == "too few"
    assert found.n == 8
    assert "ours/p1/0/views/03.png" in found.inputs
    assert "reference/p0/00.png" in found.inputs


def test_runs_and_references_must_pair(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["score-pooled", "fid", "--runs", "a", "b", "--references", "a", "--out", "c"]
    assert main(arguments) == 2
    assert "2 runs, but 1 folders of references" in capsys.readouterr().err


def test_a_run_without_views_says_what_to_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = _settings(write_clip(tmp_path / "weights"))
    assert main(["score", "clip", "--run", str(tmp_path), "--settings", settings]) == 2
    assert "run `gaussianmotion views`" in capsys.readouterr().err
