"""The real pipeline from end to end, tiny: random prior, few steps, small pictures."""

import csv
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

import pytest
from tiny_priors import write_embedded
from workflow_copy import REPOSITORY, Workflow, clean_environment, copy_workflow, run

from gaussianmotion.report.timing import stage_times

SETTINGS = """
experiment: tiny
prompts: prompts.tsv
motions: [walk]
ablation: {variants: [], prompts: []}
study: {against: []}
reference: {count: 2, steps: 2}
device: cpu
prior: {model: prior, controlnet: prior/controlnet}
train: {steps: 6, batch: 2, size: 64, gaussians: 400, preview_every: 3, checkpoint_every: 2}
render: {size: 64, views: 4, turntable_frames: 4, fps: 5, motion_seconds: 1.0}
"""
RUN = "results/tiny/ours/ann/0"


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Workflow:
    """A copy of the workflow with real stages and a tiny prior; one experiment is finished."""
    made = copy_workflow(tmp_path_factory.mktemp("real"))
    shutil.copy(REPOSITORY / "src/gaussianmotion/__main__.py", made.folder / "src/gaussianmotion")
    shutil.rmtree(made.folder / "resources")
    (made.folder / "resources").symlink_to(REPOSITORY / "resources")
    write_embedded(made.folder / "prior")
    (made.folder / "prompts.tsv").write_text("id\tprompt\nann\ta woman in a sparkling dress\n")
    (made.folder / "tiny.yaml").write_text(SETTINGS)
    files = ("config/laptop.yaml", "tiny.yaml")
    done = made.snakemake("--configfile", *files)
    assert done.returncode == 0, done.stderr
    assert "the prior has never seen sparkling" in done.stderr
    return made


@pytest.mark.slow
def test_everything_that_is_promised_is_there(real: Workflow) -> None:
    run_folder = real.folder / RUN
    for name in (
        "avatar.safetensors",
        "curves.csv",
        "run.json",
        "previews/step_00006.png",
        "views/03.png",
        "front.png",
        "turntable.mp4",
        "views.json",
        "motions/walk.mp4",
        "motions/walk.json",
        "sheet.png",
        "../../../sheet.png",
        "../../../prompts.tsv",
        "scores/face.json",
        "scores/geometry.json",
        "scores/pose.json",
        "../../../reference/ann/01.png",
        "../../../scores/ours/0/features.json",
        "../../../tables/scores.csv",
        "../../../tables/table1.tex",
        "../../../tables/verdicts.json",
        "../../../figures/fig3.pdf",
        "../../../report.html",
        "../../../notebook.ipynb",
    ):
        assert (run_folder / name).stat().st_size > 0, name
    assert not (run_folder / "checkpoint.pt").exists()
    assert "never seen sparkling" in (run_folder / "logs/train.log").read_text()


@pytest.mark.slow
def test_the_memory_of_every_job_that_computes_is_known(real: Workflow) -> None:
    root = real.folder / "results/tiny"
    times = {time.stage: time for time in stage_times(root, [real.folder / RUN])}
    for stage in ("train", "render", "score avatar", "figure"):
        memory = times[stage].memory
        assert memory is not None, stage
        assert memory > 100, stage  # MiB: torch alone is more


@pytest.mark.slow
def test_a_second_invocation_does_nothing(real: Workflow) -> None:
    before = (real.folder / RUN / "avatar.safetensors").stat().st_mtime_ns
    done = real.snakemake("--configfile", "config/laptop.yaml", "tiny.yaml")
    assert done.returncode == 0
    assert "everything is up to date" in done.stderr
    assert (real.folder / RUN / "avatar.safetensors").stat().st_mtime_ns == before


@pytest.mark.slow
def test_mlflow_has_the_run_with_params_curves_and_artifacts(real: Workflow) -> None:
    state = json.loads((real.folder / RUN / "mlflow.json").read_text())
    with sqlite3.connect(real.folder / "results/mlflow/mlflow.db") as store:
        assert store.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        runs = store.execute("SELECT name, status FROM runs ORDER BY name").fetchall()
        # The variant's parent, the avatar, the experiment.
        assert runs == [(name, "FINISHED") for name in ("ours", "ours/ann/0", "tiny")]

        def of_run(columns: str, table: str) -> list:
            query = f"SELECT {columns} FROM {table} WHERE run_uuid = ?"
            return store.execute(query, (state["run_id"],)).fetchall()

        params, tags = dict(of_run("key, value", "params")), dict(of_run("key, value", "tags"))
        losses = sorted((s,) for key, s in of_run("key, step", "metrics") if key == "loss")
        assert [step for (step,) in losses] == [1, 2, 3, 4, 5, 6]
    assert params["train.steps"] == "6"
    assert params["prior.model"] == "prior"
    assert tags["prompt"] == "a woman in a sparkling dress"
    assert (tags["variant"], tags["prompt_id"], tags["seed"]) == ("ours", "ann", "0")
    kept = real.folder / "results/mlflow/artifacts/tiny" / state["run_id"] / "artifacts"
    for name in ("avatar.safetensors", "motions/walk.mp4", "sheet.png"):
        assert (kept / name).exists(), name
    # Previews are pictures over steps, which MLflow's grid compares.
    assert len(list(kept.rglob("*step+3+*.png"))) == 1


@pytest.mark.slow
def test_a_lost_store_is_rebuilt_from_the_files(real: Workflow) -> None:
    shutil.move(real.folder / "results/mlflow", real.folder / "lost")
    try:
        done = run(
            real.folder,
            [sys.executable, "-m", "gaussianmotion", "sync", "--config", "tiny.yaml"],
            {"PYTHONPATH": "src"},
        )
        assert done.returncode == 0, done.stderr
        with sqlite3.connect(real.folder / "results/mlflow/mlflow.db") as store:
            names = store.execute("SELECT name FROM runs ORDER BY name").fetchall()
            assert names == [("ours",), ("ours/ann/0",), ("tiny",)]
            assert store.execute("SELECT count(*) FROM metrics WHERE key='loss'").fetchone() == (6,)
    finally:
        shutil.rmtree(real.folder / "results/mlflow")
        shutil.move(real.folder / "lost", real.folder / "results/mlflow")


@pytest.mark.slow
def test_ctrl_c_is_resumed_and_an_unreachable_mlflow_stops_nothing(real: Workflow) -> None:
    (real.folder / "more.tsv").write_text("id\tprompt\nbob\ta man in a red suit\n")
    settings = SETTINGS.replace("prompts.tsv", "more.tsv").replace("steps: 6", "steps: 70")
    (real.folder / "more.yaml").write_text(settings.replace("experiment: tiny", "experiment: more"))
    command = [sys.executable, "-m", "snakemake", "--profile", "profiles/laptop"]
    command += ["--cores", "2", "--configfile", "config/laptop.yaml", "more.yaml"]
    command += ["--until", "train"]
    unreachable = {"MLFLOW_TRACKING_URI": "http://127.0.0.1:9"}
    folder = real.folder / "results/more/ours/bob/0"

    process = subprocess.Popen(
        command,
        cwd=real.folder,
        env=clean_environment(unreachable),
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    )
    curves, waited = folder / "curves.csv", time.monotonic() + 300
    while not (curves.exists() and curves.read_text().count("\n") > 20):
        assert process.poll() is None, process.stderr and process.stderr.read()
        assert time.monotonic() < waited
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of them
    _, errors = process.communicate(timeout=120)
    assert process.returncode != 0
    assert "stopped after step" in errors
    assert "failed:" not in errors
    assert "Traceback" not in errors
    assert (folder / "checkpoint.pt").exists()
    reached = curves.read_text().count("\n") - 1
    assert 20 <= reached < 70

    again = run(real.folder, command, unreachable)
    assert again.returncode == 0, again.stderr
    with curves.open() as file:
        assert [int(row["step"]) for row in csv.DictReader(file)] == list(range(1, 71))
    # So short a training is logged by the job after it.
    log = [sys.executable, "-m", "gaussianmotion", "log", str(folder), "--out", "logged.json"]
    logged = run(real.folder, log, unreachable)
    assert logged.returncode == 0, logged.stderr
    warnings = [line for line in logged.stderr.splitlines() if "warning: MLflow" in line]
    assert len(warnings) == 1
    assert "gaussianmotion sync" in warnings[0]
