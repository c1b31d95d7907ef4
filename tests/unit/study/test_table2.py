"""votes.csv and Table 2: from people's votes, or not at all."""

from pathlib import Path

import pytest
from study_folder import make_study

from gaussianmotion.cli import main
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.study.pairs import PairSet
from gaussianmotion.study.questions import QUESTION_KEYS
from gaussianmotion.study.table2 import preferences, table2
from gaussianmotion.study.votes import COLUMNS, Vote, read_votes, write_votes
from gaussianmotion.tables.files import markdown


def vote(study: PairSet, person: str, pair: int, question: str, side: int) -> Vote:
    chosen = study.pairs[pair]
    return Vote(
        study=study.study,
        person=person,
        pair=chosen.id,
        question=question,
        chosen=chosen.sides[side].system,
        shown_as_a="ours",
        kind=chosen.kind,
        prompt_id=chosen.prompt_id,
        voted_at="2026-01-01T00:00:00+00:00",
        changes="0",
    )


def test_votes_are_counted_by_system_kind_and_question(study: PairSet) -> None:
    votes = [
        vote(study, person, pair, "texture", side=0 if person != "p3" else 1)
        for person in ("p1", "p2", "p3", "p4")
        for pair, shown in enumerate(study.pairs)
        if shown.sides[1].system == "rival"
    ]
    found = {(row.against, row.kind, row.question): row for row in preferences(study, votes)}
    assert {key[0] for key in found} == {"rival"}
    every = found["rival", "all", "texture"]
    assert (every.preferred, every.votes) == (12, 16)
    assert every.people == ("p1", "p2", "p3", "p4")
    # Each person says one thing four times: by hand, the variance over people is 0.0625, that of
    # 3 independent votes, and Student's t of 3 degrees of freedom goes into Wilson's formula.
    assert every.estimate.low == pytest.approx(0.1307, abs=1e-3)
    assert every.estimate.high == pytest.approx(0.9836, abs=1e-3)
    assert found["rival", "animated", "texture"].votes == 8


def test_the_table_says_shares_counts_and_intervals(study: PairSet) -> None:
    votes = [vote(study, "p1", pair, key, 0) for pair in range(8) for key in QUESTION_KEYS]
    table, reason = table2(study, votes, "votes.csv")
    assert reason == ""
    assert "| rival | all | 1 | 100.0 % (4/4) [20.7, 100.0] |" in markdown(table)
    assert set(table.frame["status"]) == {"ok"}
    assert f"study {study.study}: 8 pairs, 1 people, 24 votes" in " ".join(table.notes)


def test_people_who_answered_little_are_counted_and_named(study: PairSet) -> None:
    votes = [vote(study, "p1", pair, key, 0) for pair in range(8) for key in QUESTION_KEYS]
    against = study.pairs[0].sides[1].system
    few = [vote(study, "p2", 0, "geometry", 1), vote(study, "p3", 0, "text", 1)]
    table, _ = table2(study, [*votes, *few], "votes.csv")
    assert "3 people, 26 votes; 1 of the people answered everything" in " ".join(table.notes)
    people = {(row[0], row[1]): row[2] for row in table.rows}
    assert people[against, "all"] == "3"


def test_without_votes_there_is_no_number_but_the_way_to_some(study: PairSet) -> None:
    table, reason = table2(study, None, "results/x/study/votes.csv")
    assert reason.startswith("No votes yet. `gaussianmotion study serve")
    assert table.frame[["preferred", "votes", "share", "low", "high"]].isna().all(axis=None)
    assert "%" not in "".join("".join(row) for row in table.rows)


def test_votes_on_other_pairs_are_not_counted(tmp_path: Path, study: PairSet) -> None:
    old = [vote(study, "p1", 0, "text", 0)]
    now = make_study(tmp_path / "now", count=2)
    table, reason = table2(now, old, "votes.csv")
    assert f"is of study {study.study}" in reason
    assert table.frame["votes"].isna().all()
    both, _ = table2(now, [*old, vote(now, "p1", 0, "text", 0)], "votes.csv")
    assert list(both.frame["votes"]) == [1, 1]
    assert "not counted" in " ".join(both.notes)


def test_what_is_written_is_read_back(tmp_path: Path, study: PairSet) -> None:
    votes = [vote(study, "p1", 0, "text", 0), vote(study, "p1", 0, "texture", 1)]
    write_votes(tmp_path / "votes.csv", votes)
    assert read_votes(tmp_path / "votes.csv", study) == votes


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "has already voted"),
        ({"person": "p2", "pair": "pair-99"}, "has no pair 'pair-99'"),
        ({"person": "p2", "question": "beauty"}, "nobody was asked 'beauty'"),
        ({"person": "p2", "chosen": "tada"}, "'tada' is not in pair-01"),
        ({"person": "p2", "changes": "0,1"}, ""),
    ],
)
def test_a_forged_or_repeated_line_is_named(
    tmp_path: Path, study: PairSet, changes: dict[str, str], said: str
) -> None:
    first = vote(study, "p1", 0, "text", 0)
    second = Vote(**{**first.__dict__, **changes})
    write_votes(tmp_path / "votes.csv", [first, second])
    if not said:
        assert len(read_votes(tmp_path / "votes.csv", study)) == 2
        return
    with pytest.raises(UserError, match=f"line 3: .*{said}"):
        read_votes(tmp_path / "votes.csv", study)


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", ",".join(COLUMNS) + "\n1,2\n", "\udcff"])
def test_what_is_no_votes_file_is_refused(tmp_path: Path, study: PairSet, text: str) -> None:
    path = tmp_path / "votes.csv"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(UserError, match=r"votes\.csv"):
        read_votes(path, study)


def test_the_commands_make_pairs_and_a_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_study(tmp_path)
    settings = ["--settings", '{"study": {"pairs": 3}}']
    assert main(["study", "pairs", *settings, "--experiment", str(tmp_path)]) == 0
    assert main(["study", "table", "--experiment", str(tmp_path)]) == 0
    said = capsys.readouterr().err
    assert "3 pairs" in said
    assert "No votes yet" in said
    for kind in ("csv", "md", "tex", "json"):
        assert (tmp_path / f"tables/table2.{kind}").stat().st_size > 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["serve"], "give --experiment FOLDER, or --pairs"),
        (["serve", "--experiment", "nowhere"], "no folder nowhere"),
        (["serve", "--pairs", "none.json"], "no such file"),
        (["serve", "--experiment", ".", "--host", "no.such.host."], "cannot listen"),
        (["export", "--experiment", "."], "study serve` makes it"),
        (["table", "--experiment", ".", "--votes", "none.csv"], "study export` writes it"),
    ],
)
def test_a_mistake_is_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    make_study(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main(["study", *arguments]) == 2
    error = capsys.readouterr().err
    assert said in error.splitlines()[-1]
