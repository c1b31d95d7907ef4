"""MLflow on PostgreSQL: eight jobs at once, both servers killed in the middle, nothing lost."""

import json
import multiprocessing
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from postgres import Postgres
from tracking_server import TrackingServer

sys.path.append(str(Path(__file__).parents[1] / "unit/tracking"))

from run_folders import write_run, write_score

from gaussianmotion.config import TrackingConfig
from gaussianmotion.tracking import mirror, sync

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),  # MLflow's own imports warn.
]
JOBS, STEPS = 8, 500


def _log(folder: Path, tracking: TrackingConfig, everybody: Any) -> None:
    everybody.wait(300)
    try:
        mirror(folder, tracking)
    except Exception as error:  # as the workflow's job, which ends well whatever a store says
        (folder / "refused").write_text(f"{type(error).__name__}: {error}")


def start_jobs(folders: list[Path], tracking: TrackingConfig) -> list[Any]:
    """A process for each run, which all begin to log at the same moment."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["mlflow", "gaussianmotion.tracking"])
    everybody = context.Barrier(len(folders) + 1)
    jobs = [context.Process(target=_log, args=(folder, tracking, everybody)) for folder in folders]
    for job in jobs:
        job.start()
    everybody.wait(300)
    return jobs


def write_runs(root: Path) -> list[Path]:
    folders = [write_run(root / f"ours/p{index}/0", STEPS) for index in range(JOBS)]
    for index, folder in enumerate(folders):
        write_score(folder / "scores/pose.json", float(index))
    return folders


def check(tracking: TrackingConfig, experiment: str) -> None:
    """All runs are whole, below one parent, and nothing is there twice."""
    from mlflow import MlflowClient

    store = MlflowClient(tracking.uri)
    number = store.get_experiment_by_name(experiment).experiment_id
    runs = store.search_runs([number], "tags.kind = 'run'")
    assert sorted(run.info.run_name for run in runs) == [f"ours/p{i}/0" for i in range(JOBS)]
    (parent,) = store.search_runs([number], "tags.kind = 'variant'")
    assert {run.data.tags["mlflow.parentRunId"] for run in runs} == {parent.info.run_id}
    for run in runs:
        points = store.get_metric_history(run.info.run_id, "loss")
        assert [point.step for point in points] == list(range(1, STEPS + 1))
        assert run.info.status == "FINISHED"
        names = {file.path for file in store.list_artifacts(run.info.run_id)}
        assert names == {"avatar.safetensors", "curves.csv", "run.json", "scores"}
    assert parent.data.metrics["pose/pose"] == (JOBS - 1) / 2


@pytest.fixture
def server(postgres: Postgres, tmp_path: Path) -> Iterator[TrackingServer]:
    started = TrackingServer(postgres.create("mlflow"), tmp_path)
    started.start()
    yield started
    started.kill()


def test_nothing_is_lost_when_servers_are_killed_under_load(
    postgres: Postgres, server: TrackingServer, tmp_path: Path
) -> None:
    folders = write_runs(tmp_path / "results/load")
    tracking = TrackingConfig(uri=server.address)
    jobs = start_jobs(folders, tracking)
    # Under way: somebody has a run, and nobody is done.
    until = time.monotonic() + 120
    while not any((folder / "mlflow.json").exists() for folder in folders):
        assert time.monotonic() < until
        time.sleep(0.05)
    postgres.kill()
    postgres.start()
    server.kill()
    server.start()
    for job in jobs:
        job.join(300)
    assert [job.exitcode for job in jobs] == [0] * JOBS
    # Otherwise nothing was killed in the middle.
    assert any((folder / "refused").exists() for folder in folders)
    for folder in folders:
        (folder / "refused").unlink(missing_ok=True)
    assert sync(tmp_path / "results", tracking) == (JOBS, [])
    check(tracking, "load")


def test_eight_jobs_make_the_tables_of_an_empty_database(
    postgres: Postgres, tmp_path: Path
) -> None:
    """Without a server in front; one of them makes the tables while the others wait."""
    folders = write_runs(tmp_path / "results/direct")
    address = postgres.create("direct").replace("postgresql://", "postgresql+pg8000://")
    tracking = TrackingConfig(uri=address, artifacts=str(tmp_path / "artifacts"))
    for job in start_jobs(folders, tracking):
        job.join(300)
    refused = {
        folder.parent.name: (folder / "refused").read_text()
        for folder in folders
        if (folder / "refused").exists()
    }
    assert refused == {}
    check(tracking, "direct")
    state = json.loads((folders[0] / "mlflow.json").read_text())
    assert "secret" not in json.dumps(state)
