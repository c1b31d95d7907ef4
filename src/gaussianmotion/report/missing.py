"""What an experiment does not have, said plainly: a report without it would look complete."""

from collections import Counter

from gaussianmotion.figures.grid import FIGURES, VARIANTS
from gaussianmotion.pipeline.grid import OURS, Grid
from gaussianmotion.report.runs import RunFacts
from gaussianmotion.report.tables import TITLES, ShownTable

NOT_PROVIDED = "not provided"


def missing(
    grid: Grid,
    runs: list[RunFacts],
    scores: list[dict[str, str]],
    tables: list[ShownTable],
    figures: list[str],
    tracked: bool,
) -> list[str]:
    """One sentence for each thing, the most important first; none where nothing is missing.

    Args:
        grid: Runs that the experiment should have.
        runs: What is there of each.
        scores: Rows of ``scores.csv``.
        tables: Those that were made.
        figures: Names of those that were drawn.
        tracked: Whether runs are meant to be in MLflow.
    """
    return [
        *_runs(runs, tracked),
        *_scores(scores),
        *_tables(tables),
        *_figures(figures),
        *_variants(grid),
        *_words(runs),
    ]


def _runs(runs: list[RunFacts], tracked: bool) -> list[str]:
    sentences = []
    open_runs = [_name(run) for run in runs if not run.finished]
    if open_runs:
        sentences.append(f"Not trained: {_some(open_runs)}.")
    unlogged = [_name(run) for run in runs if run.finished and not run.logged]
    if tracked and unlogged:
        sentences.append(
            f"Not in MLflow: {_some(unlogged)}. The files are complete; `gaussianmotion sync` "
            "logs them."
        )
    return sentences


def _scores(rows: list[dict[str, str]]) -> list[str]:
    if not rows:
        return ["No scores were collected (tables/scores.csv)."]
    reasons = Counter(
        (row["title"], row.get("status") or "no number", row.get("reason") or "no reason given")
        for row in rows
        if row.get("status") not in ("ok", "") or not row.get("value")
    )
    return [
        *(
            f"{title}: {status} in {number} of its files ({reason.rstrip('.')})."
            for (title, status, reason), number in reasons.items()
        ),
        *_partly_read(rows),
    ]


def _partly_read(rows: list[dict[str, str]]) -> list[str]:
    """Numbers that are of a part only of what they should be of."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    for row in rows:
        if row.get("status") == "ok" and row.get("reason") and row.get("prompt"):
            found.setdefault((row["title"], row["reason"]), {})[row["prompt"]] = None
    return [
        f"{title} of {', '.join(prompts)}: {reason}." for (title, reason), prompts in found.items()
    ]


def _tables(tables: list[ShownTable]) -> list[str]:
    made = {table.name for table in tables}
    unmade = [title for name, title in TITLES.items() if name not in made]
    sentences = [f"Tables that were not made: {', '.join(unmade)}."] if unmade else []
    for table in tables:
        if table.name == "table1":
            absent = [row[0] for row in table.rows if NOT_PROVIDED in row[1:]]
            if absent:
                sentences.append(
                    f"Table 1: renders of {', '.join(absent)} were not provided, so they have no "
                    "numbers."
                )
        status = table.facts.get("status", "ok")
        if table.name == "table2" and status != "ok":
            sentences.append(f"Table 2: {status}")
    return sentences


def _figures(drawn: list[str]) -> list[str]:
    absent = [name.removeprefix("fig") for name in FIGURES if name not in drawn]
    return [f"Figures that were not drawn: {', '.join(absent)}."] if absent else []


def _variants(grid: Grid) -> list[str]:
    there = {run.variant for run in grid.runs}
    absent = {
        name: [v for v in variants if v != OURS and v not in there]
        for name, variants in VARIANTS.items()
    }
    return [
        f"Figure {name.removeprefix('fig')}: {', '.join(names)} not in this experiment."
        for name, names in absent.items()
        if names
    ]


def _words(runs: list[RunFacts]) -> list[str]:
    words = dict.fromkeys(word for run in runs for word in run.record.unknown_words)
    if not words:
        return []
    return [f"The prior has never seen these words of the prompts: {', '.join(words)}."]


def _name(run: RunFacts) -> str:
    return f"{run.run.variant}/{run.run.prompt}/{run.run.seed}"


def _some(names: list[str], shown: int = 5) -> str:
    more = len(names) - shown
    return ", ".join(names[:shown]) + (f" and {more} more" if more > 0 else "")
