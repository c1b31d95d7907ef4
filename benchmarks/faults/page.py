"""The outcomes of the campaign, as docs/faults.md has them."""

import io
from dataclasses import dataclass

from page_tables import rows_below

TITLES = {
    "stages": "Stages that are ended",
    "disks": "Disks",
    "files": "Files that are damaged between two runs",
    "stores": "MLflow's store",
    "gpus": "GPUs",
    "workflow": "Snakemake",
}


@dataclass(frozen=True)
class Outcome:
    """What came of a fault.

    Attributes:
        kind: Of the fault.
        name: Of the fault.
        codes: Exit codes of the first run, one for each moment.
        seconds: The longest first run.
        said: The last line that the last first run said.
        wrong: What is not right, with the moment.
        skipped: Why it was not tried.
    """

    kind: str
    name: str
    codes: list[int]
    seconds: float
    said: str
    wrong: list[str]
    skipped: str = ""


def page(outcomes: list[Outcome], untried: list[str]) -> str:
    """The committed page, with the names of the faults that no campaign has come to yet."""
    text = io.StringIO()
    text.write(
        "# What happens when something goes wrong\n\n"
        "Written by `python benchmarks/fault_campaign.py --page`, which does each of these to a "
        "small experiment\n(a random prior, trainings of 8 steps; Snakemake with fast fakes of the "
        "stages), what is ended at random moments as\noften as the table says. After each: the "
        "exit code and the message are right, no file is half a file, a second run leaves what an "
        "undisturbed\none leaves, bit for bit but for times, and nothing beside it. "
        f"{len(outcomes)} faults, {sum(bool(one.wrong) for one in outcomes)} of them not right.\n"
    )
    if untried:
        text.write(f"\nNot tried yet: {'; '.join(untried)}.\n")
    for kind in dict.fromkeys(outcome.kind for outcome in outcomes):
        text.write(f"\n## {TITLES[kind]}\n\n")
        text.write("| fault | times | exit codes | what is said last | right |\n")
        text.write("|---|---|---|---|---|\n")
        for one in outcomes:
            if one.kind == kind:
                codes = ", ".join(map(str, sorted(set(one.codes))))
                right = one.skipped or "; ".join(dict.fromkeys(one.wrong)) or "yes"
                said = one.said.replace("|", "\\|")[:160].strip()
                text.write(f"| {one.name} | {len(one.codes)} | {codes} | {said} | {right} |\n")
    return text.getvalue()


def rows_of(text: str) -> list[Outcome]:
    """The outcomes that a page tells; of the exit codes each kind at least once."""
    found = []
    for kind, (name, times, codes, said, right) in rows_below(text, TITLES):
        told = [int(code) for code in codes.split(", ") if code]
        told += told[-1:] * (int(times) - len(told))
        skipped = right if int(times) == 0 else ""
        wrong = [] if skipped or right == "yes" else [right]
        found.append(Outcome(kind, name, told, 0.0, said.replace("\\|", "|"), wrong, skipped))
    return found
