"""Table 2: how often people prefer the compared system, from their votes alone.

Without votes there is a table that says so, and no number.
"""

import csv
import io
import math
from dataclasses import dataclass
from pathlib import Path

from gaussianmotion.atomic import write_text
from gaussianmotion.study.pairs import PairSet
from gaussianmotion.study.questions import KINDS, QUESTIONS
from gaussianmotion.study.votes import Vote

PROTOCOL = "study-1"
# 97.5 % quantile of the standard normal distribution.
Z = 1.959963984540054
ALL = "all"


@dataclass(frozen=True)
class Preference:
    """Votes for the compared system, of those on one other system, kind of clips and question.

    Attributes:
        against: The other system.
        kind: Kind of clips, or ``all``.
        preferred: Votes for the compared system.
        votes: All votes.
        people: Who gave them.
    """

    against: str
    kind: str
    question: str
    preferred: int
    votes: int
    people: int

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the share."""
        return wilson(self.preferred, self.votes)


def wilson(successes: int, n: int) -> tuple[float, float]:
    """Wilson's 95 % score interval of a binomial share (E. B. Wilson, JASA 22, 1927).

    Args:
        successes: In [0, n].
        n: At least 1.

    Returns:
        Lower and upper end, in [0, 1].
    """
    share = successes / n
    middle = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * math.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    # At 0 and n the ends are exactly 0 and 1, which rounding would miss.
    low = 0.0 if successes == 0 else middle - half
    return low, 1.0 if successes == n else middle + half


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
                    found.append(
                        Preference(
                            against=system,
                            kind=kind,
                            question=question.key,
                            preferred=sum(vote.chosen == pairs.compared for vote in counted),
                            votes=len(counted),
                            people=len({vote.person for vote in counted}),
                        )
                    )
    return found


def write_table2(stem: Path, pairs: PairSet, votes: list[Vote] | None, source: str) -> str:
    """Write ``STEM.csv``, ``STEM.md`` and ``STEM.tex``.

    Args:
        stem: ``tables/table2``.
        pairs: The study.
        votes: All lines of votes.csv; None where there is no such file.
        source: Where votes.csv is expected, for the note on how to get some.

    Returns:
        Why there are no numbers; empty where there are some.
    """
    ours = [vote for vote in votes or [] if vote.study == pairs.study]
    others = sorted({vote.study for vote in votes or []} - {pairs.study})
    reason = "" if ours else _reason(pairs, others, source)
    found = preferences(pairs, ours)
    note = (
        f"Share of the votes that prefer {pairs.compared}, with the votes and Wilson's 95 % interval "
        f"(votes taken as independent). Protocol {PROTOCOL}, study {pairs.study}, "
        f"{len(pairs.pairs)} pairs, {len({vote.person for vote in ours})} people, "
        f"{len(ours)} votes."
    )
    if ours and others:
        note += f" Votes of other studies are not counted: {', '.join(others)}."
    write_text(stem.with_suffix(".csv"), _csv(pairs, found, reason))
    write_text(stem.with_suffix(".md"), _markdown(found, reason or note))
    write_text(stem.with_suffix(".tex"), _latex(found, reason or note))
    return reason


def _reason(pairs: PairSet, others: list[str], source: str) -> str:
    if not pairs.pairs:
        return f"No votes, since the study has no pairs: {pairs.reason}."
    if others:
        return (
            f"No votes on these pairs: {source} is of study {', '.join(others)}, but the clips have "
            f"changed since, and the pairs are now study {pairs.study}. Ask people again, or get that "
            "study's own pairs back with `gaussianmotion study export --study ID --pairs-out FILE`."
        )
    return (
        f"No votes yet. `gaussianmotion study serve --experiment {pairs.experiment}` asks people, "
        f"`gaussianmotion study export --experiment {pairs.experiment}` writes {source}."
    )


def _csv(pairs: PairSet, found: list[Preference], reason: str) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        [
            "compared",
            "against",
            "clips",
            "question",
            "preferred",
            "votes",
            "people",
            "share",
            "low",
            "high",
            "study",
            "protocol",
            "status",
        ]
    )
    for row in found:
        shares = (row.preferred / row.votes, *row.interval)
        writer.writerow(
            [pairs.compared, row.against, row.kind, row.question, row.preferred, row.votes]
            + [row.people, *(f"{share:.6f}" for share in shares), pairs.study, PROTOCOL, "ok"]
        )
    if reason:
        writer.writerow([pairs.compared, *[""] * 9, pairs.study, PROTOCOL, reason])
    return text.getvalue()


def _rows(found: list[Preference]) -> list[list[str]]:
    """System, kind, people and one cell for each question."""
    cells = {(row.against, row.kind, row.question): row for row in found}
    rows = []
    for against, kind in dict.fromkeys((row.against, row.kind) for row in found):
        of_row = [cells.get((against, kind, question.key)) for question in QUESTIONS]
        people = max(row.people for row in of_row if row)
        rows.append([against, kind, str(people), *(_cell(row) for row in of_row)])
    return rows


def _cell(row: Preference | None) -> str:
    if row is None:
        return "-"
    low, high = row.interval
    share = row.preferred / row.votes
    return f"{share:.1%} ({row.preferred}/{row.votes}) [{100 * low:.1f}, {100 * high:.1f}]"


HEADER = ["compared with", "clips", "people", *(question.title for question in QUESTIONS)]


def _markdown(found: list[Preference], note: str) -> str:
    lines = ["# Table 2: user study", ""]
    if found:
        lines += ["| " + " | ".join(HEADER) + " |", "|" + " --- |" * len(HEADER)]
        lines += ["| " + " | ".join(row) + " |" for row in _rows(found)]
        lines.append("")
    return "\n".join([*lines, note, ""])


def _latex(found: list[Preference], note: str) -> str:
    lines = []
    if found:
        lines += [r"\begin{tabular}{llrlll}", r"\hline", " & ".join(HEADER) + r" \\", r"\hline"]
        lines += [" & ".join(_escape(cell) for cell in row) + r" \\" for row in _rows(found)]
        lines += [r"\hline", r"\end{tabular}", ""]
    return "\n".join([*lines, _escape(note), ""])


def _escape(text: str) -> str:
    for letter in "%_&#$":
        text = text.replace(letter, "\\" + letter)
    return text
