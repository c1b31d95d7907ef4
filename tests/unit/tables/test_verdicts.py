"""The rule of the verdicts, on numbers where the claim holds, does not, and cannot be decided."""

import itertools
import json
from pathlib import Path

import pytest
from scored_experiment import Number, config_of, write_alone, write_prompts

from gaussianmotion.config.file import load_variants
from gaussianmotion.config.stages import TablesSettings
from gaussianmotion.tables.collect import collect
from gaussianmotion.tables.columns import read_scores
from gaussianmotion.tables.files import Table
from gaussianmotion.tables.verdicts.as_trained import verdicts_of
from gaussianmotion.tables.verdicts.paper_claims import CLAIMS, TAUS, Claim, Part, between, slope
from gaussianmotion.tables.verdicts.rule import imbalance, judge
from gaussianmotion.tables.verdicts.table import compared, verdicts_table

REPOSITORY = Path(__file__).parents[3]
DIFFERENCE = Part("sharper", "geometry", ("sharpness",), {"a": 1.0, "b": -1.0})
CELLS = list(itertools.product(("ann", "bob", "eve"), (0, 1, 2)))


def values(number: Number, variants: tuple[str, ...] = ("a", "b"), cells=CELLS):
    return {v: {cell: number(v, *cell) for cell in cells} for v in variants}


def wobble(prompt: str, seed: int) -> float:
    """The same for all variants: what pairing takes out."""
    return {"ann": -3.0, "bob": 0.0, "eve": 5.0}[prompt] + 0.7 * seed


def test_a_clear_effect_holds_however_different_the_prompts_are() -> None:
    extra = {"ann": 0.9, "bob": 1.0, "eve": 1.1}
    found = judge(
        DIFFERENCE,
        values(lambda v, p, s: 10.0 + wobble(p, s) + (extra[p] if v == "a" else 0.0)),
    )
    assert found.verdict == "holds"
    assert found.effect is not None
    assert found.effect.value == pytest.approx(1.0)
    # Prompts' differences 0.9, 1.0, 1.1: half width 4.3027 * 0.1 / sqrt(3).
    assert found.effect.low == pytest.approx(1.0 - 0.248414, abs=1e-5)
    assert (len(found.pairs), found.agreeing, found.effect.clusters) == (9, 9, 3)


def test_the_opposite_effect_does_not_hold() -> None:
    found = judge(DIFFERENCE, values(lambda v, p, s: 10.0 + wobble(p, s) - (v == "a")))
    assert found.verdict == "does not"
    assert found.agreeing == 0


def test_an_effect_too_small_to_matter_does_not_hold() -> None:
    # Differences of +-0.01 about 0 on values of 10, where 0.2 would matter.
    tiny = {"ann": 0.01, "bob": 0.0, "eve": -0.01}
    found = judge(DIFFERENCE, values(lambda v, p, s: 10.0 + (tiny[p] if v == "a" else 0.0)))
    assert found.verdict == "does not"
    assert found.matters == pytest.approx(0.2)


def test_identical_variants_do_not_hold() -> None:
    assert judge(DIFFERENCE, values(lambda v, p, s: wobble(p, s) + 10.0)).verdict == "does not"


def test_an_effect_that_changes_with_the_prompt_is_undecided() -> None:
    extra = {"ann": 3.0, "bob": -1.0, "eve": 2.0}
    found = judge(DIFFERENCE, values(lambda v, p, s: 10.0 + (extra[p] if v == "a" else 0.0)))
    assert found.verdict == "undecided"
    assert found.effect is not None


def test_the_sign_turns_the_claim_around() -> None:
    fewer = Part("fewer", "geometry", ("holes",), {"a": 1.0, "b": -1.0}, -1.0)
    assert judge(fewer, values(lambda v, p, s: 10.0 - (v == "a"))).verdict == "holds"


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (list(itertools.product(("ann", "bob", "eve"), (0,))), "too few seeds (1 of 3)"),
        (list(itertools.product(("ann", "bob", "eve"), (0, 1))), "too few seeds (2 of 3)"),
        (list(itertools.product(("ann", "bob"), (0, 1, 2))), "too few prompts (2 of 3)"),
    ],
)
def test_too_little_data_is_undecided_whatever_it_says(cells, reason: str) -> None:
    found = judge(DIFFERENCE, values(lambda v, p, s: 10.0 * (v == "a"), cells=cells))
    assert (found.verdict, found.reason, found.effect) == ("undecided", reason, None)


def test_only_seeds_that_all_variants_have_count() -> None:
    made = values(lambda v, p, s: 10.0 * (v == "a"))
    del made["b"]["ann", 2]
    assert judge(DIFFERENCE, made).reason == "too few prompts (2 of 3)"


def test_a_variant_that_was_not_run_is_named() -> None:
    found = judge(DIFFERENCE, values(lambda v, p, s: 1.0, variants=("a",)))
    assert (found.verdict, found.reason) == ("undecided", "no measured runs of b")


def test_the_slope_over_tau_is_the_change_from_end_to_end() -> None:
    line = {variant: 2.0 + 0.01 * int(variant[4:]) for variant in slope(TAUS)}
    assert sum(slope(TAUS)[v] * line[v] for v in line) == pytest.approx(4.0)
    assert sum(slope(TAUS).values()) == pytest.approx(0.0)
    assert sum(between(TAUS).values()) == pytest.approx(0.0)


def test_the_slope_is_over_what_was_trained_whatever_variants_are_called(tmp_path: Path) -> None:
    tau_experiment(tmp_path, lambda x: (5.0 * x, -5.0 * x))
    frame = read_scores(tmp_path / "scores.csv")
    for variant, tau in {**TAUS, "tau_100": 450.0}.items():
        run = tmp_path / variant / "ann/0"
        run.mkdir(parents=True, exist_ok=True)
        facts = {"config": {"train": {"score": {"tau": tau}}}}
        (run / "run.json").write_text(json.dumps(facts))
    table = verdicts_of(frame, TablesSettings(), tmp_path)
    assert "tau_100 was trained with tau = 450." in table.notes
    (row,) = [row[0] for row in table.rows if row[0].startswith("– less of both in between")]
    assert "in between (300, 400, 450) than at the ends" in row
    assert "mean of tau_200, tau_500 − mean of tau_100, tau_300, tau_400" in row
    stale = tmp_path / "tau_100/a-removed/0"
    stale.mkdir(parents=True)
    (stale / "run.json").write_text(json.dumps({"config": {"train": {"score": {"tau": 100.0}}}}))
    assert verdicts_of(frame, TablesSettings(), tmp_path).notes == table.notes
    elsewhere = verdicts_of(frame, TablesSettings(), tmp_path / "elsewhere")
    assert elsewhere.rows == verdicts_table(frame).rows


def test_variants_that_were_trained_alike_decide_nothing() -> None:
    alike = dict.fromkeys(TAUS, 100.0)
    for weights in (slope(alike), between(alike)):
        assert set(weights.values()) == {0.0}
        found = judge(Part("", "geometry", ("noise",), weights), values(lambda v, p, s: 1.0))
        assert (found.verdict, found.reason) == (
            "undecided",
            "the compared variants were trained alike",
        )


def test_a_straight_trade_has_the_same_imbalance_everywhere() -> None:
    noise = {f"tau_{t}": {("ann", 0): 1.0 * t} for t in (100, 200, 300, 400, 500)}
    saturation = {f"tau_{t}": {("ann", 0): 900.0 - t} for t in (100, 200, 300, 400, 500)}
    found = imbalance(noise, saturation)
    assert [found[variant]["ann", 0] for variant in noise] == pytest.approx([1.0] * 5)


def tau_experiment(root: Path, number) -> Table:
    config = config_of(variants=list(slope(TAUS)), seeds=[0, 1, 2], scores={"names": ["geometry"]})
    write_prompts(root, ["ann", "bob", "eve"])
    for variant, (prompt, seed) in itertools.product(slope(TAUS), CELLS):
        share = (int(variant[4:]) - 100) / 400
        noise, saturation = number(share)
        offset = 10.0 + wobble(prompt, seed)
        jitter = 0.01 * {"ann": 0, "bob": 1, "eve": -1}[prompt] * share
        write_alone(
            root, "geometry", variant, prompt, seed,
            noise=offset + noise + jitter, saturation=offset + saturation - jitter,
        )  # fmt: skip
    collect(config, root, root / "scores.csv")
    return verdicts_table(read_scores(root / "scores.csv"))


def claim_of(table: Table, name: str) -> dict:
    return next(claim for claim in table.facts["claims"] if claim["id"] == name)


def test_tau_holds_where_both_ends_are_worse(tmp_path: Path) -> None:
    # Noise rises late, saturation falls early: the middle has little of both.
    table = tau_experiment(tmp_path, lambda x: (5.0 * x**3, 5.0 * (1.0 - x) ** 3))
    claim = claim_of(table, "tau")
    assert [part["verdict"] for part in claim["parts"]] == ["holds"] * 3
    assert claim["verdict"] == "holds"


def test_tau_does_not_hold_where_the_middle_is_worst(tmp_path: Path) -> None:
    # Noise rises early and saturation falls late: both evils in the middle.
    table = tau_experiment(tmp_path, lambda x: (5.0 * x**0.3, 5.0 * (1.0 - x) ** 0.3))
    claim = claim_of(table, "tau")
    assert [part["verdict"] for part in claim["parts"]] == ["holds", "holds", "does not"]
    assert claim["verdict"] == "does not"


def test_what_was_not_measured_is_said(tmp_path: Path) -> None:
    table = tau_experiment(tmp_path, lambda x: (x, 1.0 - x))
    claim = claim_of(table, "pose_guidance")
    assert claim["verdict"] == "undecided"
    assert claim["parts"][0]["reason"] == "pose.pck was not measured"
    at = [row[0] for row in table.rows].index(
        "Pose guidance gives the right pose and orientation (Fig 5)"
    )
    assert table.rows[at][1:] == ["undecided", "", "", ""]
    assert table.rows[at + 1] == [
        "– more joints where they were asked for: pck, ours − no_pose_guidance",
        *("undecided", "pose.pck was not measured", "", ""),
    ]


def test_a_row_says_what_was_compared_how_large_it_is_and_in_how_many_runs(tmp_path: Path) -> None:
    table = tau_experiment(tmp_path, lambda x: (5.0 * x, 5.0 - 5.0 * x))
    at = next(place for place, row in enumerate(table.rows) if row[0].startswith("A higher tau"))
    noise, balance = table.rows[at + 1], table.rows[at + 3]
    # A line from 0 to 5, with jitter of the prompts 0, 0.01 and -0.01 at its end; the mean size is
    # 10 + 2.5 and the wobble's mean, 2 / 3 + 0.7.
    assert noise == [
        "– noise grows with tau: noise, 0.8 tau_500 + 0.4 tau_400 − 0.4 tau_200 − 0.8 tau_100",
        *("holds", "+5.000 [4.975, 5.025]", "0.2773", "9 of 9 in 3 prompts"),
    ]
    assert balance[0].endswith(
        "imbalance of noise and saturation, mean of tau_100, tau_500 − mean of tau_200, tau_300, "
        "tau_400"
    )
    assert table.rows[at][1] == "does not hold"
    assert "Measured in 3 prompts (ann, bob, eve) with 3 seeds (0, 1, 2)." in table.notes


def test_only_the_tau_that_were_not_run_are_named() -> None:
    balance = next(part for claim in CLAIMS for part in claim.parts if part.how == "imbalance")
    ran = values(lambda v, p, s: 1.0, variants=("tau_100", "tau_200", "tau_300", "tau_400"))
    assert judge(balance, ran, ran).reason == "no measured runs of tau_500"


def test_what_is_compared_is_said_the_way_it_is_claimed() -> None:
    texts = {compared(part) for claim in CLAIMS for part in claim.parts}
    assert "nearest_vertex − ours" in texts  # fewer holes
    assert "scale_reg − mean of prune_0.02, prune_0.01" in texts


def test_one_part_that_does_not_hold_fells_the_claim(tmp_path: Path) -> None:
    parts = (
        Part("up", "geometry", ("noise",), slope(TAUS)),
        Part("up, too", "geometry", ("saturation",), slope(TAUS)),
    )
    tau_experiment(tmp_path, lambda x: (5.0 * x, -5.0 * x))
    frame = read_scores(tmp_path / "scores.csv")
    table = verdicts_table(frame, claims=(Claim("c", "", "Both rise.", parts),))
    assert claim_of(table, "c")["verdict"] == "does not"


def test_the_papers_claims_name_variants_that_exist() -> None:
    variants = load_variants(REPOSITORY / "config/variants.yaml")
    for claim in CLAIMS:
        for part in claim.parts:
            assert set(part.weights) <= set(variants), claim.id
            assert sum(part.weights.values()) == pytest.approx(0.0)


def test_claims_on_large_gaussians_are_judged_where_those_were_trained(tmp_path: Path) -> None:
    table = tau_experiment(tmp_path, lambda x: (x, 1.0 - x))
    assert not any("come to be large" in row[0] for row in table.rows)
    frame = read_scores(tmp_path / "scores.csv")
    for tau, name in (("tau_100", "coarse_prune_0.1"), ("tau_500", "coarse_scale_reg")):
        frame.loc[frame["variant"] == tau, "variant"] = name
    rows = [row for row in verdicts_table(frame).rows if "coarse_" in row[0]]
    assert [row[0].split(": ")[1] for row in rows] == [
        "sharpness, coarse_scale_reg − coarse_prune_0.1",
        "silhouette_iou, coarse_scale_reg − mean of coarse_prune_0.02, coarse_prune_0.01",
    ]


def test_where_one_tau_is_best_in_both_nothing_is_traded(tmp_path: Path) -> None:
    table = tau_experiment(tmp_path, lambda x: (5.0 * x, 5.0 * x))
    said = "One variant has the least noise and saturation at once in 9 of 9 pairs (tau_100 in 9)"
    assert any(note.startswith(said) for note in table.notes)
    traded = tau_experiment(tmp_path, lambda x: (5.0 * x, 5.0 - 5.0 * x))
    assert not any(note.startswith("One variant") for note in traded.notes)


def test_variants_that_no_run_tells_apart_are_named(tmp_path: Path) -> None:
    # From tau = 300 on nothing changes any more.
    table = tau_experiment(tmp_path, lambda x: (max(x, 0.5), 1.0 - max(x, 0.5)))
    frame = read_scores(tmp_path / "scores.csv")
    frame.loc[frame["variant"].isin(["tau_400", "tau_500"]), "value"] = (
        frame.loc[frame["variant"] == "tau_300", "value"].tolist() * 2
    )
    notes = " ".join(verdicts_table(frame).notes)
    for one, other in (("tau_300", "tau_400"), ("tau_300", "tau_500"), ("tau_400", "tau_500")):
        assert f"{one} and {other} gave the same numbers in all runs" in notes
    assert "tau_100 and" not in notes
    assert "the same numbers" not in " ".join(table.notes)  # prompts' jitter differs there


def test_the_verdicts_say_what_they_are_about(tmp_path: Path) -> None:
    tau_experiment(tmp_path, lambda x: (x, 1.0 - x))
    frame = read_scores(tmp_path / "scores.csv")
    config = config_of(train={"steps": 7, "batch": 1, "size": 64})
    said = "for 7 steps of 1 view at 64 px"
    assert any(said in note for note in verdicts_table(frame, config).notes)


def test_claims_that_are_not_the_papers_say_so(tmp_path: Path) -> None:
    rows = [row[0] for row in tau_experiment(tmp_path, lambda x: (x, 1.0 - x)).rows]
    assert sum(row.endswith("(not ablated in the paper)") for row in rows) == 2
