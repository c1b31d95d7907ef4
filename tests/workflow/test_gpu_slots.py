"""How many jobs that need a GPU start at once on one computer."""

import os
from pathlib import Path

import pytest
from stand_ins import Card, Machine
from workflow_copy import Workflow


def test_no_more_than_it_has_gpus_whatever_was_asked_for(
    workflow: Workflow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = os.environ["PATH"]
    machine = Machine(tmp_path / "machine", monkeypatch)
    machine.nvidia_smi(Card("GPU-aa"), Card("GPU-bb"))
    # Snakemake's own messages say how many it counts with.
    workflow.edit("profiles/default/config.yaml", "logger: gaussianmotion\n", "")
    target = "results/laptop/prompts.tsv --resources gpu=8 --config device=cuda"
    path = f"{machine.folder}{os.pathsep}{usual}"
    done = workflow.snakemake(*target.split(), PATH=path)
    assert done.returncode == 0, done.stderr
    assert "2 GPUs are here: --resources gpu=8 is taken for gpu=2" in done.stderr
    said = done.stderr.split("Provided resources:")[1].splitlines()[0]
    assert 'Resource("gpu", 2)' in said
