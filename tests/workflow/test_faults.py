"""A fault of the quick kinds each; ``benchmarks/fault_campaign.py`` does all, at many moments."""

import inspect
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from fault_campaign import Campaign
from faults import KINDS, gpus
from faults.page import Outcome, page, rows_of
from faults.places import unmount_all

from gaussianmotion.runtime import gpu, nvidia

QUICK = {
    "stages": "kill -9 of training",
    "disks": "read-only disk, scoring",
    "files": "the checkpoint is cut short",
    "workflow": "kill -9 of snakemake and its jobs, train runs",
}


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campaign]:
    folder = tmp_path_factory.mktemp("faults")
    here = Path.cwd()
    yield Campaign(folder, moments=1)
    os.chdir(here)
    unmount_all(folder)


@pytest.mark.parametrize("kind", QUICK)
def test_a_fault_loses_nothing_and_a_second_run_ends_as_an_undisturbed_one(
    kind: str, campaign: Campaign
) -> None:
    fault = next(one for one in KINDS[kind] if one.name == QUICK[kind])
    outcome = campaign.tried(kind, fault)
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
