"""What a caption says of the runs that a figure shows: prior, N, seeds, protocol."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gaussianmotion.pipeline.grid import Run

# Key of a figure's PNG: the pixel row at which its caption begins.
CAPTION_TOP = "CaptionTop"


def folder_of(root: Path, run: Run) -> Path:
    """The results folder of a run."""
    return root / run.variant / run.prompt / str(run.seed)


def read_facts(path: Path) -> dict[str, Any]:
    """A JSON file's mapping, empty where there is none."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def provenance(root: Path, runs: Iterable[Run]) -> str:
    """One or two sentences on how the shown avatars were made.

    What differs between them is listed, never averaged.
    """
    runs = list(dict.fromkeys(runs))
    if not runs:
        return "No avatar of this figure is in this experiment."
    facts = [read_facts(folder_of(root, run) / "run.json") for run in runs]
    views = [read_facts(folder_of(root, run) / "views.json") for run in runs]
    train = [fact.get("config", {}).get("train", {}) for fact in facts]
    prompts = {run.prompt for run in runs}
    parts = [
        f"Prior: {_each(prior_name(fact.get('config', {})) for fact in facts)}",
        f"N = {count(len(runs), 'avatar')} of {count(len(prompts), 'prompt')}",
        f"{'seed' if len({r.seed for r in runs}) == 1 else 'seeds'} {_each(r.seed for r in runs)}",
        f"{_each(t.get('steps', '?') for t in train)} steps of "
        f"{_each(t.get('batch', '?') for t in train)} views at "
        f"{_each(t.get('size', '?') for t in train)} px",
        f"body {_each(fact.get('body_id', '?') for fact in facts)}",
    ]
    protocol = _each(f"views-{view['version']}" for view in views if "version" in view)
    return "; ".join(parts) + (f"; protocol {protocol}." if protocol else ".")


def trained_with(root: Path, runs: Iterable[Run | None], key: str) -> str:
    """What runs have in their configuration, each value once; empty where no run is finished.

    Args:
        root: Folder of the experiment.
        runs: Of the experiment; None where there is none.
        key: Dotted, below ``train``.
    """
    found = []
    for run in runs:
        value: Any = (
            read_facts(folder_of(root, run) / "run.json").get("config", {}).get("train", {})
            if run
            else {}
        )
        for name in key.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        found += [] if value is None else [value]
    return _each(found)


def prior_name(config: dict[str, Any]) -> str:
    """What a prior is called: the embedded one by its place, a hub model by its id."""
    prior = config.get("prior", {})
    model, control = prior.get("model", "unknown"), prior.get("controlnet", "unknown")
    if str(control).startswith(f"{model}/"):
        name = "embedded prior" if str(model) == "resources/prior" else "prior"
        return f"{name} ({model})"
    return f"{model} with {control}"


def count(number: int, thing: str) -> str:
    """ "1 avatar", "12 avatars"."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _each(values: Iterable[Any]) -> str:
    return ", ".join(dict.fromkeys(str(value) for value in values))
