"""The workflow's files in a folder of the test's own, empty or with a finished experiment."""

import shutil
from pathlib import Path

import pytest
from workflow_copy import Workflow, copy_workflow


@pytest.fixture
def workflow(tmp_path: Path) -> Workflow:
    """A fresh copy in which nothing was made yet."""
    return copy_workflow(tmp_path)


@pytest.fixture(scope="session")
def _finished(tmp_path_factory: pytest.TempPathFactory) -> Workflow:
    made = copy_workflow(tmp_path_factory.mktemp("finished"))
    lists = made.folder / "config/prompts/laptop.tsv"
    lists.write_text("id\tprompt\nann\ta woman in a red dress\nbob\ta man in a blue suit\n")
    made.edit("config/laptop.yaml", "[walk, dance, kick]", "[walk]")
    made.section("ablation", "{variants: [ours, tau_100], prompts: [ann], seeds: [0, 1]}")
    made.section("scores", "{names: [clip, fid, geometry]}")
    made.section("baselines", "{HumanGaussian: renders}")
    made.section("study", "{against: [tau_100]}")
    (made.folder / "renders/ann").mkdir(parents=True)
    (made.folder / "renders/ann/00.png").write_text("fake")
    done = made.snakemake()
    assert done.returncode == 0, done.stderr
    return made


@pytest.fixture
def finished(_finished: Workflow, tmp_path: Path) -> Workflow:
    """A copy of an experiment that is complete.

    Five runs with one motion: ours of ann and bob, and of ann with a second seed; tau_100 of ann
    with two seeds. Two other scores and a pooled one, and another system's renders.
    """
    folder = tmp_path / "copy"
    shutil.copytree(_finished.folder, folder, copy_function=shutil.copy2, symlinks=True)
    return Workflow(folder)
