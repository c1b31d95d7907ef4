"""The votes as a CSV file: written from the database, read and checked for the table."""

import csv
import io
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from sqlalchemy import select

from gaussianmotion.runtime.atomic import write_text
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.study.database import connect, explained, sqlite_file
from gaussianmotion.study.pairs import PairSet
from gaussianmotion.study.questions import QUESTION_KEYS
from gaussianmotion.study.tables import PEOPLE, STUDIES, TRIALS, VOTES


@dataclass(frozen=True)
class Vote:
    """One line of votes.csv: one person, pair and question.

    Attributes:
        person: ``p`` and ten random digits; nothing else of the person is known.
        chosen: Name of the system that was preferred.
        shown_as_a: Name of the system that this person saw as A.
        changes: How often the person changed their mind.
    """

    study: str
    person: str
    pair: str
    question: str
    chosen: str
    shown_as_a: str
    kind: str
    prompt_id: str
    voted_at: str
    changes: str


COLUMNS = tuple(field.name for field in fields(Vote))


def database_studies(url: str) -> dict[str, PairSet]:
    """The studies of a database by id.

    Raises:
        UserError: there is no such database, or it holds no studies.
    """
    path = sqlite_file(url)
    if path is not None and not path.is_file():
        raise UserError(f"{path}: no such file; `gaussianmotion study serve` makes it")
    engine = connect(url)
    with explained(engine), engine.connect() as connection:
        rows = connection.execute(select(STUDIES).order_by(STUDIES.c.began_at)).all()
    engine.dispose()
    return {row.id: PairSet.model_validate_json(row.pairs) for row in rows}


def database_votes(url: str, pairs: PairSet) -> list[Vote]:
    """All votes of one study, by person, in the order in which they saw the pairs."""
    query = (
        select(VOTES, TRIALS.c.shown_as_a, PEOPLE.c.token_sha256)
        .select_from(
            VOTES.join(
                TRIALS, (TRIALS.c.person == VOTES.c.person) & (TRIALS.c.pair == VOTES.c.pair)
            ).join(PEOPLE, PEOPLE.c.id == VOTES.c.person)
        )
        .where(PEOPLE.c.study == pairs.study)
        .order_by(VOTES.c.person, TRIALS.c.position, VOTES.c.question)
    )
    engine = connect(url)
    with explained(engine), engine.connect() as connection:
        rows = connection.execute(query).all()
    engine.dispose()
    by_id = {pair.id: pair for pair in pairs.pairs}
    return [
        Vote(
            study=pairs.study,
            # Numbers of two servers' databases would clash in one file; and without the letter a
            # spreadsheet would read 12345678e9 as a number, and save it as another person.
            person=f"p{row.token_sha256[:10]}",
            pair=row.pair,
            question=row.question,
            chosen=by_id[row.pair].sides[row.side].system,
            shown_as_a=by_id[row.pair].sides[row.shown_as_a].system,
            kind=by_id[row.pair].kind,
            prompt_id=by_id[row.pair].prompt_id,
            voted_at=row.voted_at,
            changes=str(row.changes),
        )
        for row in rows
    ]


def write_votes(path: Path, votes: list[Vote]) -> None:
    """Write votes.csv."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(astuple(vote) for vote in votes)
    write_text(path, text.getvalue())


def read_votes(path: Path, pairs: PairSet) -> list[Vote]:
    """Read votes.csv and check each line against the pairs.

    Votes of another study are returned unchecked: their pairs are not known here.

    Raises:
        UserError: a line is malformed, repeated, or about something that nobody was asked.
    """
    try:
        rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; `gaussianmotion study export` writes it") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path}: cannot be read as CSV ({error}); export it again") from error
    if not rows or tuple(rows[0]) != COLUMNS:
        raise UserError(f"{path}: the first line must be {','.join(COLUMNS)}; export it again")
    seen: dict[tuple[str, str, str], int] = {}
    votes = []
    for number, row in enumerate(rows[1:], start=2):
        if not row:
            continue
        where = f"{path}, line {number}"
        if len(row) != len(COLUMNS):
            raise UserError(f"{where}: {len(COLUMNS)} columns are needed, found {len(row)}")
        vote = Vote(*row)
        key = (vote.person, vote.pair, vote.question)
        if key in seen:
            raise UserError(
                f"{where}: person {vote.person} has already voted on {vote.pair}, {vote.question} "
                f"(line {seen[key]}); remove one"
            )
        seen[key] = number
        if vote.study == pairs.study:
            _check(vote, pairs, where)
        votes.append(vote)
    return votes


def _check(vote: Vote, pairs: PairSet, where: str) -> None:
    pair = pairs.pair(vote.pair)
    if pair is None:
        raise UserError(f"{where}: study {pairs.study} has no pair {vote.pair!r}; remove the line")
    if vote.question not in QUESTION_KEYS:
        raise UserError(
            f"{where}: nobody was asked {vote.question!r}; the questions are "
            f"{', '.join(QUESTION_KEYS)}"
        )
    systems = [side.system for side in pair.sides]
    for name in ("chosen", "shown_as_a"):
        if getattr(vote, name) not in systems:
            raise UserError(
                f"{where}: {name}: {getattr(vote, name)!r} is not in {pair.id}, which shows "
                f"{' and '.join(systems)}"
            )
