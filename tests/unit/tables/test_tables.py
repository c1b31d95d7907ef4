"""Tables of score files whose numbers are known."""

import json
import re
from pathlib import Path

import pandas as pd
import pytest
from scored_experiment import (
    config_of,
    write_alone,
    write_baseline,
    write_pooled,
    write_prompts,
)

from gaussianmotion.config.stages import TablesSettings
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.tables.ablations import ablations_table
from gaussianmotion.tables.collect import collect
from gaussianmotion.tables.columns import COLUMNS, measured_columns, read_scores
from gaussianmotion.tables.files import number, tex, write_table
from gaussianmotion.tables.table1 import table1
from gaussianmotion.tables.win_rate import win_rate_table

PROMPTS = ["ann", "bob", "eve", "joe"]


def experiment(root: Path) -> TablesSettings:
    """`ours` for four prompts, `ours` and `sds` for the first two with two seeds, one baseline."""
    config = config_of(
        ablation={"variants": ["ours", "sds"], "prompts": PROMPTS[:2], "seeds": [0, 1]},
        baselines={"HumanGaussian": "renders"},
    )
    write_prompts(root, PROMPTS)
    for place, prompt in enumerate(PROMPTS):
        for seed in (0, 1) if place < 2 else (0,):
            base = 10.0 * place + seed
            write_alone(root, "alignment", "ours", prompt, seed, alignment=base)
            write_alone(root, "geometry", "ours", prompt, seed, silhouette_iou=0.9, noise=2.0)
            if place < 2:
                write_alone(root, "alignment", "sds", prompt, seed, alignment=base - 1.0 - place)
                write_alone(root, "geometry", "sds", prompt, seed, silhouette_iou=0.9, noise=3.0)
        write_baseline(root, "HumanGaussian", prompt, "alignment", alignment=10.0 * place)
    write_pooled(root, "ours", 0, 40, frechet=50.0, kernel=5.0)
    write_pooled(root, "ours", 1, 20, frechet=70.0, kernel=7.0)
    write_pooled(root, "sds", 0, 20, frechet=80.0, kernel=8.0)
    write_pooled(root, "sds", 1, 20, frechet=76.0, kernel=7.5)
    write_baseline(root, "HumanGaussian", "", "features")
    return config


@pytest.fixture
def scored(tmp_path: Path) -> tuple[TablesSettings, pd.DataFrame]:
    root = tmp_path / "results/small"
    config = experiment(root)
    collect(config, root, root / "tables/scores.csv")
    return config, read_scores(root / "tables/scores.csv")


def test_every_value_of_every_score_is_one_row(scored) -> None:
    _, frame = scored
    assert tuple(frame.columns) == COLUMNS
    assert len(frame[frame["score"] == "geometry"]) == 2 * (6 + 4)
    row = frame[(frame["variant"] == "sds") & (frame["prompt"] == "bob") & (frame["seed"] == 1)]
    row = row[row["score"] == "alignment"].iloc[0]
    assert row["value"] == 9.0
    assert (row["protocol"], row["model"], row["n"]) == ("alignment-1", "test", 1)
    assert (row["better"], row["status"], row["kind"]) == ("higher", "ok", "variant")


def test_tables_speak_of_what_is_in_the_experiment_only(scored) -> None:
    config, frame = scored
    ablation = {"variants": [], "prompts": ["of-another-list"]}
    other = TablesSettings.model_validate({"ablation": ablation}).ablation
    without = config.model_copy(update={"ablation": other})
    table = ablations_table(frame, without)
    assert (table.rows, len(table.notes)) == ([], 1)
    assert "of-another-list" not in " ".join(table.notes)
    assert not [note for note in table1(frame, without).notes if "brackets" in note]
    assert [note for note in table1(frame, config).notes if "brackets" in note]


def test_a_number_of_a_part_of_the_prompt_has_a_note_in_every_table(scored) -> None:
    config, frame = scored
    reason = "only the first 24 of the prompt's 60 words are scored"
    cut = (frame["score"] == "alignment") & (frame["prompt"] == "bob")
    frame.loc[cut, "reason"] = reason
    for make in (table1, ablations_table, win_rate_table):
        assert [n for n in make(frame, config).notes if reason in n] == [
            f"alignment of bob: {reason}."
        ]


def test_a_score_without_numbers_keeps_its_reason(scored) -> None:
    _, frame = scored
    row = frame[frame["status"] == "too few"].iloc[0]
    assert (row["variant"], row["reason"]) == (
        "HumanGaussian",
        "1 pictures; at least 20 are needed",
    )
    assert pd.isna(row["value"])


def test_scores_of_two_protocols_are_never_put_into_one_column(tmp_path: Path) -> None:
    config = experiment(tmp_path)
    path = tmp_path / "sds/ann/1/scores/geometry.json"
    path.write_text(path.read_text().replace("geometry-1", "geometry-2"))
    with pytest.raises(UserError, match=r"is of geometry-1 and .*sds/ann/1.* of geometry-2, which"):
        collect(config, tmp_path, tmp_path / "scores.csv")
    assert not (tmp_path / "scores.csv").exists()


def test_a_lost_score_is_noticed(tmp_path: Path) -> None:
    config = experiment(tmp_path)
    (tmp_path / "sds/ann/1/scores/geometry.json").unlink()
    with pytest.raises(UserError, match=r"sds/ann/1/scores/geometry.json: no such score"):
        collect(config, tmp_path, tmp_path / "scores.csv")
    assert not (tmp_path / "scores.csv").exists()


@pytest.mark.parametrize(
    "text",
    ["", "variant,value\nours,1\n", f"{','.join(COLUMNS)}\n{'x,' * 10}many,,,,,ok,\n"],
    ids=["empty", "another version", "no number"],
)
def test_scores_of_another_version_and_damaged_ones_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "scores.csv").write_text(text)
    with pytest.raises(UserError, match="make it again with the rule collect"):
        read_scores(tmp_path / "scores.csv")


def test_table_1_has_the_papers_rows_and_no_number_from_elsewhere(scored) -> None:
    config, frame = scored
    table = table1(frame, config)
    rows = {row[0]: row[1:] for row in table.rows}
    assert list(rows) == [
        "DreamHuman",
        "TADA",
        "HumanNorm",
        "HumanGaussian",
        "Ours",
        "(sds)",
    ]
    for system in ("DreamHuman", "TADA", "HumanNorm"):
        assert set(rows[system]) == {"not provided"}
        assert not re.search(r"\d", "".join(rows[system]))
    assert table.headings == ["system", "alignment ↑", "frechet ↓", "kernel ↓"]


def test_table_1s_numbers_carry_n_and_interval(scored) -> None:
    config, frame = scored
    rows = {row[0]: row[1:] for row in table1(frame, config).rows}
    # The main grid's seed of 0, 10, 20, 30, standard deviation 12.910; 15 -+ 3.18245 * 12.910 / 2.
    # The ablations' other seeds would let some prompts count more.
    assert rows["Ours"][0] == "15.00 [-5.543, 35.54] (N=4)"
    # Of the pooled ones the seed over all prompts, with the score's own interval.
    assert rows["Ours"][1] == "50.00 [49.00, 51.00] (N=40)"
    # Two seeds over the ablations' prompts: their mean.
    assert rows["(sds)"][1] == "78.00 [77.00, 79.00] (N=20)"
    assert rows["HumanGaussian"][0].endswith("(N=4)")
    assert rows["HumanGaussian"][1] == "N too small (N=1)"


def test_ablations_are_paired_with_ours_over_the_same_prompts_and_seeds(scored) -> None:
    config, frame = scored
    records = ablations_table(frame, config).frame.set_index(["variant", "value_name"])
    ours, sds = records.loc[("ours", "alignment")], records.loc[("sds", "alignment")]
    assert (ours["mean"], ours["runs"], ours["clusters"]) == (5.5, 4, 2)
    assert pd.isna(ours["difference"])
    # Differences of the prompts -1 and -2; t of one degree of freedom is 12.7062.
    assert sds["difference"] == pytest.approx(-1.5)
    assert sds["difference_low"] == pytest.approx(-1.5 - 12.7062 / 2, abs=1e-3)
    assert sds["pairs"] == 4


def test_distances_of_different_n_are_never_compared(scored) -> None:
    config, frame = scored
    records = ablations_table(frame, config).frame.set_index(["variant", "value_name"])
    ours, sds = records.loc[("ours", "frechet")], records.loc[("sds", "frechet")]
    assert (ours["mean"], ours["n"]) == (70.0, 20)  # not the seed that is pooled over 40
    assert (sds["difference"], sds["pairs"]) == (6.0, 1)
    assert (sds["n"], sds["runs"]) == (20, 2)  # two distances, each of 20 pictures


def test_a_distance_of_another_n_is_not_called_unmeasured(tmp_path: Path) -> None:
    config = config_of(
        ablation={"variants": ["ours", "sds"], "prompts": ["ann"], "seeds": [0]},
        scores={"names": ["features"]},
    )
    write_prompts(tmp_path, PROMPTS)
    write_pooled(tmp_path, "ours", 0, 40, kernel=5.0)
    write_pooled(tmp_path, "sds", 0, 10)
    collect(config, tmp_path, tmp_path / "scores.csv")
    table = ablations_table(read_scores(tmp_path / "scores.csv"), config)
    assert table.rows == [
        ["ours", "not measured in these prompts and seeds"],
        ["sds", "N too small (N=10)"],
    ]
    assert "1 prompt (ann), 1 seed (0). " in table.notes[0]


def test_the_ablations_say_of_how_many_pictures_each_number_is(scored) -> None:
    config, frame = scored
    lost = (frame["variant"] == "sds") & (frame["prompt"] == "bob") & (frame["seed"] == 1)
    table = ablations_table(frame[~(lost & (frame["score"] == "alignment"))], config)
    rows = {row[0]: row[1:] for row in table.rows}
    assert "alignment: alignment, a model for tests, protocol alignment-1, N=4." in table.notes
    assert "(N=" not in rows["ours"][0]
    assert " (N=3), Δ " in rows["sds"][0]
    assert "2 prompts (ann, bob), 2 seeds (0, 1)." in table.notes[0]


def test_a_value_that_nobody_has_is_missed_aloud(tmp_path: Path) -> None:
    config = config_of(scores={"names": ["alignment", "features"]}, baselines={"TADA": "renders"})
    write_prompts(tmp_path, ["ann"])
    write_alone(tmp_path, "alignment", "ours", "ann", 0, alignment=2.0)
    write_pooled(tmp_path, "ours", 0, 10)
    write_baseline(tmp_path, "TADA", "ann", "alignment")
    write_baseline(tmp_path, "TADA", "", "features")
    collect(config, tmp_path, tmp_path / "scores.csv")
    frame = read_scores(tmp_path / "scores.csv")
    table = table1(frame, config)
    assert table.headings == ["system", "alignment ↑"]
    assert any(note.startswith("No frechet and kernel: 10 pictures") for note in table.notes)
    # Of one run's score the reason is its own: there is no N that could be larger.
    assert dict(table.rows)["TADA"] == "1 pictures; at least 20 are needed"


def test_wins_ties_and_losses_are_counted_by_prompt(tmp_path: Path) -> None:
    config = config_of(
        variants=["ours", "sds"],
        scores={"names": ["alignment", "geometry"]},
        baselines={"TADA": "renders"},
    )
    write_prompts(tmp_path, PROMPTS)
    theirs = dict(zip(PROMPTS, [1.0, 2.0, 4.0, 1.0], strict=True))
    for prompt in PROMPTS:
        write_alone(tmp_path, "alignment", "ours", prompt, 0, alignment=2.0)
        write_alone(tmp_path, "alignment", "sds", prompt, 0, alignment=theirs[prompt])
        write_alone(tmp_path, "geometry", "ours", prompt, 0, noise=1.0)
        write_alone(tmp_path, "geometry", "sds", prompt, 0, noise=1.0)
        write_baseline(tmp_path, "TADA", prompt, "alignment", alignment=3.0)
    collect(config, tmp_path, tmp_path / "scores.csv")
    frame = win_rate_table(read_scores(tmp_path / "scores.csv"), config).frame
    frame = frame.set_index(["opponent", "value_name"])
    sds = frame.loc[("sds", "alignment")]
    assert (sds["wins"], sds["ties"], sds["losses"]) == (2, 1, 1)
    assert sds["rate"] == pytest.approx(2 / 3)
    assert 0.0 < sds["low"] < 2 / 3 < sds["high"] < 1.0
    assert frame.loc[("sds", "noise"), "reason"] == "ties only"
    tada = frame.loc[("TADA", "alignment")]
    assert (tada["wins"], tada["losses"], tada["rate"]) == (0, 4, 0.0)
    assert frame.loc[("HumanNorm", "alignment"), "reason"] == "not provided"


def test_lower_is_better_where_the_score_says_so(tmp_path: Path) -> None:
    config = config_of(variants=["ours", "sds"], scores={"names": ["geometry"]})
    write_prompts(tmp_path, ["ann"])
    write_alone(tmp_path, "geometry", "ours", "ann", 0, noise=1.0)
    write_alone(tmp_path, "geometry", "sds", "ann", 0, noise=2.0)
    collect(config, tmp_path, tmp_path / "scores.csv")
    frame = win_rate_table(read_scores(tmp_path / "scores.csv"), config).frame
    assert frame.loc[frame["opponent"] == "sds", "wins"].item() == 1


def test_a_score_that_is_not_configured_makes_an_empty_table(tmp_path: Path) -> None:
    config = config_of(scores={"names": []})
    write_prompts(tmp_path, ["ann"])
    collect(config, tmp_path, tmp_path / "scores.csv")
    frame = read_scores(tmp_path / "scores.csv")
    assert measured_columns(frame, []) == []
    for table in (table1(frame, config), win_rate_table(frame, config)):
        write_table(table, tmp_path / "table.csv")
    assert (tmp_path / "table.md").read_text().startswith("**")


def test_a_table_is_written_in_four_formats(scored, tmp_path: Path) -> None:
    config, frame = scored
    write_table(table1(frame, config), tmp_path / "table1.csv")
    written = pd.read_csv(tmp_path / "table1.csv")
    assert {"system", "value", "low", "high", "n", "protocol"} <= set(written.columns)
    markdown = (tmp_path / "table1.md").read_text()
    assert "| Ours | 15.00 [-5.543, 35.54] (N=4) |" in markdown
    assert "alignment, a model for tests, protocol alignment-1" in markdown
    latex = (tmp_path / "table1.tex").read_text()
    assert r"alignment $\uparrow$" in latex
    assert latex.count(r"\\") == 1 + 6
    assert json.loads((tmp_path / "table1.json").read_text())["rows"][0][0] == "DreamHuman"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.81234, "0.8123"),
        (24.126, "24.13"),
        (203.94, "203.9"),
        (-1.5, "-1.500"),
        (0.00012345, "0.0001234"),
        (1.2e-7, "1.20e-07"),
        (12000.4, "12000"),
    ],
)
def test_numbers_have_four_digits(value: float, text: str) -> None:
    assert number(value) == text


def test_latex_gets_no_raw_special_character() -> None:
    assert tex("50 % of a_b & {c} ↑") == r"50 \% of a\_b \& \{c\} $\uparrow$"
    assert tex("Δ [ΔE]").isascii()


def test_a_score_of_one_prompts_pictures_is_paired_in_table_1(tmp_path: Path) -> None:
    root = tmp_path / "results/small"
    config = config_of(scores={"names": ["hps"]}, baselines={"HumanGaussian": "renders"}, seeds=[0])
    write_prompts(root, PROMPTS)
    for place, prompt in enumerate(PROMPTS):
        # Prompts differ by more than systems do.
        write_alone(root, "hps", "ours", prompt, 0, hpsv2=0.2 + 0.03 * place)
        write_baseline(root, "HumanGaussian", prompt, "hps", hpsv2=0.19 + 0.03 * place)
    collect(config, root, root / "scores.csv")
    table = table1(read_scores(root / "scores.csv"), config)
    rows = {row[0]: row[1:] for row in table.rows}
    assert table.headings[2] == "Δ hpsv2, ours paired"
    assert rows["HumanGaussian"][1] == "-0.01000 [-0.01000, -0.01000]"
    assert rows["Ours"][1] == rows["TADA"][1] == ""
    assert any("prompt by prompt" in note for note in table.notes)
    record = table.frame.set_index("system").loc["HumanGaussian"]
    assert record["difference"] == pytest.approx(-0.01)


def test_what_distances_are_to_and_their_bias_are_said(scored) -> None:
    config, frame = scored
    posed = config.model_copy(
        update={"reference": config.reference.model_copy(update={"pose": "a", "suffix": "white"})}
    )
    for table in (table1(frame, config), ablations_table(frame, config)):
        notes = "\n".join(table.notes)
        assert "without a pose, as the paper's." in notes
        assert "frechet: biased upward, the more so the fewer pictures" in notes
    notes = "\n".join(table1(frame, posed).notes)
    assert "of each prompt with the words 'white' added, " in notes
    assert "posed (a), unlike the paper's." in notes


def test_another_systems_picture_meets_one_of_ours(tmp_path: Path) -> None:
    root = tmp_path / "results/small"
    scores = {"names": ["alignment", "geometry"]}
    config = config_of(scores=scores, baselines={"HumanGaussian": "renders"}, seeds=[0, 1, 2])
    write_prompts(root, ["ann"])
    # Ours is better in seed 0, not on average.
    for seed, value in enumerate((5.0, 1.0, 1.0)):
        write_alone(root, "alignment", "ours", "ann", seed, alignment=value)
        write_alone(root, "geometry", "ours", "ann", seed, silhouette_iou=0.9)
    write_baseline(root, "HumanGaussian", "ann", "alignment", alignment=4.0)
    collect(config, root, root / "scores.csv")
    frame = win_rate_table(read_scores(root / "scores.csv"), config).frame
    duels = frame[frame["opponent"] == "HumanGaussian"].set_index("score")
    assert (duels.loc["alignment", "wins"], duels.loc["alignment", "losses"]) == (1, 0)
    assert duels.loc["geometry", "reason"] == "needs the avatar itself"
