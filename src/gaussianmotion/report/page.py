"""``report.html``: everything of an experiment on one page that needs nothing but itself."""

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from gaussianmotion import __version__
from gaussianmotion.config.stages import ReportSettings
from gaussianmotion.figures.grid import FIGURES
from gaussianmotion.figures.provenance import provenance
from gaussianmotion.pipeline.grid import Grid, main_variant
from gaussianmotion.records.experiment_folder import ExperimentFolder
from gaussianmotion.records.record import found_json
from gaussianmotion.report import media
from gaussianmotion.report.beside import gallery, href
from gaussianmotion.report.missing import missing
from gaussianmotion.report.panels import prompt_panels
from gaussianmotion.report.runs import (
    RunFacts,
    environment,
    glossary,
    read_run_facts,
    scores_by_run,
    shared_ids,
)
from gaussianmotion.report.tables import is_absent, read_scores, read_tables, together
from gaussianmotion.report.timing import clock, stage_times
from gaussianmotion.report.verdicts import shown_claims, summary
from gaussianmotion.runtime.atomic import write_text
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.runtime.revision import git_commit


def write_report(root: Path, grid: Grid, config: ReportSettings, out: Path) -> int:
    """Write the page; returns its size in bytes.

    Args:
        root: Folder of the experiment.
        grid: Its runs.
        config: ``tracking.enabled`` is read.
        out: HTML to write; links to large videos are relative to it.

    Raises:
        UserError: a picture is damaged, or the folder cannot be written.
    """
    if not grid.runs:
        raise UserError(f"{root}: the experiment has no runs; name variants, prompts and seeds")
    folder = ExperimentFolder(root)
    scores, tables = read_scores(root), read_tables(root)
    by_run = scores_by_run(scores)
    runs = [read_run_facts(root, run, by_run) for run in grid.runs]
    figures = [_figure(root, name, out) for name in FIGURES if _drawn(root, name).exists()]
    times = stage_times(root, [run.folder.path for run in runs])
    overview = folder.sheet
    verdicts = next((table for table in tables if "claims" in table.facts), None)
    claims = shown_claims(verdicts) if verdicts else []
    own_id, parent_ids = shared_ids(root)
    page = _template().render(
        title=root.resolve().name,
        trained=_trained(root, runs),
        grid=grid,
        runs=runs,
        finished=sum(run.finished for run in runs),
        logged=sum(run.logged for run in runs),
        main=main_variant(grid.main),
        missing=missing(
            grid, runs, scores, tables, [f["name"] for f in figures], config.tracking.enabled
        ),
        tables=[table for table in tables if table is not verdicts],
        verdicts=verdicts,
        claims=claims,
        summary=summary(claims),
        small={claim.figure: _small(root, claim.figure) for claim in claims},
        figures=figures,
        overview=media.overview(overview) if overview.exists() else None,
        gallery=gallery(root, out),
        overview_href=href(overview, out) if overview.exists() else "",
        prompts=prompt_panels(grid, runs, out),
        glossary=glossary(scores),
        times=times,
        all_seconds=sum(time.total for time in times),
        own_id=own_id,
        parent_ids=parent_ids,
        environment=environment(runs),
        models=_weights(folder.models),
        written=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        version=__version__,
        commit=git_commit(),
        machine=f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPU cores",
        clock=clock,
    )
    write_text(out, page)
    return len(page.encode("utf-8"))


def _template() -> Any:
    environment = Environment(
        loader=PackageLoader("gaussianmotion.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["together"] = together
    environment.tests["absent"] = is_absent
    return environment.get_template("report.html.j2")


def _trained(root: Path, runs: Sequence[RunFacts]) -> str:
    """Prior, N, seeds, size and protocol of all that is finished."""
    finished = [run.run for run in runs if run.finished]
    return provenance(root, finished, views=True) if finished else "No avatar is trained yet."


def _drawn(root: Path, figure: str) -> Path:
    return ExperimentFolder(root).figure(figure)


def _figure(root: Path, name: str, out: Path) -> dict[str, Any]:
    path = _drawn(root, name)
    title, caption = media.title_and_caption(path)
    return {
        "name": name,
        "title": title or f"Figure {name.removeprefix('fig')} of the paper",
        "caption": caption,
        "picture": media.without_caption(path, media.FIGURE_WIDTH),
        "png": href(path, out),
        "pdf": href(path.with_suffix(".pdf"), out),
    }


def _small(root: Path, figure: str) -> media.Inlined | None:
    """A figure beside the claim that it is about."""
    path = _drawn(root, figure)
    return media.without_caption(path, media.SMALL_WIDTH) if figure and path.exists() else None


def _weights(folder: Path) -> list[tuple[str, str, str]]:
    """What of each model, file, SHA-256: as the files of the models stage have them."""
    rows = []
    for path in sorted(folder.glob("**/*.json")):
        variant = "" if path.parent == folder else f"{path.parent.name}: "
        for key, facts in found_json(path).items():
            digests = facts.get("weights_sha256", {}) if isinstance(facts, dict) else {}
            if isinstance(digests, dict):
                rows += [
                    (variant + key, str(name), str(digest)) for name, digest in digests.items()
                ]
    return rows
