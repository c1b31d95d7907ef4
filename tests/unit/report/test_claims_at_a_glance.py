"""The paper's claims in the report: what was found, and bars that say the same as the numbers."""

from typing import Any

from gaussianmotion.figures.grid import FIGURES
from gaussianmotion.report.tables import ShownTable, is_absent, together
from gaussianmotion.report.verdicts import WIDTH, shown_claims, summary
from gaussianmotion.tables.verdicts.paper_claims import paper_claims


def part(**facts: Any) -> dict[str, Any]:
    return {"part": "fewer holes", "value_name": "holes", "verdict": "undecided", **facts}


def table(*claims: dict[str, Any]) -> ShownTable:
    return ShownTable("verdicts", "Verdicts", [], [], [], {"claims": list(claims)})


def test_an_effect_is_said_with_its_interval_and_drawn_on_its_side_of_the_middle() -> None:
    found = part(
        effect=0.0277,
        low=-0.01,
        high=0.0654,
        matters=0.001,
        unit="%",
        prompts=3,
        pairs=9,
        agreeing=7,
        compared="ours − nearest_vertex",
    )
    (claim,) = shown_claims(
        table({"statement": "S", "verdict": "holds", "figure": "Fig 5", "parts": [found]})
    )
    (shown,) = claim.parts
    assert claim.figure == "fig5"
    assert shown.found == (
        "holes, ours − nearest_vertex: +0.0277 [-0.01, +0.0654] %; would matter from 0.001 %; "
        "N = 3 prompts, as claimed in 7 of 9 pairs of runs"
    )
    assert shown.bar is not None
    assert 0 < shown.bar.low < WIDTH / 2 < shown.bar.matters < shown.bar.effect < shown.bar.high
    assert shown.bar.high < WIDTH


def test_what_has_no_number_says_why_and_has_no_bar() -> None:
    claims = shown_claims(
        table(
            {"statement": "A", "verdict": "undecided", "parts": [part(reason="too few seeds")]},
            {"statement": "B", "verdict": "does not", "parts": []},
            {},  # of a file that was cut short
        )
    )
    assert [(p.found, p.bar) for claim in claims for p in claim.parts] == [("too few seeds", None)]
    assert summary(claims) == "Of 3 claims: 1 not borne out, 2 undecided."


def test_every_claim_of_a_figure_stands_beside_its_picture() -> None:
    judged = table(*({"statement": "S", "figure": claim.figure} for claim in paper_claims()))
    shown = [claim.figure for claim in shown_claims(judged)]
    assert set(shown) <= {"", *FIGURES}
    assert shown.count("fig7") == 2  # of large Gaussians, too


def test_an_effect_of_nothing_is_in_the_middle() -> None:
    (claim,) = shown_claims(table({"parts": [part(effect=0.0, low=0.0, high=0.0)]}))
    bar = claim.parts[0].bar
    assert bar is not None
    assert bar.low == bar.high == bar.effect == WIDTH / 2


def test_cells_break_between_their_numbers_only() -> None:
    assert together("1.0 [0.2, 1.0] (1 / 0 / 2)").split(" ") == [
        "1.0",
        "[0.2,\N{NO-BREAK SPACE}1.0]",
        "(1\N{NO-BREAK SPACE}/\N{NO-BREAK SPACE}0\N{NO-BREAK SPACE}/\N{NO-BREAK SPACE}2)",
    ]
    assert together("78.1, Δ -1.15") == "78.1, Δ\N{NO-BREAK SPACE}-1.15"
    assert is_absent("N too small (N=10)")
    assert not is_absent("0 [0, 0.7935]")
