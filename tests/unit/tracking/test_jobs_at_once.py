"""Eight processes that log at the same moment, into a store that is gone, lose nothing."""

import multiprocessing
from pathlib import Path

import pytest
from run_folders import client, runs, write_run, write_score

from gaussianmotion.config import TrackingConfig
from gaussianmotion.tracking import mirror

pytestmark = pytest.mark.filterwarnings("ignore")  # MLflow's own imports warn.
JOBS, STEPS = 8, 40


def _log(folder: Path, tracking: TrackingConfig, everybody: object) -> None:
    everybody.wait(300)  # type: ignore[attr-defined]
    mirror(folder, tracking)


@pytest.mark.slow
def test_eight_jobs_at_once_make_the_store_and_share_one_parent(tmp_path: Path) -> None:
    database = tmp_path / "m/mlflow.db"
    tracking = TrackingConfig(uri=f"sqlite:///{database}", artifacts=f"{tmp_path}/m/files")
    # Of the database that was deleted: nothing of it may get into the new one.
    database.parent.mkdir()
    for ending in ("-wal", "-shm"):
        database.with_name(f"mlflow.db{ending}").write_bytes(b"left over")
    folders = [write_run(tmp_path / f"at-once/ours/p{i}/0", STEPS) for i in range(JOBS)]
    for index, folder in enumerate(folders):
        write_score(folder / "scores/pose.json", float(index))
    # One process imports MLflow, which takes seconds, and forks the jobs.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["mlflow", "gaussianmotion.tracking"])
    everybody = context.Barrier(JOBS)
    jobs = [context.Process(target=_log, args=(folder, tracking, everybody)) for folder in folders]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join(300)
    assert [job.exitcode for job in jobs] == [0] * JOBS
    (parent,) = runs(tracking, "at-once", "variant")
    children = runs(tracking, "at-once", "run")
    assert [run.info.run_name for run in children] == [f"ours/p{i}/0" for i in range(JOBS)]
    store = client(tracking)
    for index, run in enumerate(children):
        assert run.data.tags["mlflow.parentRunId"] == parent.info.run_id
        assert run.data.params == {"device": "cpu", "train.steps": str(STEPS)}
        assert run.data.metrics["pose/pose"] == index
        assert len(store.get_metric_history(run.info.run_id, "loss")) == STEPS
        names = {file.path for file in store.list_artifacts(run.info.run_id)}
        assert names == {"avatar.safetensors", "curves.csv", "run.json", "scores"}
    assert not list(database.parent.glob(".*"))
