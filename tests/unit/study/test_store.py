"""Votes: one for each person, pair and question, whatever happens."""

import random
import threading
from collections import Counter
from pathlib import Path

import pytest
from study_folder import make_study

from gaussianmotion.cli import main
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.study.pairs import PairSet
from gaussianmotion.study.questions import QUESTION_KEYS
from gaussianmotion.study.store import Store, UnknownTrial
from gaussianmotion.study.trials import draw_trials
from gaussianmotion.study.votes import database_studies, database_votes

PEOPLE = 20


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of either kind."""
    if request.param == "sqlite":
        return str(tmp_path / "study/votes.db")
    return request.getfixturevalue("postgresql")


def join(store: Store, study: PairSet) -> int:
    pairs = study.pairs
    token = store.join([pair.id for pair in pairs], [pair.sides[1].system for pair in pairs])
    person = store.person(token)
    assert person is not None
    return person


def test_a_second_vote_replaces_the_first(study: PairSet, url: str) -> None:
    store = Store(url, study)
    person = join(store, study)
    for choice in ("a", "a", "b", "a"):
        store.vote(person, 1, "geometry", choice)
    store.close()
    pair = store.trials(person)[0]
    assert pair.answers == {"geometry": "a"}
    votes = [vote for vote in database_votes(url, study) if vote.chosen == vote.shown_as_a]
    # The same answer twice is one answer; two changes were real.
    assert [(vote.pair, vote.question, vote.changes) for vote in votes][-1:] == [
        (pair.pair, "geometry", "2")
    ]
    store.close()


def test_what_a_and_b_are_is_resolved_by_the_store(study: PairSet, store: Store) -> None:
    person = join(store, study)
    for trial in store.trials(person):
        store.vote(person, trial.position, "text", "b")
    votes = database_votes(str(store.engine.url.database), study)
    assert len(votes) == len(study.pairs)
    assert all(vote.chosen != vote.shown_as_a for vote in votes)
    # A spreadsheet must not read digits with an e in them as a number.
    assert all(vote.person.startswith("p") for vote in votes)


@pytest.mark.parametrize(
    ("position", "question", "choice"),
    [(0, "geometry", "a"), (9, "geometry", "a"), (1, "beauty", "a"), (1, "geometry", "ours")],
)
def test_what_was_not_asked_cannot_be_answered(
    study: PairSet, store: Store, position: int, question: str, choice: str
) -> None:
    person = join(store, study)
    with pytest.raises(UnknownTrial):
        store.vote(person, position, question, choice)
    with pytest.raises(UnknownTrial):
        store.vote(person + 1, 1, "geometry", "a")
    assert store.counts() == (0, 0)


@pytest.mark.parametrize("token", [None, "", "1", "x" * 32, "' OR 1=1 --", "\0", "ü"])
def test_a_forged_token_is_nobody(study: PairSet, store: Store, token: str | None) -> None:
    join(store, study)
    assert store.person(token) is None


def test_tokens_are_not_in_the_database(study: PairSet, store: Store) -> None:
    token = store.join(["pair-01"], ["rival"])
    assert store.person(token) is not None
    store.close()
    files = list(Path(str(store.engine.url.database)).parent.iterdir())
    assert not any(token.encode() in path.read_bytes() for path in files)


def test_each_system_is_a_as_often_as_b(study: PairSet, store: Store) -> None:
    system = {pair.id: pair.sides[1].system for pair in study.pairs}
    orders = set()
    firsts: Counter[str] = Counter()
    for _ in range(PEOPLE):
        trials = store.trials(join(store, study))
        orders.add(tuple(trial.pair for trial in trials))
        for name in ("rival", "stranger"):
            sides = [trial.shown_as_a for trial in trials if system[trial.pair] == name]
            assert sides.count(0) == sides.count(1) == 2
        firsts[f"{trials[0].pair} {trials[0].shown_as_a}"] += 1
    assert len(orders) > 1
    assert len(firsts) > 3


def test_the_same_generator_draws_the_same_trials() -> None:
    pairs = [(f"pair-{index}", f"system-{index % 2}") for index in range(10)]
    first, again, other = (draw_trials(pairs, random.Random(seed)) for seed in (0, 0, 1))
    assert first == again
    assert first != other
    assert sorted(pair for pair, _ in first) == sorted(pair for pair, _ in pairs)


def test_every_pair_comes_everywhere_and_is_a_half_of_the_time() -> None:
    pairs = [(f"pair-{index}", "rival" if index else "alone") for index in range(4)]
    generator = random.Random(0)
    places: Counter[tuple[str, int]] = Counter()
    sides: Counter[tuple[str, int]] = Counter()
    for _ in range(4000):
        for place, (pair, side) in enumerate(draw_trials(pairs, generator)):
            places[pair, place] += 1
            sides[pair, side] += 1
    # Five standard deviations of a fair draw.
    assert all(abs(count - 1000) < 140 for count in places.values())
    assert all(abs(count - 2000) < 160 for count in sides.values())
    assert (len(places), len(sides)) == (16, 8)


def test_twenty_people_at_once_lose_nothing(tmp_path: Path, url: str) -> None:
    study = make_study(tmp_path / "short", count=2)
    store = Store(url, study)
    before = store.counts()
    errors: list[Exception] = []
    together = threading.Barrier(PEOPLE)

    def take_part() -> None:
        try:
            together.wait()
            person = join(store, study)
            for trial in store.trials(person):
                for question in QUESTION_KEYS:
                    store.vote(person, trial.position, question, "a")
            assert all(trial.finished for trial in store.trials(person))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=take_part) for _ in range(PEOPLE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    people, votes = store.counts()
    assert (people - before[0], votes - before[1]) == (PEOPLE, PEOPLE * len(study.pairs) * 3)
    store.close()


def test_a_person_goes_on_after_a_restart(tmp_path: Path, study: PairSet, store: Store) -> None:
    token = store.join([pair.id for pair in study.pairs], ["rival"] * len(study.pairs))
    person = store.person(token)
    assert person is not None
    store.vote(person, 1, "geometry", "b")
    before = store.trials(person)
    store.close()
    again = Store(str(tmp_path / "study/votes.db"), study)
    assert again.person(token) == person
    assert again.trials(person) == before
    again.close()


def test_other_pairs_in_the_same_database_are_another_study(
    tmp_path: Path, study: PairSet, store: Store
) -> None:
    token = store.join([pair.id for pair in study.pairs], ["rival"] * len(study.pairs))
    person = store.person(token)
    assert person is not None
    store.vote(person, 1, "geometry", "a")
    other = Store(str(store.engine.url.database), make_study(tmp_path / "other", count=2))
    assert other.person(token) is None
    assert other.counts() == (0, 0)
    assert other.other_studies() == [study.study]
    other.close()
    # Its votes can still be told apart and read, with their own pairs.
    studies = database_studies(str(store.engine.url.database))
    assert studies[study.study] == study
    assert len(database_votes(str(store.engine.url.database), studies[study.study])) == 1


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://localhost/x", "install|no others"),
        ("postgresql://someone:secret@127.0.0.1:1/x", "cannot be used"),
        ("nonsense://", "not a database's address"),
        ("sqlite://results/votes.db", "not a database's address"),
        ("sqlite:////proc/none/votes.db", "cannot be used"),
        ("/proc/none/votes.db", "choose another file"),
        ("sqlite://", "would be lost"),
        ("sqlite:///:memory:", "would be lost"),
        ("postgresql:/localhost/x", "not a database's address"),
        ("postgresql://127.0.0.1:1/x", "write .* postgresql://USER"),
        ("postgresql://someone:my@secret@127.0.0.1/x", "%40 for an @"),
        ("postgresql://someone@127.0.0.1:port/x", "not a database's address"),
        ("postgresql+psycopg2://someone@127.0.0.1:1/x", "cannot be used"),
        ("postgresql://someone@127.0.0.1:1/x?sslmode=require", "cannot be used"),
        ("postgresql://someone@127.0.0.1:1/x?sslmode=sometimes", "sslmode=sometimes is not known"),
        ("postgresql://someone@127.0.0.1:1/x?sslrootcert=a.pem", "sslrootcert is not known"),
    ],
)
def test_a_database_that_cannot_be_used_is_one_line(study: PairSet, url: str, said: str) -> None:
    with pytest.raises(UserError, match=said) as caught:
        Store(url, study)
    assert "secret" not in str(caught.value)


def test_votes_are_exported_of_a_database_alone(tmp_path: Path, study: PairSet, capsys) -> None:
    """Without its experiment's folder, as where the study ran on another computer."""
    database, out = tmp_path / "elsewhere.db", tmp_path / "votes.csv"
    store = Store(str(database), study)
    join(store, study)
    store.close()
    asked = ["study", "export", "--out", str(out), "--database"]
    assert main([*asked, str(database)]) == 0
    assert out.is_file()
    capsys.readouterr()
    for missing in (f"sqlite:///{tmp_path}/none.db", str(tmp_path / "none.db")):
        assert main([*asked, missing]) == 2
        assert "none.db: no such file" in capsys.readouterr().err
    assert not list(tmp_path.glob("none.db*"))


def test_a_folders_name_is_no_address(tmp_path: Path, study: PairSet) -> None:
    store = Store(str(tmp_path / "50% ?a=b #1/votes.db"), study)
    store.close()
    assert (tmp_path / "50% ?a=b #1/votes.db").is_file()


def test_an_encrypted_connection_that_is_asked_for_is_not_given_up(
    study: PairSet, postgresql: str
) -> None:
    """The tests' server has no certificate."""
    with pytest.raises(UserError, match="refuses SSL"):
        Store(f"{postgresql}?sslmode=require", study)
    Store(f"{postgresql}?sslmode=disable", study).close()
