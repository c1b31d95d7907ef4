"""What failed is planned again until it succeeds; results of an earlier version are not lost."""

import json

import pytest
from workflow_copy import Workflow

RUN = "results/laptop/tau_100/ann/0"
SHEET = f"{RUN}/sheet.png"


@pytest.mark.parametrize(
    ("key", "old", "new", "failing", "target"),
    [
        ("variants.yaml", "tau: 100}}", "tau: 150}}", "--variant tau_100", ()),
        ("laptop.yaml", "  fps: 24", "  fps: 12", "render --settings", (SHEET,)),
    ],
    ids=["a training, asked for everything", "pictures, asked for a sheet"],
)
def test_a_failed_second_run_is_planned_again_until_it_succeeds(
    finished: Workflow,
    key: str,
    old: str,
    new: str,
    failing: str,
    target: tuple[str, ...],
) -> None:
    finished.edit(f"config/{key}", old, new)
    tables = finished.folder / "results/laptop/tables/table1.csv"
    before = tables.stat().st_mtime_ns
    for _ in range(2):  # Nothing is made from what should have been replaced, however often.
        assert finished.snakemake(*target, FAKE_FAILURE=failing).returncode != 0
        assert tables.stat().st_mtime_ns == before
    done = finished.snakemake(*target)
    assert done.returncode == 0, done.stderr
    assert finished.jobs(*target) == {}


def test_results_of_an_earlier_version_are_not_made_again_without_a_word(
    finished: Workflow,
) -> None:
    note = finished.folder / "results/laptop/experiment.json"
    facts = json.loads(note.read_text())
    del facts["format"]
    note.write_text(json.dumps(facts))
    done = finished.snakemake()
    assert done.returncode == 2
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("gaussianmotion:")]
    assert "made by an earlier version" in line
    assert "delete results/laptop/experiment.json" in line
    note.unlink()
    assert finished.snakemake("-n").returncode == 0
