"""The outcomes of all bad inputs, as docs/bad-input.md has them."""

import html
import io
from dataclasses import dataclass

from page_tables import rows_below

TITLES = {
    "trainings": "Trainings that are lost",
    "people": "Skirts, late pictures, words of the prior",
    "models": "Models that are damaged",
    "avatars": "Avatars",
    "bodies": "Bodies",
    "motions": "Motions",
    "exports": "Files and pages of an avatar",
    "configuration": "Configurations",
    "text": "Prompts and lists of prompts",
    "places": "Places",
    "workflow": "What an experiment names",
    "synthesis": "The embedded prior's own training",
}


@dataclass(frozen=True)
class Row:
    """What came of an input.

    Attributes:
        kind: Of the input.
        name: Of the input.
        code: Exit code.
        lines: How many lines were said.
        said: The last of them.
        lost: Results that are gone or another.
        wrong: What is not right.
    """

    kind: str
    name: str
    code: int
    lines: int
    said: str
    lost: list[str]
    wrong: list[str]


def page(rows: list[Row]) -> str:
    """The committed page."""
    text = io.StringIO()
    text.write(
        "# What is said of bad input\n\n"
        "Written by `python benchmarks/bad_input.py --page`, which tries each of these on a small "
        "experiment (a random\nprior, trainings of 3 steps). Right means: the expected exit code "
        "and message, no traceback, no exit code 0 without the\nfiles that it stands for, and "
        f"nothing lost. {len(rows)} inputs, {sum(bool(row.wrong) for row in rows)} of them not "
        "right.\n"
    )
    for kind in dict.fromkeys(row.kind for row in rows):
        text.write(f"\n## {TITLES[kind]}\n\n")
        text.write("| input | exit code | lines | what is said last | lost | right |\n")
        text.write("|---|---|---|---|---|---|\n")
        for row in rows:
            if row.kind == kind:
                lost = ", ".join(row.lost) or "nothing"
                right = "; ".join(row.wrong) or "yes"
                cells = (row.name, row.code, row.lines, row.said[:160], lost, right)
                text.write(f"| {' | '.join(_cell(str(cell)) for cell in cells)} |\n")
    return text.getvalue()


def rows_of(text: str) -> list[Row]:
    """The outcomes that a page tells; what was said last is cut as there."""
    found = []
    for kind, cells in rows_below(text, TITLES):
        name, code, lines, said, lost, right = (_text(cell) for cell in cells)
        gone = [] if lost == "nothing" else lost.split(", ")
        wrong = [] if right == "yes" else right.split("; ")
        found.append(Row(kind, name, int(code), int(lines), said, gone, wrong))
    return found


def _cell(text: str) -> str:
    """Plain text in a table of Markdown."""
    return text.replace("|", "\\|").replace("&", "&amp;").replace("<", "&lt;").strip()


def _text(cell: str) -> str:
    """What :func:`_cell` was given."""
    return html.unescape(cell.replace("\\|", "|"))
