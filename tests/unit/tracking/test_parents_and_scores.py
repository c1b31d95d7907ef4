"""Runs stand below their variant, which holds their means; the tables have a run, too."""

import json
from pathlib import Path
from typing import Any

import pytest
from run_folders import (
    COMMIT,
    client,
    runs,
    sync_elsewhere,
    write_facts,
    write_run,
    write_score,
)

from gaussianmotion.config import TrackingConfig
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.tracking import log_experiment, log_parents, mirror, sync
from gaussianmotion.tracking.opening import create_store
from gaussianmotion.tracking.parents import _create

# MLflow's own imports warn.
pytestmark = pytest.mark.filterwarnings("ignore")
PARENT = "mlflow.parentRunId"


def write_experiment(root: Path) -> list[Path]:
    """Two variants; `ours` has a prompt more. Scores, a table and a report."""
    folders = [write_run(root / name) for name in ("ours/ann/0", "ours/bob/0", "sds/ann/0")]
    for folder, value in zip(folders, (1.0, 4.0, 2.0), strict=True):
        write_score(folder / "scores/pose.json", value)
    write_score(root / "scores/ours/0/fid.json", 80.0, n=20)
    write_score(root / "scores/sds/0/fid.json", 0.0, n=4, status="too few", reason="N is 4")
    (root / "tables").mkdir()
    (root / "tables/table1.csv").write_text("row\n")
    (root / "report.html").write_text("<p>report</p>")
    return folders


def test_a_run_says_what_it_is_and_what_its_scores_are(
    tmp_path: Path, tracking: TrackingConfig
) -> None:
    folder = write_run(tmp_path / "tags/ours/ann/0")
    run_id = mirror(folder, tracking)
    write_score(folder / "scores/clip.json", 27.5, model="ViT-L-14")
    write_score(folder / "scores/pose.json", 0.5, n=40)
    assert mirror(folder, tracking) == run_id  # scoring reopens the training's run
    run = client(tracking).get_run(run_id)
    assert run.data.metrics["clip/clip"] == 27.5
    assert run.data.metrics["pose/pose"] == 0.5
    tags = run.data.tags
    assert (tags["prompt_id"], tags["variant"], tags["seed"]) == ("ann", "ours", "0")
    assert tags["prompt"] == "a person called ann"
    assert tags["git_commit"] == COMMIT
    assert len(tags["config_digest"]) == 16
    assert tags["protocol"] == "clip-1, pose-1"
    assert tags["score.pose"] == "Score pose; protocol pose-1; N 40"
    (parent,) = runs(tracking, "tags", "variant")
    assert tags[PARENT] == parent.info.run_id
    assert run.info.end_time - run.info.start_time == 60_000
    assert {file.path for file in client(tracking).list_artifacts(run_id, "scores")} == {
        "scores/clip.json",
        "scores/pose.json",
    }


def test_a_score_that_changed_is_the_last_value(tmp_path: Path, tracking: TrackingConfig) -> None:
    folder = write_run(tmp_path / "rescored/ours/ann/0")
    write_score(folder / "scores/pose.json", 0.9)
    run_id = mirror(folder, tracking)
    mirror(folder, tracking)
    assert len(client(tracking).get_metric_history(run_id, "pose/pose")) == 1
    write_score(folder / "scores/pose.json", 0.2)
    mirror(folder, tracking)
    assert client(tracking).get_run(run_id).data.metrics["pose/pose"] == 0.2


def test_a_parent_holds_the_means_of_its_runs(tmp_path: Path, tracking: TrackingConfig) -> None:
    root = tmp_path / "means"
    folders = write_experiment(root)
    for folder in folders:
        mirror(folder, tracking)
    promised = log_parents(root, tracking, folders)
    known = json.loads((root / "mlflow.json").read_text())
    own = log_experiment(root, tracking, folders)
    ours, sds = runs(tracking, "means", "variant")
    # What the report says, which is written in between.
    assert promised == known["run_id"] == own
    assert known["parents"] == {"ours": ours.info.run_id, "sds": sds.info.run_id}
    took = {"training/seconds": 60.0, "training/total_seconds": 120.0}
    means = {"pose/pose": 2.5, "shared/pose/pose": 1.0, "fid/fid": 80.0}
    assert ours.data.metrics == took | means
    took["training/total_seconds"] = 60.0
    assert sds.data.metrics == took | {"pose/pose": 2.0, "shared/pose/pose": 2.0}
    assert ours.data.params == {"device": "cpu", "train.steps": "3"}
    assert ours.data.tags["runs"] == "2"
    assert ours.data.tags["protocol"] == "fid-1, pose-1"
    assert "mean of 2 results, 2 samples" in ours.data.tags["score.pose"]
    assert "mean of 0 results" in sds.data.tags["score.fid"]
    children = runs(tracking, "means", "run")
    assert [run.data.tags[PARENT] for run in children] == [ours.info.run_id] * 2 + [sds.info.run_id]
    names = {file.path for file in client(tracking).list_artifacts(own)}
    assert names == {"report.html", "tables"}
    assert log_experiment(root, tracking) == own
    assert len(client(tracking).get_metric_history(ours.info.run_id, "fid/fid")) == 1


def test_other_settings_give_a_variant_another_parent(
    tmp_path: Path, tracking: TrackingConfig
) -> None:
    folder = write_run(tmp_path / "changed/ours/ann/0")
    run_id = mirror(folder, tracking)
    log_experiment(tmp_path / "changed", tracking)
    (first,) = runs(tracking, "changed", "variant")
    write_facts(folder, steps=4)
    log_experiment(tmp_path / "changed", tracking)
    (second,) = runs(tracking, "changed", "variant")
    (old,) = runs(tracking, "changed", "superseded")
    assert old.info.run_id == first.info.run_id
    assert old.data.tags["superseded_by"] == second.info.run_id
    assert second.data.params["train.steps"] == "4"
    assert client(tracking).get_run(run_id).data.tags[PARENT] == second.info.run_id


def test_of_two_parents_made_at_once_the_oldest_stays(tracking: TrackingConfig) -> None:
    store = client(tracking)
    experiment = store.create_experiment("twins")
    first = _create(store, experiment, "variant", "ours")
    assert _create(store, experiment, "variant", "ours") == first
    assert [run.info.run_id for run in runs(tracking, "twins", "variant")] == [first]


def test_a_damaged_score_is_named(tmp_path: Path, tracking: TrackingConfig) -> None:
    folder = write_run(tmp_path / "damaged/ours/ann/0")
    write_score(folder / "scores/pose.json", 1.0)
    (folder / "scores/pose.json").write_text("{")
    done, failed = sync(tmp_path, tracking)
    assert (done, len(failed)) == (0, 1)
    assert "pose.json is no score" in failed[0][1]


def test_an_experiment_without_runs_is_refused(tmp_path: Path, tracking: TrackingConfig) -> None:
    with pytest.raises(UserError, match="no run is finished there"):
        log_experiment(tmp_path / "empty", tracking)
    foreign = write_run(tmp_path / "other/ours/ann/0")
    with pytest.raises(UserError, match="is no run of"):
        log_experiment(tmp_path / "empty", tracking, [foreign])


def content(tracking: TrackingConfig) -> list[Any]:
    """All that a store holds, without its ids."""
    store = client(tracking)
    found = []
    names = {}
    for kind in ("variant", "experiment", "run"):
        for run in runs(tracking, "rebuilt", kind):
            names[run.info.run_id] = run.info.run_name
            history = {
                key: [(m.step, m.timestamp, m.value) for m in store.get_metric_history(run_id, key)]
                for run_id in [run.info.run_id]
                for key in run.data.metrics
            }
            tags = {key: text for key, text in run.data.tags.items() if key != PARENT}
            parent = names.get(run.data.tags.get(PARENT, ""))
            place = Path(run.info.artifact_uri.removeprefix("file://"))
            files = {str(p.relative_to(place)): p.read_bytes() for p in place.rglob("*.*")}
            times = (run.info.start_time, run.info.end_time) if kind == "run" else ()
            row = [kind, run.info.run_name, run.info.status, times, parent, run.data.params]
            found.append([*row, history, tags, files])
    return found


def test_a_deleted_store_is_rebuilt_from_the_files(tmp_path: Path) -> None:
    place = tmp_path / "results/mlflow"
    tracking = TrackingConfig(
        uri=f"sqlite:///{place}/mlflow.db", artifacts=str(place / "artifacts")
    )
    create_store(tracking)
    root = tmp_path / "results/rebuilt"
    folders = write_experiment(root)
    for folder in folders:
        mirror(folder, tracking)
    log_experiment(root, tracking, folders)
    before = content(tracking)
    for path in place.glob("mlflow.db*"):
        path.unlink()
    sync_elsewhere(tmp_path / "results", tracking)
    # Under another name: this process still has the lost store open.
    after = content(tracking.model_copy(update={"uri": f"sqlite:///{place}/./mlflow.db"}))
    assert len(after) == 6
    assert after == before
    assert json.loads((root / "mlflow.json").read_text())["runs"] == [
        "ours/ann/0",
        "ours/bob/0",
        "sds/ann/0",
    ]
