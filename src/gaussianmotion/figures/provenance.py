"""What a caption says of the runs that a figure shows: prior, N, seeds, protocol."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from gaussianmotion.pipeline.grid import Run
from gaussianmotion.records.picture_records import ViewsRecord
from gaussianmotion.records.run_record import RunRecord, known_run

# Key of a figure's PNG: the pixel row at which its caption begins.
CAPTION_TOP = "CaptionTop"


def provenance(root: Path, runs: Iterable[Run], views: bool) -> str:
    """One or two sentences on how the shown avatars were made.

    What differs between them is listed, never averaged.

    Args:
        root: Folder of the experiment.
        runs: Those that are shown.
        views: Whether the figure shows their still views, whose protocol is then named.
    """
    runs = list(dict.fromkeys(runs))
    if not runs:
        return "No avatar of this figure is in this experiment."
    records = [known_run(run.below(root).path) for run in runs]
    prompts = {run.prompt for run in runs}
    parts = [
        f"Prior: {_each(prior_name(record.prior) for record in records)}",
        f"N = {count(len(runs), 'avatar')} of {count(len(prompts), 'prompt')}",
        f"{'seed' if len({r.seed for r in runs}) == 1 else 'seeds'} {_each(r.seed for r in runs)}",
        f"{_trained(records, 'steps')} steps of {_trained(records, 'batch')} views at "
        f"{_trained(records, 'size')} px",
        f"body {_each(record.body_id or '?' for record in records)}",
    ]
    found = [ViewsRecord.find(run.below(root).views_record) for run in runs if views]
    protocol = _each(f"views-{view.version}" for view in found if view and view.version)
    return "; ".join(parts) + (f"; protocol {protocol}." if protocol else ".")


def trained_with(root: Path, runs: Iterable[Run | None], key: str) -> str:
    """What runs have in their configuration, each value once; empty where no run is finished.

    Args:
        root: Folder of the experiment.
        runs: Of the experiment; None where there is none.
        key: Dotted, below ``train``.
    """
    found = [known_run(run.below(root).path).trained_with(key) for run in runs if run]
    return _each(value for value in found if value is not None)


def prior_name(prior: Mapping[str, Any]) -> str:
    """What a prior is called: the embedded one by its place, a hub model by its id.

    Args:
        prior: Its settings.
    """
    model, control = prior.get("model", "unknown"), prior.get("controlnet", "unknown")
    if str(control).startswith(f"{model}/"):
        name = "embedded prior" if str(model) == "resources/prior" else "prior"
        return f"{name} ({model})"
    return f"{model} with {control}"


def count(number: int, thing: str) -> str:
    """ "1 avatar", "12 avatars"."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _trained(records: Iterable[RunRecord], key: str) -> str:
    values = (record.trained_with(key) for record in records)
    return _each("?" if value is None else value for value in values)


def _each(values: Iterable[Any]) -> str:
    return ", ".join(dict.fromkeys(str(value) for value in values))
