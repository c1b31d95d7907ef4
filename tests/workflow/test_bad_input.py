"""One bad input of each kind; ``benchmarks/bad_input.py`` tries all of them."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from bad_input import make_experiment, try_case
from bad_inputs import KINDS
from bad_inputs.case import Case

QUICK = {
    "trainings": "train, lr.means=1e6",
    "people": "train, a coarse body",
    "models": "train, vae with nan",
    "avatars": "avatar, log_scales: 88",
    "bodies": "body, millimetres",
    "motions": "motion, .npy named .npz",
    "exports": "export ply --pose a --motion walk",
    "configuration": "yaml, ids that are words",
    "text": "list, spreadsheet's quotes",
    "places": "--configfile, not there",
    "workflow": "renders, three mistakes at once",
    "synthesis": "import-prior, a head of junk",
}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_experiment(tmp_path_factory.mktemp("bad") / "template", pictures=False)


def _case(kind: str) -> Case:
    return next(case for case in KINDS[kind] if case.name == QUICK[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_a_bad_input_is_told_and_loses_nothing(kind: str, template: Path, tmp_path: Path) -> None:
    outcome = try_case(_case(kind), template, tmp_path / "copy")
    assert not outcome.wrong, outcome.output
    assert len(outcome.output.splitlines()) <= 3


def test_names_of_cases_are_their_own() -> None:
    for cases in KINDS.values():
        names = [case.name for case in cases]
        assert len(set(names)) == len(names)
