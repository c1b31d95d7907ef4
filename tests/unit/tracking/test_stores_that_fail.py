"""A store that fails, is away or was tidied up in the UI loses nothing, and says no password."""

import gc
import json
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from run_folders import client, options_of, runs, write_run

from gaussianmotion.cli import main
from gaussianmotion.config import Config, TrackingConfig
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.tracking import Identity, identify, live, mirror, postgres, sync
from gaussianmotion.tracking.logged import failures_of
from gaussianmotion.tracking.mirror import Mirror
from gaussianmotion.tracking.opening import experiment_id
from gaussianmotion.tracking.store import sqlite_path, store_uri

# MLflow's own imports warn.
pytestmark = pytest.mark.filterwarnings("ignore")


@contextmanager
def refusing(
    tracking: TrackingConfig, table: str, how: str = "SELECT RAISE(ABORT, 'away')"
) -> Iterator[None]:
    """The store takes no new rows of a table for the life of the block."""
    path = sqlite_path(tracking.uri)
    assert path is not None
    for command in (
        f"CREATE TRIGGER away BEFORE INSERT ON {table} BEGIN {how}; END",
        "DROP TRIGGER away",
    ):
        connection = sqlite3.connect(path)
        connection.execute(command)
        connection.commit()
        connection.close()
        if command.startswith("CREATE"):
            yield


def steps(tracking: TrackingConfig, run_id: str) -> list[int]:
    return [point.step for point in client(tracking).get_metric_history(run_id, "loss")]


def test_rows_that_the_store_refused_are_sent_later(
    tmp_path: Path, tracking: TrackingConfig
) -> None:
    folder = write_run(tmp_path / "refused/ours/ann/0")
    run = Mirror(folder, identify(folder), tracking)
    with refusing(tracking, "metrics"), pytest.raises(Exception, match="away"):
        run.update({}, "RUNNING")
    assert steps(tracking, run.update({}, "FINISHED")) == [1, 2, 3]


def test_parameters_that_the_store_refused_are_sent_later(
    tmp_path: Path, tracking: TrackingConfig
) -> None:
    folder = write_run(tmp_path / "params/ours/ann/0")
    with refusing(tracking, "params"), pytest.raises(Exception, match="away"):
        mirror(folder, tracking)
    run_id = mirror(folder, tracking)
    assert client(tracking).get_run(run_id).data.params == {"device": "cpu", "train.steps": "3"}
    assert len(runs(tracking, "params", "run")) == 1


def test_a_training_while_the_server_was_away_is_not_taken_for_the_earlier_one(
    tmp_path: Path, tracking: TrackingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_run(tmp_path / "missed/ours/ann/0")
    first = mirror(folder, tracking)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    with live(folder, identify(folder), Config(tracking=tracking)):
        (folder / "curves.csv").write_text("step,loss\n1,7\n")
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    second = mirror(folder, tracking)
    assert second != first
    assert (steps(tracking, first), steps(tracking, second)) == ([1, 2, 3], [1])


def test_the_first_store_does_not_take_the_second_ones_run_for_its_own(
    tmp_path: Path, tracking: TrackingConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    """The run that a training replaces may be in another store, or deleted: that is no failure."""
    folder = write_run(tmp_path / "gone/ours/ann/0")
    store = client(tracking)
    store.delete_run(mirror(folder, tracking))
    config = Config(tracking=tracking)
    with live(folder, identify(folder), config):
        pass
    state = json.loads((folder / "mlflow.json").read_text())
    (folder / "mlflow.json").write_text(json.dumps({**state, "run_id": "0" * 32}))
    with live(folder, identify(folder), config):
        pass
    assert "warning" not in capsys.readouterr().err
    assert store.get_run(state["run_id"]).info.status == "FINISHED"


def test_an_interrupted_training_with_new_settings_gets_a_run_of_its_own(
    tmp_path: Path, tracking: TrackingConfig
) -> None:
    folder = tmp_path / "edited/ours/ann/0"
    folder.mkdir(parents=True)
    identity = Identity("edited", "ours", "ann", 0, "a man")
    (folder / "curves.csv").write_text("step,loss\n1,5\n2,4\n")
    config = Config(tracking=tracking)
    with pytest.raises(SystemExit), live(folder, identity, config):
        raise SystemExit(130)
    more = config.train.model_copy(update={"steps": config.train.steps + 1})
    with live(folder, identity, config.model_copy(update={"train": more})):
        (folder / "curves.csv").write_text("step,loss\n1,3\n")
    (run,) = runs(tracking, "edited", "run")
    assert run.data.params["train.steps"] == str(more.steps)
    assert steps(tracking, run.info.run_id) == [1]
    (old,) = runs(tracking, "edited", "superseded")
    assert old.data.params["train.steps"] == str(config.train.steps)
    assert old.data.tags["superseded_by"] == run.info.run_id


def test_an_experiment_that_was_deleted_in_the_ui_is_restored(
    tmp_path: Path, tracking: TrackingConfig
) -> None:
    run_id = mirror(write_run(tmp_path / "tidied/ours/ann/0"), tracking)
    store = client(tracking)
    store.delete_experiment(store.get_experiment_by_name("tidied").experiment_id)
    assert sync(tmp_path, tracking) == (1, [])
    assert [run.info.run_id for run in runs(tracking, "tidied", "run")] == [run_id]


def test_artifacts_may_be_kept_at_an_address(tmp_path: Path, tracking: TrackingConfig) -> None:
    address = f"file://{tmp_path}/bucket/"
    store = client(tracking)
    elsewhere = tracking.model_copy(update={"artifacts": address})
    number = experiment_id(store, "addressed", elsewhere, tracking.uri)
    assert store.get_experiment(number).artifact_location == f"{address}addressed"


def test_passwords_in_the_servers_address_are_not_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://someone:s3c@ret@127.0.0.1:9")
    folder = write_run(tmp_path / "results/secret/ours/ann/0")
    results = options_of({"results": str(tmp_path / "results")})
    assert main(["tracking-init", *results, "--out", str(tmp_path / "created.json")]) == 0
    assert main(["log", *results, str(folder), "--out", str(tmp_path / "logged.json")]) == 0
    assert main(["sync", *results]) == 2
    output = capsys.readouterr()
    said = [output.out, output.err, *(path.read_text() for path in tmp_path.glob("*.json"))]
    assert "127.0.0.1:9" in "".join(said)
    assert not any("s3c" in text or "ret@" in text for text in said)


def test_postgresql_is_reached_by_the_driver_that_is_installed(monkeypatch) -> None:
    for scheme in ("postgresql", "postgres", "postgresql+pg8000"):
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"{scheme}://me:word@db/mlflow")
        assert store_uri(TrackingConfig()) == "postgresql+pg8000://me:word@db/mlflow"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://postgres:5000")
    assert store_uri(TrackingConfig()) == "http://postgres:5000"


def test_a_run_whose_note_is_damaged_is_logged_again_in_place_of_the_old_one(
    tmp_path: Path, tracking: TrackingConfig
) -> None:
    folder = write_run(tmp_path / "forgotten/ours/ann/0")
    first = mirror(folder, tracking)
    (folder / "mlflow.json").write_bytes(b"\x80garbage")
    second = mirror(folder, tracking)
    assert mirror(folder, tracking) == second
    assert [run.info.run_id for run in runs(tracking, "forgotten", "run")] == [second]
    assert [run.info.run_id for run in runs(tracking, "forgotten", "superseded")] == [first]
    assert steps(tracking, second) == [1, 2, 3]


def test_a_damaged_record_of_a_training_is_not_logged_as_if_it_were_whole(
    tmp_path: Path, tracking: TrackingConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_run(tmp_path / "unreadable/ours/ann/0")
    (folder / "run.json").write_text("{")
    keys = {"results": str(tmp_path), "tracking": tracking.model_dump(mode="json")}
    assert main(["log", *options_of(keys), str(folder)]) == 0
    assert "run.json is damaged" in capsys.readouterr().err
    assert failures_of(folder / "logged.json") == 1


def test_a_run_that_cannot_be_noted_is_not_left_in_the_store(
    tmp_path: Path, tracking: TrackingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_run(tmp_path / "unnoted/ours/ann/0")

    def refuse(run: Mirror) -> None:
        raise UserError("cannot write mlflow.json: read-only file system")

    with monkeypatch.context() as patch:
        patch.setattr(Mirror, "_save", refuse)
        with pytest.raises(UserError, match="read-only"):
            mirror(folder, tracking)
    run_id = mirror(folder, tracking)
    assert [run.info.run_id for run in runs(tracking, "unnoted", "run")] == [run_id]


def test_what_a_full_disk_says_is_one_line_without_mlflows_traceback(
    tmp_path: Path, tracking: TrackingConfig, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = write_run(tmp_path / "full/ours/ann/0")
    keys = {"results": str(tmp_path), "tracking": tracking.model_dump(mode="json")}
    with refusing(tracking, "runs", "INSERT INTO nowhere VALUES (1)"):  # an OperationalError
        assert main(["log", *options_of(keys), str(folder)]) == 0
    assert "Traceback" not in (said := capfd.readouterr().err)
    assert said.count("\n") == 1


def test_a_server_that_never_answers_is_asked_once_and_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(postgres, "PATIENCE", 0.3)
    folders = [str(write_run(tmp_path / f"results/silent/ours/{name}/0")) for name in ("a", "b")]
    results = options_of({"results": str(tmp_path / "results")})
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"postgresql://me:s3c@127.0.0.1:{port}/mlflow")
        assert main(["log", *results, *folders]) == 0
        silent.settimeout(0.0)
        silent.accept()[0].close()
        with pytest.raises(BlockingIOError):
            silent.accept()
    gc.collect()  # pg8000 leaves the socket to it
    said = capsys.readouterr().err
    assert said.count("`gaussianmotion sync` logs them later") == 2
    assert "s3c" not in said
    assert [failures_of(Path(folder) / "logged.json") for folder in folders] == [1, 1]


def test_a_failure_to_log_is_counted_and_mended_by_sync(
    tmp_path: Path, tracking: TrackingConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_run(tmp_path / "mended/ours/ann/0")
    record = folder / "logged.json"
    keys = {"results": str(tmp_path), "tracking": tracking.model_dump(mode="json")}
    log = ["log", *options_of(keys), str(folder), "--out", str(record)]
    with refusing(tracking, "runs"):
        assert main(log) == 0
    assert (failures_of(record), json.loads(record.read_text())["logged"]) == (1, False)
    said = capsys.readouterr().err
    assert said.startswith("gaussianmotion: warning: MLflow does not take ")
    assert said.count("\n") == 1
    with refusing(tracking, "metrics"):
        assert main([*log, "--failures", "1"]) == 0
    assert failures_of(record) == 2
    assert sync(tmp_path, tracking) == (1, [])
    facts = json.loads(record.read_text())
    (run,) = runs(tracking, "mended", "run")
    # One less: as many as the workflow passed, which has nothing to do again.
    assert facts == {"logged": True, "run_id": run.info.run_id, "failures": 1}
