"""MLflow holds what the files say, once, and its failures stop nothing."""

import json
from pathlib import Path

import pytest
from run_folders import client, write_run

from gaussianmotion.config import Config, TrackingConfig
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.tracking import Identity, identify, live, mirror, sync

# MLflow's own imports warn.
pytestmark = pytest.mark.filterwarnings("ignore")


def test_mirroring_twice_changes_nothing(tmp_path: Path, tracking: TrackingConfig) -> None:
    folder = write_run(tmp_path / "twice/ours/ann/0")
    first = mirror(folder, tracking)
    assert mirror(folder, tracking) == first
    store = client(tracking)
    history = store.get_metric_history(first, "loss")
    assert [(point.step, point.value) for point in history] == [(1, 0.1), (2, 0.2), (3, 0.3)]
    run = store.get_run(first)
    assert run.info.status == "FINISHED"
    assert run.data.params == {"device": "cpu", "train.steps": "3"}
    assert run.data.tags["prompt"] == "a person called ann"
    names = {item.path for item in store.list_artifacts(first)}
    assert names == {"avatar.safetensors", "curves.csv", "run.json"}


def test_a_new_training_of_a_folder_gets_a_run_of_its_own(
    tmp_path: Path, tracking: TrackingConfig
) -> None:
    folder = write_run(tmp_path / "again/ours/ann/0")
    first = mirror(folder, tracking)
    config = Config(tracking=tracking)
    with live(folder, Identity("again", "ours", "ann", 0, "a man"), config):
        facts = {"config": config.model_dump(mode="json")}
        (folder / "run.json").write_text(json.dumps(facts))
    second = json.loads((folder / "mlflow.json").read_text())["run_id"]
    assert second != first
    assert client(tracking).get_run(first).data.tags["superseded_by"] == second
    assert mirror(folder, tracking) == second


def test_an_interrupted_training_is_marked_and_goes_on_in_its_run(
    tmp_path: Path, tracking: TrackingConfig
) -> None:
    folder = tmp_path / "stopped/ours/ann/0"
    folder.mkdir(parents=True)
    identity = Identity("stopped", "ours", "ann", 0, "a man")
    config = Config(tracking=tracking)
    (folder / "curves.csv").write_text("step,loss\n1,5\n2,4\n")
    with pytest.raises(SystemExit), live(folder, identity, config):
        raise SystemExit(130)
    run = json.loads((folder / "mlflow.json").read_text())["run_id"]
    assert client(tracking).get_run(run).info.status == "KILLED"
    with live(folder, identity, config):
        (folder / "curves.csv").write_text("step,loss\n1,5\n2,4\n3,3\n4,")  # a row being written
    assert json.loads((folder / "mlflow.json").read_text())["run_id"] == run
    store = client(tracking)
    assert store.get_run(run).info.status == "FINISHED"
    assert [point.step for point in store.get_metric_history(run, "loss")] == [1, 2, 3]


def test_an_unreachable_server_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    folder = write_run(tmp_path / "away/ours/ann/0")
    with live(folder, Identity("away", "ours", "ann", 0), Config()):
        done = "trained"
    assert done == "trained"
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert "gaussianmotion sync" in lines[0]


def test_sync_names_what_it_cannot_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tracking: TrackingConfig
) -> None:
    for prompt in ("ann", "bob"):
        write_run(tmp_path / f"some/ours/{prompt}/0")
    assert sync(tmp_path, tracking) == (2, [])
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:////proc/none/mlflow.db")
    done, failed = sync(tmp_path, tracking)
    assert done == 0
    assert [folder.parent.name for folder, _ in failed] == ["ann", "bob"]
    assert all(reason for _, reason in failed)


def test_a_folder_that_is_no_run_is_refused() -> None:
    with pytest.raises(UserError, match="is not a run"):
        identify(Path("/somewhere/else/than/here"))
