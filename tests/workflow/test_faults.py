"""A fault of the quick kinds each; ``benchmarks/fault_campaign.py`` does all, at many moments."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from fault_campaign import Campaign
from faults import KINDS
from faults.places import unmount_all

QUICK = {
    "stages": "kill -9 of training",
    "disks": "read-only disk, scoring",
    "files": "the checkpoint is cut short",
    "stores": "the store is a file of garbage",
    "gpus": "SIGTERM of a training that holds a lease",
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


def test_names_of_faults_are_their_own() -> None:
    names = [fault.name for faults in KINDS.values() for fault in faults]
    assert len(set(names)) == len(names)
