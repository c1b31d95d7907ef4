"""A fault of the quick kinds each; ``benchmarks/fault_campaign.py`` does all, at many moments."""

import inspect
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from faults import KINDS, gpus
from faults.page import Outcome, page, rows_of

from gaussianmotion.runtime import gpu, nvidia

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
QUICK = {
    "stages": "kill -9 of training",
    "disks": "read-only disk, scoring",
    "files": "the checkpoint is cut short",
    "workflow": "kill -9 of snakemake and its jobs, train runs",
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """What came of the quick ones, in a process of its own.

    The campaign copies its process again and again, and a copy of this one would wait forever for
    threads that other tests have started: only the thread that copies is copied.
    """
    folder = tmp_path_factory.mktemp("faults")
    names = "|".join(f"^{re.escape(name)}$" for name in QUICK.values())
    program = [sys.executable, str(BENCHMARKS / "fault_campaign.py"), "--kinds", *QUICK]
    done = subprocess.run(
        [*program, "--only", names, "--moments", "1", "--out", str(folder)],
        capture_output=True, text=True, check=False, timeout=540,
    )  # fmt: skip
    assert (folder / "faults.json").exists(), done.stdout + done.stderr
    found = json.loads((folder / "faults.json").read_text(encoding="utf-8"))
    return {one["kind"]: Outcome(**one) for one in found}


@pytest.mark.slow
@pytest.mark.parametrize("kind", QUICK)
def test_a_fault_loses_nothing_and_a_second_run_ends_as_an_undisturbed_one(
    kind: str, outcomes: dict[str, Outcome]
) -> None:
    outcome = outcomes[kind]
    assert outcome.name == QUICK[kind]
    if outcome.skipped:
        pytest.skip(outcome.skipped)
    assert not outcome.wrong, outcome.said


def test_stand_in_gpus_are_leased_in_the_experiments_own_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    innermost = inspect.unwrap(gpu.lease)
    monkeypatch.setattr(innermost, "__defaults__", innermost.__defaults__)
    monkeypatch.setattr(nvidia, "_SECONDS", nvidia._SECONDS)
    monkeypatch.setenv("PATH", os.environ["PATH"])
    monkeypatch.chdir(tmp_path)
    gpus.here()
    with gpu.lease(["GPU-x"]):
        assert (tmp_path / "leases/GPU-x.lock").is_file()


def test_names_of_faults_are_their_own() -> None:
    names = [fault.name for faults in KINDS.values() for fault in faults]
    assert len(set(names)) == len(names)


def test_the_page_tells_what_later_campaigns_add_to() -> None:
    outcomes = [
        Outcome("stages", "kill -9 of all at once", [-9, 0, 0], 0.0, "a | b " * 40, []),
        Outcome("disks", "no room", [2], 0.0, "gaussianmotion: full", ["exit code 2"]),
        Outcome("gpus", "lost", [], 0.0, "", [], "needs root"),
    ]
    written = page(outcomes, ["one", "two"])
    again = rows_of(written)
    assert [one.name for one in again] == [one.name for one in outcomes]
    assert [one.wrong for one in again] == [one.wrong for one in outcomes]
    assert page(again, ["one", "two"]) == written
