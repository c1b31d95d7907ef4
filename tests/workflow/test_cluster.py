"""Jobs on other computers, as a cluster's executor starts them: each in a Snakemake of its own."""

import json
import sys
from pathlib import Path

from workflow_copy import Workflow, run

SUBMIT = """#!/bin/sh
cat "$1" >> submitted
nohup sh "$1" > /dev/null 2>&1 &
echo $!
"""


RUN = "results/laptop/ours/ann/0"


def on_a_cluster(workflow: Workflow, target: str, **environment: str) -> str:
    """Make a file by Snakemake's generic executor; returns the scripts that it submitted."""
    prompts = workflow.folder / "config/prompts/laptop.tsv"
    prompts.write_text("id\tprompt\nann\ta woman in a red dress\n")
    workflow.edit("config/laptop.yaml", "[walk, dance, kick]", "[walk]")
    # As the paper's experiment: the computer that submits counts no GPUs, nor do its jobs.
    workflow.edit("config/laptop.yaml", "device: auto", "device: cuda")
    workflow.section("ablation", "{variants: []}")
    workflow.section("scores", "{names: [geometry]}")
    submit = workflow.folder / "submit.sh"
    submit.write_text(SUBMIT)
    submit.chmod(0o755)
    command = [sys.executable, "-m", "snakemake", target]
    command += ["--profile", "profiles/laptop", "--executor", "cluster-generic", "--jobs", "4"]
    command += ["--cluster-generic-submit-cmd", str(submit), "--seconds-between-status-checks", "1"]
    command += ["--resources", "gpu=8"]
    done = run(workflow.folder, command, environment)
    assert done.returncode == 0, done.stderr
    assert (workflow.folder / target).is_file()
    return (workflow.folder / "submitted").read_text()


def tells_while_it_runs(folder: Path) -> bool:
    """Whether the workflow let the training tell MLflow."""
    return bool(json.loads((folder / RUN / "tracking.json").read_text())["live"])


def test_a_sqlite_store_is_written_by_the_first_computer_alone(workflow: Workflow) -> None:
    submitted = on_a_cluster(workflow, f"{RUN}/logged.json")
    assert "--allowed-rules train" in submitted
    assert "--allowed-rules log_runs" not in submitted
    assert "--allowed-rules tracking_store" not in submitted
    assert not tells_while_it_runs(workflow.folder)


def test_a_server_hears_of_trainings_while_they_run(workflow: Workflow) -> None:
    server = {"MLFLOW_TRACKING_URI": "http://127.0.0.1:9"}
    submitted = on_a_cluster(workflow, f"{RUN}/avatar.safetensors", **server)
    assert "--allowed-rules tracking_store" in submitted
    assert tells_while_it_runs(workflow.folder)
