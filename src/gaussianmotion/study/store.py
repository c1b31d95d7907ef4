"""Who takes part, what they see and what they chose: everything that must survive a restart."""

import hashlib
import random
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import sqlalchemy
from sqlalchemy import func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from gaussianmotion.study.database import connect, explained
from gaussianmotion.study.pairs import PairSet
from gaussianmotion.study.questions import QUESTION_KEYS
from gaussianmotion.study.tables import METADATA, PEOPLE, STUDIES, TRIALS, VOTES
from gaussianmotion.study.trials import Trial, draw_trials


class UnknownTrial(Exception):
    """This person was not asked that question about that pair."""


class Store:
    """The votes of one study in a database that may hold several."""

    def __init__(self, url: str, pairs: PairSet) -> None:
        """Connect, create what is missing, and note the study.

        Raises:
            UserError: the database cannot be used.
        """
        self.study = pairs.study
        self.engine = connect(url)
        with explained(self.engine):
            METADATA.create_all(self.engine)
            with self.engine.begin() as connection:
                connection.execute(
                    self._insert(STUDIES)
                    .values(id=pairs.study, began_at=_now(), pairs=pairs.model_dump_json())
                    .on_conflict_do_nothing(index_elements=["id"])
                )

    def join(self, pair_ids: Iterable[str], systems: Iterable[str]) -> str:
        """A new person: a random order of the pairs, each side A equally often for each system.

        Args:
            pair_ids: Of all pairs.
            systems: The other system of each pair, over which the sides are balanced.

        Returns:
            The person's token; only its digest is kept.
        """
        token = secrets.token_urlsafe(24)
        trials = draw_trials(list(zip(pair_ids, systems, strict=True)), random.SystemRandom())
        with self.engine.begin() as connection:
            joined = insert(PEOPLE).values(
                study=self.study, token_sha256=_token_digest(token), joined_at=_now()
            )
            person = connection.execute(joined.returning(PEOPLE.c.id)).scalar_one()
            connection.execute(
                insert(TRIALS),
                [
                    {"person": person, "position": position, "pair": pair, "shown_as_a": side}
                    for position, (pair, side) in enumerate(trials, start=1)
                ],
            )
        return token

    def person(self, token: str | None) -> int | None:
        """Who has this token in this study; None for a forged or foreign one."""
        if not token:
            return None
        query = select(PEOPLE.c.id).where(
            PEOPLE.c.token_sha256 == _token_digest(token), PEOPLE.c.study == self.study
        )
        with self.engine.connect() as connection:
            return connection.execute(query).scalar()

    def trials(self, person: int) -> list[Trial]:
        """All pairs of a person in their order, with the answers so far."""
        shown = select(TRIALS).where(TRIALS.c.person == person).order_by(TRIALS.c.position)
        given = select(VOTES).where(VOTES.c.person == person)
        with self.engine.connect() as connection:
            rows = connection.execute(shown).all()
            votes = connection.execute(given).all()
        answers: dict[str, dict[str, int]] = {}
        for vote in votes:
            answers.setdefault(vote.pair, {})[vote.question] = vote.side
        return [
            Trial(
                position=row.position,
                pair=row.pair,
                shown_as_a=row.shown_as_a,
                answers={
                    question: "a" if side == row.shown_as_a else "b"
                    for question, side in answers.get(row.pair, {}).items()
                },
            )
            for row in rows
        ]

    def vote(self, person: int, position: int, question: str, choice: str) -> None:
        """Keep an answer; a second one to the same question replaces the first.

        Raises:
            UnknownTrial: no such position, question or choice.
        """
        if question not in QUESTION_KEYS or choice not in ("a", "b"):
            raise UnknownTrial(question)
        query = select(TRIALS.c.pair, TRIALS.c.shown_as_a).where(
            TRIALS.c.person == person, TRIALS.c.position == position
        )
        with self.engine.connect() as connection:
            trial = connection.execute(query).first()
        if trial is None:
            raise UnknownTrial(position)
        side = trial.shown_as_a if choice == "a" else 1 - trial.shown_as_a
        new = self._insert(VOTES).values(
            person=person,
            pair=trial.pair,
            question=question,
            side=side,
            voted_at=_now(),
            changes=0,
        )
        # The same answer again (a repeated request) changes nothing.
        keep = new.on_conflict_do_update(
            index_elements=["person", "pair", "question"],
            set_={
                "side": new.excluded.side,
                "voted_at": new.excluded.voted_at,
                "changes": VOTES.c.changes + 1,
            },
            where=VOTES.c.side != new.excluded.side,
        )
        with self.engine.begin() as connection:
            connection.execute(keep)

    def counts(self) -> tuple[int, int]:
        """People with at least one vote, and votes."""
        query = (
            select(func.count(VOTES.c.person.distinct()), func.count())
            .select_from(VOTES.join(PEOPLE, PEOPLE.c.id == VOTES.c.person))
            .where(PEOPLE.c.study == self.study)
        )
        with self.engine.connect() as connection:
            people, votes = connection.execute(query).one()
        return people, votes

    def close(self) -> None:
        """Release the connections; files of SQLite keep everything."""
        self.engine.dispose()

    def other_studies(self) -> list[str]:
        """Other studies with votes in this database."""
        query = (
            select(PEOPLE.c.study)
            .where(PEOPLE.c.study != self.study, PEOPLE.c.id.in_(select(VOTES.c.person)))
            .distinct()
            .order_by(PEOPLE.c.study)
        )
        with self.engine.connect() as connection:
            return list(connection.execute(query).scalars())

    def _insert(self, table: sqlalchemy.Table) -> Any:
        """INSERT with ON CONFLICT, which both databases know."""
        dialect = postgresql if self.engine.dialect.name == "postgresql" else sqlite
        return dialect.insert(table)


def _token_digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
