"""One bad input of each kind; ``benchmarks/bad_input.py`` tries all of them."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from bad_input import PAGE, make_experiment, try_case
from bad_inputs import KINDS
from bad_inputs.case import Case
from bad_inputs.page import Row, page, rows_of

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


def test_the_page_tells_every_case_and_none_that_is_gone() -> None:
    told = [(row.kind, row.name) for row in rows_of(PAGE.read_text(encoding="utf-8"))]
    # Else: python benchmarks/bad_input.py --only NAME --page
    assert sorted(told) == sorted((kind, case.name) for kind in KINDS for case in KINDS[kind])


def test_a_page_is_read_back_as_it_was_written() -> None:
    rows = [
        Row("places", "a | b", 0, 3, "x: '<TAB>' && y &lt; z", [], []),
        Row("workflow", "c", 1, 0, "", ["a.json", "b.json"], ["a traceback", "lost results"]),
    ]
    assert rows_of(page(rows)) == rows
