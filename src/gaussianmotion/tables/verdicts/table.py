"""The verdicts as a table that can be read without the rest: a row for each claim, then its parts.

The rule itself is :mod:`.verdicts`, the claims as quantities are :mod:`.paper_claims`.
"""

from collections.abc import Mapping, Sequence
from math import isclose

import pandas as pd

from gaussianmotion.config.stages import TablesSettings
from gaussianmotion.tables.columns import Column, measured_columns, origin_notes
from gaussianmotion.tables.contrasts import cells
from gaussianmotion.tables.files import Table, counted, number, with_interval
from gaussianmotion.tables.verdicts.cautions import cautions
from gaussianmotion.tables.verdicts.paper_claims import CLAIMS, IMBALANCE, Claim, Part
from gaussianmotion.tables.verdicts.rule import (
    DOES_NOT,
    MATTERS,
    PROMPTS,
    SEEDS,
    UNDECIDED,
    PartVerdict,
    judge,
    of_claim,
)

Known = Mapping[tuple[str, str], Column]  # by score and value name


def verdicts_table(
    frame: pd.DataFrame,
    config: TablesSettings | None = None,
    claims: tuple[Claim, ...] = CLAIMS,
    remarks: Sequence[str] = (),
) -> Table:
    """Judge every claim.

    Args:
        frame: All scores.
        config: Whose ``prior.model`` and ``train`` say what the verdicts are about.
        claims: The paper's, in its order.
        remarks: Further notes on what was trained.
    """
    run = set(frame["variant"])
    claims = tuple(claim for claim in claims if not claim.where_run or claim.variants & run)
    scores = list(dict.fromkeys(frame["score"]))
    known = {
        (column.score, column.name): column
        for column in measured_columns(frame, scores, all_measures=True)
    }
    rows: list[list[str]] = []
    records: list[dict[str, object]] = []
    facts: list[dict[str, object]] = []
    every: list[PartVerdict] = []
    for claim in claims:
        findings = [_finding(frame, part, known) for part in claim.parts]
        every += findings
        verdict = of_claim(findings)
        figure = f" ({claim.figure or 'not ablated in the paper'})"
        rows.append([claim.statement.rstrip(".") + figure, _in_words(verdict), "", "", ""])
        judged = list(zip(claim.parts, findings, strict=True))
        rows += [_row(part, finding, _unit(part, known)) for part, finding in judged]
        parts = [_record(claim, part, finding, _unit(part, known)) for part, finding in judged]
        records += [{**record, "claim_verdict": verdict} for record in parts]
        facts.append(
            {
                "id": claim.id,
                "figure": claim.figure,
                "statement": claim.statement,
                "verdict": verdict,
                "parts": parts,
            }
        )
    used = {key: known[key] for claim in claims for key in _keys(claim) if key in known}
    return Table(
        title="What the paper says of its ablations, and what these runs say",
        headings=[
            *("claim, and what it is measured by", "verdict"),
            *("effect [95 % interval]", "would matter from", "pairs as claimed"),
        ],
        rows=rows,
        frame=pd.DataFrame(records, columns=list(_RECORD)),
        notes=[
            *_how_to_read(claims),
            *_trained_with(config),
            *remarks,
            *_measured_in(every),
            *cautions(frame, claims, known),
            *origin_notes(used.values()),
        ],
        facts={"claims": facts},
    )


_RECORD = (
    *("claim", "figure", "claim_verdict", "part", "score", "value_name", "unit", "compared"),
    *("weights", "sign", "verdict", "effect", "low", "high", "matters"),
    *("prompts", "pairs", "agreeing", "reason"),
)


def compared(part: Part) -> str:
    """What the claim has more of, minus what it has less of: ``ours − mean of a, b``."""
    signed = {name: part.sign * weight for name, weight in part.weights.items()}
    sides = [[name for name in signed if sign * signed[name] > 0] for sign in (1, -1)]
    if all(isclose(abs(signed[name]) * len(side), 1.0) for side in sides for name in side):
        return " − ".join(
            f"mean of {', '.join(side)}" if len(side) > 1 else side[0] for side in sides
        )
    terms = sorted((item for item in signed.items() if item[1]), key=lambda item: -item[1])
    text = "".join(f" {'+' if w > 0 else '−'} {abs(w):.3g} {name}" for name, w in terms)
    return text.removeprefix(" + ")


def _finding(frame: pd.DataFrame, part: Part, known: Known) -> PartVerdict:
    keys = [(part.score, name) for name in part.values]
    missing = [".".join(key) for key in keys if key not in known]
    if missing:
        return PartVerdict(UNDECIDED, f"{', '.join(missing)} was not measured")
    return judge(
        part, *({name: cells(frame, known[key], name) for name in part.weights} for key in keys)
    )


def _keys(claim: Claim) -> list[tuple[str, str]]:
    return [(part.score, name) for part in claim.parts for name in part.values]


def _unit(part: Part, known: Known) -> str:
    """Of the effect; the imbalance is a pure number."""
    column = known.get((part.score, part.values[0]))
    return "" if column is None or part.how == IMBALANCE else column.unit


def _in_words(verdict: str) -> str:
    return f"{verdict} hold" if verdict == DOES_NOT else verdict


def _row(part: Part, finding: PartVerdict, unit: str) -> list[str]:
    value = " and ".join(part.values)
    value = f"imbalance of {value}" if part.how == IMBALANCE else value
    head = [f"– {part.text}: {value}, {compared(part)}", _in_words(finding.verdict)]
    if finding.effect is None:
        return [*head, finding.reason, "", ""]
    effect = finding.effect
    unit = f" {unit}" if unit else ""
    sign = "+" if effect.value > 0 else ""
    return [
        *head,
        f"{sign}{with_interval(effect.value, effect.low, effect.high)}{unit}",
        f"{number(finding.matters)}{unit}",
        f"{finding.agreeing} of {len(finding.pairs)} in {counted(effect.clusters, 'prompt')}",
    ]


def _record(claim: Claim, part: Part, finding: PartVerdict, unit: str) -> dict[str, object]:
    effect = finding.effect
    return {
        "claim": claim.id,
        "figure": claim.figure,
        "part": part.text,
        "score": part.score,
        "value_name": "+".join(part.values),
        "unit": unit,
        "compared": compared(part),
        "weights": " ".join(f"{weight:+.3g}*{name}" for name, weight in part.weights.items()),
        "sign": part.sign,
        "verdict": finding.verdict,
        "reason": finding.reason,
        "effect": effect.value if effect else None,
        "low": effect.low if effect else None,
        "high": effect.high if effect else None,
        "prompts": effect.clusters if effect else 0,
        "matters": finding.matters,
        "pairs": len(finding.pairs),
        "agreeing": finding.agreeing,
    }


def _measured_in(findings: list[PartVerdict]) -> list[str]:
    """Prompts and seeds that the effects are of."""
    used = dict.fromkeys(cell for finding in findings for cell in finding.pairs)
    if not used:
        return []
    prompts = list(dict.fromkeys(prompt for prompt, _ in used))
    seeds = [str(seed) for seed in sorted({seed for _, seed in used})]
    return [
        f"Measured in {counted(len(prompts), 'prompt')} ({', '.join(prompts)}) with "
        f"{counted(len(seeds), 'seed')} ({', '.join(seeds)})."
    ]


def _trained_with(config: TablesSettings | None) -> list[str]:
    """What the verdicts are about: another prior may bear other claims out."""
    if config is None:
        return []
    train = config.train
    return [
        f"Of avatars trained with {config.prior.model} for {counted(train.steps, 'step')} of "
        f"{counted(train.batch, 'view')} at {train.size} px; of another prior nothing is said."
    ]


def _how_to_read(claims: tuple[Claim, ...]) -> list[str]:
    parts = [part for claim in claims for part in claim.parts]
    notes = [
        "The rule, set before the runs: a part holds if the interval is above 0; it does not hold "
        "if the interval is below what would matter "
        f"({100 * MATTERS:g} % of the compared values' mean size), so that an effect worth having "
        "is excluded; else it is undecided: the runs are too few, or differ too much, to tell. An "
        "interval of which both is true holds, as claims are of a direction. "
        f"With fewer than {counted(PROMPTS, 'prompt')} of {counted(SEEDS, 'seed')} it is always "
        "undecided. A claim holds if all its parts do, and does not if one does not.",
        "Effect: the difference that its row names, in the value's own unit; above 0 is as the "
        "paper claims. It is taken within each prompt and seed (a pair), seeds are averaged, and "
        "Student's t gives the interval over prompts.",
    ]
    if any(part.how == IMBALANCE for part in parts):
        notes.append(
            "Imbalance: the two values, each scaled to 0..1 over the compared variants of a prompt "
            "and seed, added."
        )
    if any("mean of" not in compared(part) and len(part.weights) > 2 for part in parts):
        notes.append("Weights on all tau: the change of a straight line through them, end to end.")
    return notes
