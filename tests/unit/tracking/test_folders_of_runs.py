"""Folders are copied, renamed, trained by the workflow, or are no runs at all."""

import shutil
from pathlib import Path

import pytest
from run_folders import runs, write_facts, write_run

from gaussianmotion.config import Config, TrackingConfig
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.tracking import identify, live, log_experiment, mirror, sync

# MLflow's own imports warn.
pytestmark = pytest.mark.filterwarnings("ignore")
PARENT = "mlflow.parentRunId"


def test_imported_renders_are_no_runs(tmp_path: Path, tracking: TrackingConfig) -> None:
    write_run(tmp_path / "imported/ours/ann/0")
    for prompt in ("ann", "7"):
        rival = tmp_path / "imported/baselines/rival" / prompt
        rival.mkdir(parents=True)
        write_facts(rival, 1)
    assert sync(tmp_path, tracking) == (1, [])
    assert [run.info.run_name for run in runs(tracking, "imported", "variant")] == ["ours"]
    with pytest.raises(UserError, match="is not a run"):
        identify(tmp_path / "imported/baselines/rival/7")


def test_a_copied_experiment_leaves_the_first_ones_runs_alone(
    tmp_path: Path, tracking: TrackingConfig
) -> None:
    write_run(tmp_path / "first/ours/ann/0")
    assert sync(tmp_path, tracking) == (1, [])
    (run,) = runs(tracking, "first", "run")
    shutil.copytree(tmp_path / "first", tmp_path / "second")
    log_experiment(tmp_path / "second", tracking)
    assert runs(tracking, "first", "run")[0].data.tags == run.data.tags
    assert sync(tmp_path, tracking) == (2, [])
    assert runs(tracking, "first", "run")[0].data.tags[PARENT] == run.data.tags[PARENT]
    (copy,) = runs(tracking, "second", "run")
    assert copy.data.tags["folder"] == "second/ours/ann/0"


def test_a_renamed_variant_is_found_under_its_new_name(
    tmp_path: Path, tracking: TrackingConfig
) -> None:
    write_run(tmp_path / "renamed/old/ann/0")
    assert sync(tmp_path, tracking) == (1, [])
    (tmp_path / "renamed/old").rename(tmp_path / "renamed/new")
    assert sync(tmp_path, tracking) == (1, [])
    (run,) = [run for run in runs(tracking, "renamed", "run") if run.info.run_name == "new/ann/0"]
    assert run.data.tags["variant"] == "new"
    names = {run.info.run_id: run.info.run_name for run in runs(tracking, "renamed", "variant")}
    assert names[run.data.tags[PARENT]] == "new"


def test_a_run_that_was_deleted_for_good_does_not_stop_its_experiment(
    tmp_path: Path, tracking: TrackingConfig
) -> None:
    folder = write_run(tmp_path / "collected/ours/ann/0")
    run_id = mirror(folder, tracking)
    state = (folder / "mlflow.json").read_text()
    (folder / "mlflow.json").write_text(state.replace(run_id, "0" * 32))
    assert log_experiment(tmp_path / "collected", tracking)


def test_a_short_training_of_the_workflow_is_left_to_its_log_job(
    tmp_path: Path, tracking: TrackingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GAUSSIANMOTION_TRACKING", tracking.model_dump_json())
    folder = write_run(tmp_path / "short/ours/ann/0")
    with live(folder, identify(folder), Config()):
        pass
    assert not (folder / "mlflow.json").exists()
    with pytest.raises(ZeroDivisionError), live(folder, identify(folder), Config()):
        raise ZeroDivisionError
    (run,) = runs(tracking, "short", "run")
    assert run.info.status == "FAILED"
