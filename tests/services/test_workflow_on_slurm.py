"""The workflow's rules on a Slurm that is there: cancelled, too large, without a controller."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from slurm import Slurm

sys.path.append(str(Path(__file__).parents[1] / "workflow"))

from workflow_copy import Workflow, clean_environment, copy_workflow

pytest.importorskip("snakemake_executor_plugin_slurm", reason="Slurm's executor is not installed")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
RUN = "results/laptop/ours/{}/0"


@pytest.fixture
def workflow(tmp_path: Path) -> Workflow:
    """Two prompts on the profile for Slurm, with this cluster's partition."""
    copied = copy_workflow(tmp_path)
    prompts = "id\tprompt\nann\ta woman in a red dress\nbob\ta man in a blue suit\n"
    (copied.folder / "config/prompts/laptop.tsv").write_text(prompts)
    copied.section("ablation", "{variants: []}")
    # As in the paper's experiment: the computer that submits need not have a GPU.
    copied.edit("config/laptop.yaml", "device: auto", "device: cuda")
    copied.edit("profiles/slurm/config.yaml", "'your-partition'", "'all'")
    copied.edit("profiles/slurm/config.yaml", "'your-account'", "'nobody'")
    return copied


def command(*targets: str) -> list[str]:
    """What a user types, but for this cluster's lack of accounts and of patience."""
    return [
        *(sys.executable, "-m", "snakemake", *targets),
        *("--workflow-profile", "profiles/slurm", "--configfile", "config/laptop.yaml"),
        *("--slurm-no-account", "--slurm-status-command", "squeue"),
        *("--slurm-init-seconds-before-status-checks", "2"),
        *("--seconds-between-status-checks", "2", "--latency-wait", "10"),
        # Snakemake itself takes some 300 MB in each job; the second try has twice as much.
        *("--set-resources", "train:mem_mb=900*attempt"),
    ]


def jobs(slurm: Slurm) -> list[tuple[str, str, str]]:
    """(id, state, what for) of all jobs that the cluster had."""
    listed = slurm.run("squeue", "--states=all", "--noheader", "--format=%i|%T|%k")
    return [tuple(line.split("|", 2)) for line in listed.splitlines()]  # type: ignore[misc]


def wait_for(slurm: Slurm, words: str, state: str, process: subprocess.Popen[str]) -> str:
    """The id of a job in a state, once there is one."""
    until = time.monotonic() + 300
    while time.monotonic() < until and process.poll() is None:
        for number, now, what in jobs(slurm):
            if words in what and now == state:
                return number
        time.sleep(0.3)
    process.kill()
    process.wait()
    raise AssertionError(f"no {words} was {state}: {jobs(slurm)}")


def test_what_the_cluster_breaks_is_finished_by_the_same_command(
    slurm: Slurm, workflow: Workflow
) -> None:
    targets = [f"{RUN.format(name)}/avatar.safetensors" for name in ("ann", "bob")]
    environment = clean_environment(
        slurm.environment
        | {
            "FAKE_SECONDS": "4",
            "FAKE_MEMORY": "--prompt-id ann=800",
        }
    )
    log = workflow.folder / "said"
    with log.open("w") as said:
        first = subprocess.Popen(
            command(*targets), cwd=workflow.folder, env=environment, stdout=said, stderr=said
        )
        cancelled = wait_for(slurm, "rule_train_wildcards_ours_bob", "RUNNING", first)
        slurm.run("scancel", cancelled)
        wait_for(slurm, "rule_train_wildcards_ours_bob", "CANCELLED", first)
        slurm.stop_controller()
        time.sleep(3)
        slurm.start_controller()
        first.wait(800)
    again = subprocess.run(
        command(*targets),
        cwd=workflow.folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=800,
        check=False,
    )
    states = {number: state for number, state, _ in jobs(slurm)}
    trains = [(number, state) for number, state, what in jobs(slurm) if "rule_train" in what]
    assert states[cancelled] == "CANCELLED"
    assert again.returncode == 0, log.read_text() + again.stderr
    for name in ("ann", "bob"):
        assert (workflow.folder / RUN.format(name) / "avatar.safetensors").is_file()
    # One of each was stopped, and its second try went through.
    ended = sorted(state for _, state in trains)
    assert ended.count("COMPLETED") == 2
    assert set(ended) <= {"COMPLETED", "CANCELLED", "OUT_OF_MEMORY", "FAILED"}
    assert len(ended) >= 4
    tell = slurm.run("scontrol", "show", "job", trains[-1][0])
    assert "gpu=1" in tell or "gpu:1" in tell
