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
  is then excluded. Otherwise it is **undecided**. An interval above 0 and below what would matter
  holds, since claims are of a direction; the table shows both numbers.
* A claim holds if all its parts hold, does not if one of them does not, else it is undecided.

"About tau = 400 is the best" needs a quantity of its own. Noise and saturation are each scaled to
0..1 over the five tau of a prompt and seed, and added: the imbalance. If tau only moved a trainer
along a line from one evil to the other, the imbalance would be the same everywhere; it is lower in
between if the middle has less of both. The middle is named in advance (200, 300, 400 against 100
and 500): the best of five chosen afterwards would be in between by chance alone, three times of
five.
"""

from dataclasses import dataclass

from gaussianmotion.tables.contrasts import Cell, contrast, over_prompts
from gaussianmotion.tables.intervals import Estimate
from gaussianmotion.tables.verdicts.paper_claims import IMBALANCE, Part

SEEDS = 3
PROMPTS = 3
MATTERS = 0.02
HOLDS, DOES_NOT, UNDECIDED = "holds", "does not", "undecided"
Values = dict[str, dict[Cell, float]]


@dataclass(frozen=True)
class PartVerdict:
    """What became of one part.

    Attributes:
        verdict: holds, does not or undecided.
        reason: Of an undecided part that has no number.
        effect: The contrast with the claim's sign: above 0 is as claimed. None without a number.
        matters: The smallest effect worth having, in the value's unit.
        pairs: Prompts and seeds that went in.
        agreeing: In how many of them the effect is above 0.
    """

    verdict: str
    reason: str = ""
    effect: Estimate | None = None
    matters: float = 0.0
    pairs: tuple[Cell, ...] = ()
    agreeing: int = 0


def judge(part: Part, *measured: Values) -> PartVerdict:
    """Apply the rule to one part.

    Args:
        part: With its variants' weights.
        measured: Of each of its values, by variant and cell.
    """
    if not any(part.weights.values()):
        return PartVerdict(UNDECIDED, "the compared variants were trained alike")
    absent = [name for name in part.weights if not all(values.get(name) for values in measured)]
    if absent:
        return PartVerdict(UNDECIDED, f"no measured runs of {', '.join(absent)}")
    values = imbalance(*measured) if part.how == IMBALANCE else measured[0]
    found = contrast(values, part.weights)
    seeds: dict[str, set[int]] = {}
    for prompt, seed in found:
        seeds.setdefault(prompt, set()).add(seed)
    most = max((len(group) for group in seeds.values()), default=0)
    if most < SEEDS:
        return PartVerdict(UNDECIDED, f"too few seeds ({most} of {SEEDS})")
    enough = {prompt for prompt, group in seeds.items() if len(group) >= SEEDS}
    if len(enough) < PROMPTS:
        return PartVerdict(UNDECIDED, f"too few prompts ({len(enough)} of {PROMPTS})")
    used = {cell: part.sign * value for cell, value in found.items() if cell[0] in enough}
    effect = over_prompts(used)
    assert effect is not None
    assert effect.low is not None
    assert effect.high is not None
    sizes = [abs(values[variant][cell]) for variant in part.weights for cell in used]
    matters = MATTERS * sum(sizes) / len(sizes)
    verdict = HOLDS if effect.low > 0 else DOES_NOT if effect.high < matters else UNDECIDED
    agreeing = sum(value > 0 for value in used.values())
    return PartVerdict(verdict, "", effect, matters, tuple(used), agreeing)


def of_claim(findings: list[PartVerdict]) -> str:
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
