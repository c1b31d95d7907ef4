"""Table 2: how often people prefer the compared system, from their votes alone.

Without votes there is a table that says so, and no number.
"""

from collections import Counter
from dataclasses import dataclass

import pandas as pd

from gaussianmotion.study.pairs import PairSet
from gaussianmotion.study.questions import KINDS, QUESTIONS
from gaussianmotion.study.votes import Vote
from gaussianmotion.tables.files import Table
from gaussianmotion.tables.intervals import Estimate, share_of_votes

PROTOCOL = "study-1"
ALL = "all"
COLUMNS = (
    *("compared", "against", "clips", "question", "preferred", "votes", "people"),
    *("share", "low", "high", "study", "protocol", "status"),
)
HEADINGS = ("compared with", "clips", "people", *(question.title for question in QUESTIONS))


@dataclass(frozen=True)
class Preference:
    """Votes for the compared system, of those on one other system, kind of clips and question.

    Attributes:
        against: The other system.
        kind: Kind of clips, or ``all``.
        preferred: Votes for the compared system.
        votes: All votes, at least one.
        people: Who gave them, sorted.
        estimate: The share with its 95 % interval.
    """

    against: str
    kind: str
    question: str
    preferred: int
    votes: int
    people: tuple[str, ...]
    estimate: Estimate


def table2(pairs: PairSet, votes: list[Vote] | None, source: str) -> tuple[Table, str]:
    """The table, and why it has no numbers (empty where it has some).

    Args:
        pairs: The study.
        votes: All lines of votes.csv, checked; None where there is no such file.
        source: Where votes.csv is expected, for the note on how to get some.
    """
    counted = [vote for vote in votes or [] if vote.study == pairs.study]
    others = sorted({vote.study for vote in votes or []} - {pairs.study})
    reason = "" if counted else _reason(pairs, others, source)
    found = preferences(pairs, counted)
    notes = [reason] if reason else _notes(pairs, counted, others)
    if pairs.missing:
        notes.append(f"Not provided, so not compared: {', '.join(pairs.missing)}.")
    table = Table(
        title=f"Table 2. User study: how often people prefer {pairs.compared} [95 % interval]",
        headings=HEADINGS,
        rows=_rows(found) if found else _empty(pairs, "no votes yet"),
        frame=_frame(pairs, found, reason),
        notes=notes,
        facts={"study": pairs.study, "protocol": PROTOCOL, "status": reason or "ok"},
    )
    return table, reason


def preferences(pairs: PairSet, votes: list[Vote]) -> list[Preference]:
    """Count the votes; what nobody voted on is left out.

    Args:
        pairs: The study.
        votes: Votes of this study, checked by :func:`~gaussianmotion.study.votes.read_votes`.
    """
    against = {pair.id: pair.sides[1].system for pair in pairs.pairs}
    kinds = {pair.id: pair.kind for pair in pairs.pairs}
    found = []
    for system in dict.fromkeys(against.values()):
        for kind in (*KINDS, ALL):
            for question in QUESTIONS:
                counted = [
                    vote
                    for vote in votes
                    if against[vote.pair] == system
                    and vote.question == question.key
                    and kind in (kinds[vote.pair], ALL)
                ]
                if counted:
                    chosen = [vote.chosen == pairs.compared for vote in counted]
                    found.append(
                        Preference(
                            against=system,
                            kind=kind,
                            question=question.key,
                            preferred=sum(chosen),
                            votes=len(counted),
                            people=tuple(sorted({vote.person for vote in counted})),
                            estimate=share_of_votes(
                                chosen,
                                [vote.person for vote in counted],
                                [vote.pair for vote in counted],
                            ),
                        )
                    )
    return found


def _notes(pairs: PairSet, counted: list[Vote], others: list[str]) -> list[str]:
    given = Counter(vote.person for vote in counted)
    complete = sum(count == len(pairs.pairs) * len(QUESTIONS) for count in given.values())
    notes = [
        f"Share of the votes that prefer {pairs.compared} (votes for it / all votes), with "
        "Wilson's 95 % interval of as many independent votes as would spread as much: votes of "
        "one person, and on one pair, are alike (clustered both ways).",
        f"Protocol {PROTOCOL}, study {pairs.study}: {len(pairs.pairs)} pairs, {len(given)} people, "
        f"{len(counted)} votes; {complete} of the people answered everything, and what the others "
        "answered is counted too. Order and sides were drawn for each person.",
    ]
    if others:
        notes.append(f"Votes of other studies are not counted: {', '.join(others)}.")
    return notes


def _reason(pairs: PairSet, others: list[str], source: str) -> str:
    if not pairs.pairs:
        return f"No votes, since the study has no pairs: {pairs.reason}."
    if others:
        return (
            f"No votes on these pairs: {source} is of study {', '.join(others)}, but the clips "
            f"have changed since, and the pairs are now study {pairs.study}. Ask people again, or "
            "get that study's own pairs back with `gaussianmotion study export --study ID "
            "--pairs-out FILE`."
        )
    return (
        f"No votes yet. `gaussianmotion study serve --experiment {pairs.experiment}` asks people, "
        f"`gaussianmotion study export --experiment {pairs.experiment}` writes {source}."
    )


def _frame(pairs: PairSet, found: list[Preference], reason: str) -> pd.DataFrame:
    records = [
        {
            "compared": pairs.compared,
            "against": row.against,
            "clips": row.kind,
            "question": row.question,
            "preferred": row.preferred,
            "votes": row.votes,
            "people": len(row.people),
            "share": row.estimate.value,
            "low": row.estimate.low,
            "high": row.estimate.high,
            "study": pairs.study,
            "protocol": PROTOCOL,
            "status": "ok",
        }
        for row in found
    ]
    if reason:
        known = {"compared": pairs.compared, "study": pairs.study, "protocol": PROTOCOL}
        records.append({**known, "status": reason})
    return pd.DataFrame(records, columns=list(COLUMNS))


def _rows(found: list[Preference]) -> list[list[str]]:
    """System, kind, people and one cell for each question."""
    cells = {(row.against, row.kind, row.question): row for row in found}
    rows = []
    for against, kind in dict.fromkeys((row.against, row.kind) for row in found):
        of_row = [cells.get((against, kind, question.key)) for question in QUESTIONS]
        people = {person for row in of_row if row for person in row.people}
        rows.append([against, kind, str(len(people)), *map(_cell, of_row)])
    return rows


def _empty(pairs: PairSet, text: str) -> list[list[str]]:
    """A row for each system that people would compare with."""
    systems = dict.fromkeys(pair.sides[1].system for pair in pairs.pairs)
    return [[system, ALL, "0", *[text] * len(QUESTIONS)] for system in systems]


def _cell(row: Preference | None) -> str:
    if row is None:
        return "no votes"
    found = row.estimate
    return (
        f"{100 * found.value:.1f} % ({row.preferred}/{row.votes}) "
        f"[{100 * (found.low or 0.0):.1f}, {100 * (found.high or 0.0):.1f}]"
    )
