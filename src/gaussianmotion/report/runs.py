"""What the report says of each run, from the files in its folder."""

from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

from gaussianmotion.figures.provenance import prior_name
from gaussianmotion.pipeline.grid import Run
from gaussianmotion.records.experiment_folder import ExperimentFolder
from gaussianmotion.records.record import found_json
from gaussianmotion.records.run_folder import RunFolder
from gaussianmotion.records.run_record import RunRecord, known_run
from gaussianmotion.report.tables import short_number

Scores = dict[tuple[str, str, str], list["ShownValue"]]


@dataclass(frozen=True)
class ShownValue:
    """One score of one run: name, number with unit, and what it is, in words."""

    name: str
    text: str
    title: str


@dataclass(frozen=True)
class RunFacts:
    """A run as the report shows it.

    Attributes:
        folder: Of its results.
        record: How it was trained; says nothing where it is not finished.
        logged: Whether MLflow has it.
        run_id: Its id there; empty where it was never sent.
        scores: Those of which more or less is better.
    """

    run: Run
    folder: RunFolder
    record: RunRecord
    logged: bool
    run_id: str
    scores: list[ShownValue]

    @property
    def finished(self) -> bool:
        """Whether its training is done."""
        return self.record.is_known

    @property
    def prior(self) -> str:
        """What the prior is called."""
        return prior_name(self.record.prior)


def read_run_facts(root: Path, run: Run, scores: Scores) -> RunFacts:
    """Everything known of a run; nothing has to be there."""
    folder = run.below(root)
    logged, mirrored = found_json(folder.logged), found_json(folder.mlflow)
    return RunFacts(
        run,
        folder,
        known_run(folder.path),
        bool(logged.get("logged")) or bool(mirrored.get("finished")),
        str(logged.get("run_id") or mirrored.get("run_id") or ""),
        scores.get((run.variant, run.prompt, str(run.seed)), []),
    )


def scores_by_run(rows: list[dict[str, str]]) -> Scores:
    """The values of single runs, those that say which direction is better."""
    found: Scores = defaultdict(list)
    for row in rows:
        if row.get("prompt") and row.get("value") and row.get("better") in ("higher", "lower"):
            key = (row["variant"], row["prompt"], _whole(row.get("seed", "")))
            unit = f" {row['unit']}" if row.get("unit") else ""
            found[key].append(
                ShownValue(
                    row["value_name"],
                    short_number(row["value"]) + unit,
                    f"{row['title']}; protocol {row['protocol']}, N = {row['n']}; "
                    f"{row['better']} is better",
                )
            )
    return found


@dataclass(frozen=True)
class Measured:
    """What one value under an avatar is."""

    name: str
    unit: str
    better: str
    score: str
    protocol: str
    model: str
    n: str


def glossary(rows: list[dict[str, str]]) -> list[Measured]:
    """The values of single runs that :func:`scores_by_run` shows, each once; N as it differs."""
    found: dict[Measured, dict[str, None]] = {}
    for row in rows:
        if row.get("prompt") and row.get("value") and row.get("better") in ("higher", "lower"):
            names = ("value_name", "unit", "better", "title", "protocol", "model")
            name, unit, better, title, protocol, model = (row.get(key) or "" for key in names)
            what = Measured(name, unit, better, title, protocol, model, "")
            found.setdefault(what, {})[_whole(row.get("n") or "")] = None
    return [replace(what, n=", ".join(counts)) for what, counts in found.items()]


def shared_ids(root: Path) -> tuple[str, dict[str, str]]:
    """MLflow's ids of the experiment's own run and of the variants' parents; empty if not logged.

    Args:
        root: Folder of the experiment.
    """
    state = found_json(ExperimentFolder(root).mlflow)
    parents = state.get("parents")
    named = parents if isinstance(parents, dict) else {}
    return str(state.get("run_id") or ""), {str(key): str(id) for key, id in named.items()}


def environment(runs: list[RunFacts]) -> list[tuple[str, str]]:
    """Versions, devices and priors of all runs; what differs is listed."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for run in runs:
        if run.finished:
            found["prior"][run.prior] = None
            record = run.record
            for name, value in (
                *(("device", record.device), ("precision", record.precision)),
                *(("engine", record.engine), ("threads", record.threads)),
                ("body", record.body_id),
                *record.versions.items(),
            ):
                if value:
                    found[name][str(value)] = None
    return [(name, ", ".join(values)) for name, values in found.items()]


def _whole(text: str) -> str:
    """Seeds in a CSV may read 0 or 0.0."""
    return text.removesuffix(".0")
