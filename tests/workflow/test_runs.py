"""How a run looks: dry runs, the jobs' own errors, locks, strange prompts (stages are fakes)."""

import json
import re
import subprocess
import sys
import threading
import time

import pytest
from workflow_copy import Workflow, run

TARGET = "results/laptop/ours/man-jeans/0/sheet.png"


def test_the_papers_experiment_dry_runs_clean(workflow: Workflow) -> None:
    done = run(
        workflow.folder,
        [sys.executable, "-m", "snakemake", "-n", "--cores", "all", "--resources", "gpu=4"],
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"^train +30$", done.stdout + done.stderr, re.MULTILINE)


def test_the_laptops_experiment_dry_runs_clean(workflow: Workflow) -> None:
    jobs = workflow.jobs()
    prompts = len((workflow.folder / "config/prompts/laptop.tsv").read_text().splitlines()) - 1
    assert jobs["train"] == jobs["views"] == jobs["log_run"] == prompts >= 8
    assert jobs["experiment_sheet"] == jobs["tracking_store"] == jobs["models"] == 1


def test_a_failed_job_is_one_line_and_the_others_go_on(workflow: Workflow) -> None:
    done = workflow.snakemake(TARGET, TARGET.replace("jeans", "shorts"), FAKE_FAILURE="man-jeans")
    assert done.returncode != 0
    lines = [line for line in done.stderr.splitlines() if not line.startswith(("[", "Using"))]
    assert [line for line in lines if "jobs to do" not in line] == [
        "gaussianmotion: what went wrong and what to do",
        "failed: train: man-jeans (ours, seed 0); "
        "log: results/laptop/ours/man-jeans/0/logs/train.log",
    ]
    assert (workflow.folder / TARGET.replace("jeans", "shorts")).exists()


def test_a_second_run_in_the_same_folder_is_one_line(workflow: Workflow) -> None:
    def first() -> None:
        done.append(workflow.snakemake("--until", "models", FAKE_SECONDS="15"))

    done: list[subprocess.CompletedProcess[str]] = []
    thread = threading.Thread(target=first)
    thread.start()
    waited = time.monotonic() + 60
    while not (workflow.folder / ".snakemake/incomplete").exists():
        assert time.monotonic() < waited
        time.sleep(0.2)
    time.sleep(1.0)
    second = workflow.snakemake("--until", "models")
    thread.join()
    assert second.returncode != 0
    assert "another run is working in this folder" in second.stderr.splitlines()[-1]
    assert done[0].returncode == 0, done[0].stderr


@pytest.mark.parametrize(
    "prompt",
    [
        'it\'s a "man" in a green suit',
        "a man / woman in ../../etc; $(touch pwned) `touch pwned` $HOME & {wildcards.prompt} \\n",
        "<script>alert('x')</script> <b>a man</b> & -- --log x",
        "eine Frau im grünen Kleid, 緑のドレスの女性 👗",
        "a man in a green suit " * 90,
    ],
    ids=["quotes", "shell", "html", "unicode", "2000 characters"],
)
def test_a_strange_prompt_arrives_unchanged(workflow: Workflow, prompt: str) -> None:
    prompt = " ".join(prompt[:2000].split())
    (workflow.folder / "own.yaml").write_text(json.dumps({"prompt": prompt}))
    done = workflow.snakemake("--configfile", "config/laptop.yaml", "own.yaml", "--until", "train")
    assert done.returncode == 0, done.stderr
    (record,) = workflow.folder.glob("results/laptop/ours/*/0/run.json")
    assert json.loads(record.read_text())["prompt"] == prompt
    assert not list(workflow.folder.rglob("pwned"))


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("config/laptop.yaml", "  steps:", "  stepps:", "did you mean `train: {steps: "),
        ("config/laptop.yaml", "threads: 2", "threads: two", "must be a whole number"),
        ("config/laptop.yaml", "device: auto", "device: auto\nvariants: [tau_99]", "no variant"),
        ("config/variants.yaml", "{score: {tau: 100}}", "{score: {taau: 1}}", "score: {tau: 1}"),
        ("config/prompts/laptop.tsv", "man-jeans\t", "man-shorts\t", "is used twice"),
        ("config/prompts/laptop.tsv", "man-jeans\t", "\t", "the id is empty"),
    ],
)
def test_a_mistake_in_a_file_is_one_line_before_anything_runs(
    workflow: Workflow, name: str, old: str, new: str, message: str
) -> None:
    workflow.edit(name, old, new)
    if "variants" in name:
        workflow.edit("config/laptop.yaml", "device: auto", "device: auto\nvariants: [tau_100]")
    done = workflow.snakemake("-n")
    assert done.returncode == 2
    lines = [line for line in done.stderr.splitlines() if line.startswith("gaussianmotion:")]
    assert len(lines) == 1
    assert message in lines[0]
    assert "Traceback" not in done.stderr
