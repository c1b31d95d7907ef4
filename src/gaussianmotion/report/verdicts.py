"""The paper's claims at a glance: verdict, effect with its interval, and a bar of both."""

from dataclasses import dataclass
from typing import Any

from gaussianmotion.report.tables import ShownTable, short_number
from gaussianmotion.tables.verdicts.rule import DOES_NOT, HOLDS, UNDECIDED

# Pixels of a bar; what is as claimed lies right of its middle.
WIDTH, _REACH = 200, 92


@dataclass(frozen=True)
class Bar:
    """Places on a bar of :data:`WIDTH`: the interval, its middle, and what is too small to matter.

    All bars have their own scale: effects in different values cannot be compared by length.
    """

    low: float
    high: float
    effect: float
    matters: float


@dataclass(frozen=True)
class ShownPart:
    """One measurable part of a claim.

    Attributes:
        text: What is measured, in words.
        found: The effect with its interval and N, or why there is none.
        bar: None without an interval.
    """

    text: str
    verdict: str
    found: str
    bar: Bar | None


@dataclass(frozen=True)
class ShownClaim:
    """A claim of the paper.

    Attributes:
        figure: Name of the figure that shows it, such as ``fig5``; empty where none does.
    """

    statement: str
    verdict: str
    figure: str
    parts: list[ShownPart]


def shown_claims(table: ShownTable) -> list[ShownClaim]:
    """The claims of the verdicts' table."""
    return [
        ShownClaim(
            _statement(claim),
            str(claim.get("verdict", UNDECIDED)),
            # "Fig 7", or "Fig 7, of Gaussians that come to be large".
            str(claim.get("figure", "")).partition(",")[0].lower().replace(" ", ""),
            [_part(part) for part in claim.get("parts", [])],
        )
        for claim in table.facts.get("claims", [])
    ]


def _statement(claim: dict[str, Any]) -> str:
    """In words; not every claim that is judged is one of the paper's ablations."""
    said = str(claim.get("statement", ""))
    return said if claim.get("figure") else f"{said.rstrip('.')} (not ablated in the paper)."


def summary(claims: list[ShownClaim]) -> str:
    """How many of the claims hold, in a sentence."""
    each = [
        (sum(claim.verdict == verdict for claim in claims), words)
        for verdict, words in (
            (HOLDS, "held by these runs"),
            (DOES_NOT, "not borne out"),
            (UNDECIDED, "undecided"),
        )
    ]
    said = ", ".join(f"{number} {words}" for number, words in each if number)
    return f"Of {len(claims)} {'claim' if len(claims) == 1 else 'claims'}: {said}."


def _part(part: dict[str, Any]) -> ShownPart:
    effect, low, high = (part.get(key) for key in ("effect", "low", "high"))
    text, verdict = str(part.get("part", "")), str(part.get("verdict", UNDECIDED))
    if effect is None or low is None or high is None:
        return ShownPart(text, verdict, str(part.get("reason") or "no number"), None)
    matters = float(part.get("matters") or 0.0)
    unit = f" {part['unit']}" if part.get("unit") else ""
    found = (
        f"{part.get('value_name')}, {part.get('compared') or part.get('weights')}: "
        f"{_signed(effect)} [{_signed(low)}, {_signed(high)}]{unit}; would matter from "
        f"{short_number(f'{matters:.3g}')}{unit}; N = {part.get('prompts')} prompts, as claimed "
        f"in {part.get('agreeing')} of {part.get('pairs')} pairs of runs"
    )
    return ShownPart(text, verdict, found, _bar(float(effect), float(low), float(high), matters))


def _bar(effect: float, low: float, high: float, matters: float) -> Bar:
    reach = max(abs(low), abs(high), matters) or 1.0
    places = (round(WIDTH / 2 + _REACH * v / reach, 1) for v in (low, high, effect, matters))
    return Bar(*places)


def _signed(value: float) -> str:
    text = short_number(f"{value:.3g}")
    return text if value < 0 else f"+{text}"
