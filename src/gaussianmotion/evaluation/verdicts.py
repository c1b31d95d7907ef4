"""What the paper claims of its ablations, and whether the measured runs bear it out.

The rule was written before any run was looked at, and is the same for all claims.

* A claim has one or more parts. A part is a contrast of variants (:mod:`.contrasts`) in one value
  of one score, taken within each prompt and seed, with the sign that the claim gives it.
* Seeds of a prompt are averaged, and a 95 % interval is taken over prompts (Student's t), since
  prompts are what a claim is meant to hold for. A prompt counts with at least :data:`SEEDS` seeds
  in which all variants of the part were measured; with fewer than :data:`PROMPTS` such prompts the
  part is undecided.
* A part **holds** if the interval lies above 0. It **does not** hold if the interval lies below
  what would matter, :data:`MATTERS` of the mean size of the compared values: an effect worth having
  is then excluded. Otherwise it is **undecided**.
* A claim holds if all its parts hold, does not if one of them does not, else it is undecided.

"About tau = 400 is the best" needs a quantity of its own. Noise and saturation are each scaled to
0..1 over the five tau of a prompt and seed, and added: the imbalance. If tau only moved a trainer
along a line from one evil to the other, the imbalance would be the same everywhere; it is lower in
between if the middle has less of both. The middle is named in advance (200, 300, 400 against 100
and 500): the best of five chosen afterwards would be in between by chance alone, three times of
five.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from gaussianmotion.evaluation.contrasts import Cell, cells, contrast, over_prompts
from gaussianmotion.evaluation.intervals import Estimate
from gaussianmotion.evaluation.measures import Measure, measures
from gaussianmotion.evaluation.paper_claims import CLAIMS, IMBALANCE, Claim, Part
from gaussianmotion.evaluation.table_files import Table, number, with_interval

SEEDS = 3
PROMPTS = 3
MATTERS = 0.02
HOLDS, DOES_NOT, UNDECIDED = "holds", "does not", "undecided"
Values = dict[str, dict[Cell, float]]


@dataclass(frozen=True)
class Finding:
    """What became of one part.

    Attributes:
        verdict: holds, does not or undecided.
        reason: Of an undecided part that has no number.
        effect: The contrast with the claim's sign: above 0 is as claimed. None without a number.
        matters: The smallest effect worth having, in the value's unit.
        pairs: Prompts x seeds that went in.
        agreeing: In how many of them the effect is above 0.
    """

    verdict: str
    reason: str = ""
    effect: Estimate | None = None
    matters: float = 0.0
    pairs: int = 0
    agreeing: int = 0


def judge(part: Part, values: Values) -> Finding:
    """Apply the rule to one part.

    Args:
        part: With its variants' weights.
        values: Of its value, by variant and cell.
    """
    absent = [variant for variant in part.weights if not values.get(variant)]
    if absent:
        return Finding(UNDECIDED, f"no measured runs of {', '.join(absent)}")
    found = contrast(values, part.weights)
    seeds: dict[str, set[int]] = {}
    for prompt, seed in found:
        seeds.setdefault(prompt, set()).add(seed)
    most = max((len(group) for group in seeds.values()), default=0)
    if most < SEEDS:
        return Finding(UNDECIDED, f"too few seeds ({most} of {SEEDS})")
    enough = {prompt for prompt, group in seeds.items() if len(group) >= SEEDS}
    if len(enough) < PROMPTS:
        return Finding(UNDECIDED, f"too few prompts ({len(enough)} of {PROMPTS})")
    used = {cell: part.sign * value for cell, value in found.items() if cell[0] in enough}
    effect = over_prompts(used)
    assert effect is not None
    assert effect.low is not None
    assert effect.high is not None
    sizes = [abs(values[variant][cell]) for variant in part.weights for cell in used]
    matters = MATTERS * sum(sizes) / len(sizes)
    verdict = HOLDS if effect.low > 0 else DOES_NOT if effect.high < matters else UNDECIDED
    agreeing = sum(value > 0 for value in used.values())
    return Finding(verdict, "", effect, matters, len(used), agreeing)


def of_claim(findings: list[Finding]) -> str:
    """The claim's verdict from its parts'."""
    verdicts = {finding.verdict for finding in findings}
    if verdicts == {HOLDS}:
        return HOLDS
    return DOES_NOT if DOES_NOT in verdicts else UNDECIDED


def imbalance(first: Values, second: Values) -> Values:
    """Two values, each scaled to 0..1 over the variants of a cell, added.

    A value that is the same in all variants tells them not apart: it adds nothing.

    Args:
        first: By variant and cell.
        second: Likewise, of the same variants.
    """
    shared = set.intersection(*(set(cells) for part in (first, second) for cells in part.values()))
    total: Values = {variant: {} for variant in first}
    for cell in shared:
        for part in (first, second):
            here = {variant: part[variant][cell] for variant in first}
            low, high = min(here.values()), max(here.values())
            for variant, value in here.items():
                scaled = (value - low) / (high - low) if high > low else 0.0
                total[variant][cell] = total[variant].get(cell, 0.0) + scaled
    return total


def verdicts_table(frame: pd.DataFrame, claims: tuple[Claim, ...] = CLAIMS) -> Table:
    """Judge every claim.

    Args:
        frame: All scores.
        claims: The paper's, in its order.
    """
    scores = list(dict.fromkeys(frame["score"]))
    known = {(m.score, m.name): m for m in measures(frame, scores, headlines=False)}
    rows: list[list[str]] = []
    records: list[dict[str, object]] = []
    facts: list[dict[str, object]] = []
    used: dict[str, str] = {}
    for claim in claims:
        findings = []
        for part in claim.parts:
            needed = [(part.score, name) for name in part.values]
            missing = [".".join(key) for key in needed if key not in known]
            if missing:
                findings.append(Finding(UNDECIDED, f"{', '.join(missing)} was not measured"))
                continue
            findings.append(judge(part, _values(frame, part, known)))
            for key in needed:
                measure = known[key]
                used[measure.name] = measure.origin
        verdict = of_claim(findings)
        parts = [_record(claim, *pair) for pair in zip(claim.parts, findings, strict=True)]
        records += [{**record, "claim_verdict": verdict} for record in parts]
        for index, (part, finding) in enumerate(zip(claim.parts, findings, strict=True)):
            head = [claim.statement, verdict] if index == 0 else ["", ""]
            rows.append([*head, part.text, finding.verdict, _text(part, finding)])
        facts.append(
            {
                "id": claim.id,
                "figure": claim.figure,
                "statement": claim.statement,
                "verdict": verdict,
                "parts": parts,
            }
        )
    return Table(
        title="What the paper says of its ablations, and what these runs say",
        headings=["claim", "verdict", "measured by", "part", "effect as claimed [95 % interval]"],
        rows=rows,
        frame=pd.DataFrame(records, columns=list(_RECORD)),
        notes=[
            f"Rule, set before the runs: holds if the interval is above 0; does not if it is below "
            f"{MATTERS:.0%} of the values' mean size; else undecided. At least {SEEDS} seeds and "
            f"{PROMPTS} prompts. Paired within prompt and seed; Student's t over prompts.",
            *(f"{name}: {title}." for name, title in used.items()),
        ],
        facts={"claims": facts},
    )


_RECORD = (
    *("claim", "figure", "claim_verdict", "part", "score", "value_name", "weights", "sign"),
    *("verdict", "effect", "low", "high", "matters", "prompts", "pairs", "agreeing", "reason"),
)


def _values(frame: pd.DataFrame, part: Part, known: Mapping[tuple[str, str], Measure]) -> Values:
    each = [
        {variant: cells(frame, known[part.score, name], variant) for variant in part.weights}
        for name in part.values
    ]
    return imbalance(*each) if part.how == IMBALANCE else each[0]


def _record(claim: Claim, part: Part, finding: Finding) -> dict[str, object]:
    effect = finding.effect
    return {
        "claim": claim.id,
        "figure": claim.figure,
        "part": part.text,
        "score": part.score,
        "value_name": "+".join(part.values),
        "weights": " ".join(f"{weight:+.3g}*{name}" for name, weight in part.weights.items()),
        "sign": part.sign,
        "verdict": finding.verdict,
        "reason": finding.reason,
        "effect": effect.value if effect else None,
        "low": effect.low if effect else None,
        "high": effect.high if effect else None,
        "prompts": effect.clusters if effect else 0,
        "matters": finding.matters,
        "pairs": finding.pairs,
        "agreeing": finding.agreeing,
    }


def _text(part: Part, finding: Finding) -> str:
    if finding.effect is None:
        return finding.reason
    effect = finding.effect
    return (
        f"{with_interval(effect.value, effect.low, effect.high)} in {'+'.join(part.values)}, "
        f"would matter from {number(finding.matters)}; {finding.agreeing} of {finding.pairs} pairs"
    )
