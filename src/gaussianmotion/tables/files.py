"""A table as .csv for programs, .md for people, .tex for papers and .json for the report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from gaussianmotion.runtime.atomic import atomic_path, write_json, write_text

_TEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    "–": "--",
    "−": "$-$",
    "±": r"$\pm$",
    "×": r"$\times$",
    "Δ": r"$\Delta$",
    "τ": r"$\tau$",
}


@dataclass(frozen=True)
class Table:
    """A table in both of its forms.

    Attributes:
        title: One line.
        headings: Of the columns that people read; the first one names the row.
        rows: Their cells, as text.
        frame: The same facts for programs, one number in each cell.
        notes: Lines below it: protocols, models, N, rules.
        facts: Further plain JSON for the report.
    """

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    frame: pd.DataFrame
    notes: Sequence[str] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


def write_table(table: Table, csv: Path) -> None:
    """Write ``csv`` and, beside it, .md, .tex and .json."""
    with atomic_path(csv) as temporary:
        table.frame.to_csv(temporary, index=False, lineterminator="\n")
    write_text(csv.with_suffix(".md"), markdown(table))
    write_text(csv.with_suffix(".tex"), latex(table))
    write_json(
        csv.with_suffix(".json"),
        {
            "title": table.title,
            "headings": list(table.headings),
            "rows": [list(row) for row in table.rows],
            "notes": list(table.notes),
            **table.facts,
        },
    )


def markdown(table: Table) -> str:
    """GitHub's Markdown."""
    lines = [_md_row(table.headings), _md_row(["---"] * len(table.headings))]
    lines += [_md_row(row) for row in table.rows]
    notes = [f"- {note}" for note in table.notes]
    return "\n".join([f"**{table.title}**", "", *lines, "", *notes]).rstrip() + "\n"


def latex(table: Table) -> str:
    """A ``table`` with a ``tabular``, for \\input; needs no package."""
    body = [" & ".join(map(tex, row)) + r" \\" for row in table.rows]
    lines = [
        r"\begin{table}",
        rf"\caption{{{tex(table.title)}}}",
        rf"\begin{{tabular}}{{{'l' * len(table.headings)}}}",
        r"\hline",
        " & ".join(map(tex, table.headings)) + r" \\",
        r"\hline",
        *body,
        r"\hline",
        r"\end{tabular}",
        *(rf"\par {tex(note)}" for note in table.notes),
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def tex(text: str) -> str:
    """Text with LaTeX's special characters escaped."""
    return "".join(_TEX.get(letter, letter) for letter in text)


def number(value: float) -> str:
    """Four significant digits, without an exponent where that can be read."""
    if value == 0:
        return "0"
    if 1e-4 <= abs(value) < 1e4:
        return f"{value:#.4g}".rstrip(".")
    return f"{value:.0f}" if 1e4 <= abs(value) < 1e7 else f"{value:.2e}"


def with_interval(value: float, low: float | None, high: float | None) -> str:
    """``0.812 [0.790, 0.834]``, without brackets where there is no interval."""
    if low is None or high is None:
        return number(value)
    return f"{number(value)} [{number(low)}, {number(high)}]"


def counted(number: int, noun: str) -> str:
    """``1 prompt``, ``3 prompts``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _md_row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"
