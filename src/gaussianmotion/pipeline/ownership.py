"""One folder of results belongs to one experiment.

Two configuration files that both say ``experiment: paper`` would overwrite each other's avatars,
each in turn, without a word. So a run leaves ``experiment.json`` in its folder: which files it was
configured by, and digests of what its results depend on. Editing those files is no clash (the
workflow then makes again what changed), and neither are other files that change nothing of it, such
as an overlay with further prompts. What ``--config`` says on the command line counts as a file.
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from gaussianmotion.pipeline.experiment import Experiment
from gaussianmotion.records.experiment_folder import NOTE
from gaussianmotion.runtime.atomic import write_json
from gaussianmotion.runtime.errors import UserError

# How jobs note what they depend on: 2, by digests of their code; before, by lists of source files.
FORMAT = 2
# What two experiments that share a folder must agree in.
SECTIONS = ("prior", "body", "train", "render")
NOTHING: Mapping[str, Any] = MappingProxyType({})


def refuse_other_experiment(
    experiment: Experiment,
    files: Sequence[str | os.PathLike[str]],
    overrides: Mapping[str, Any] = NOTHING,
) -> None:
    """Stop before another experiment's results are overwritten.

    Args:
        experiment: The one that is about to run.
        files: Its configuration files.
        overrides: Its keys of the command line, which overrule the files.

    Raises:
        UserError: its folder holds results of other files that do not agree with these.
    """
    known = _read(_folder(experiment))
    ours = _files(experiment, files, overrides)
    if known is None or ours in known["files"]:
        return
    mine = _identity(experiment)
    differing = next(
        (key for key in SECTIONS if known["sections"].get(key) != mine["sections"][key]), None
    )
    if differing is None:
        old = known["prompts"]
        changed = [name for name, text in mine["prompts"].items() if old.get(name, text) != text]
        if not changed:
            return
        differing = f"prompt {changed[0]!r}"
    others = ", ".join(known["files"][-1])
    raise UserError(
        f"{_folder(experiment)} holds another experiment of this name, that of {others}, and its "
        f"{differing} is not that of {', '.join(ours)}: {_another_name(overrides)}"
    )


def refuse_old_results(experiment: Experiment) -> None:
    """Stop before all of an earlier version's results are made again without a word.

    Snakemake's records of them cannot be brought up to date: without them, it would not notice
    another setting; with them, it makes everything again.

    Raises:
        UserError: the experiment's folder holds such results.
    """
    folder = _folder(experiment)
    known = _read(folder)
    if known is not None and known.get("format") != FORMAT:
        raise UserError(
            f"{folder} was made by an earlier version, which noted otherwise what results depend "
            f"on: all of it would be made again. If it shall be, delete {folder / NOTE}; to keep "
            "it, write `experiment: another-name`, or go on with the version that made it"
        )


def remember_experiment(
    experiment: Experiment,
    files: Sequence[str | os.PathLike[str]],
    overrides: Mapping[str, Any] = NOTHING,
) -> None:
    """Note in the experiment's folder which files it is of; earlier ones that agreed stay noted."""
    folder = _folder(experiment)
    known = _read(folder)
    ours = _files(experiment, files, overrides)
    earlier = [] if known is None else [old for old in known["files"] if old != ours]
    noted = {"format": FORMAT, "files": [*earlier, ours], **_identity(experiment)}
    if known is not None:
        noted["prompts"] = {**known["prompts"], **noted["prompts"]}
    if noted != known:
        write_json(folder / NOTE, noted)


def _folder(experiment: Experiment) -> Path:
    return experiment.config.results / experiment.config.experiment


def _files(
    experiment: Experiment,
    files: Sequence[str | os.PathLike[str]],
    overrides: Mapping[str, Any],
) -> list[str]:
    names = sorted({os.path.relpath(path) for path in files})
    scale = experiment.config.scale
    scaled = [] if scale == "full" else [f"scale={scale}"]
    return [*names, *scaled, *(f"--config {key}" for key in _decisive(overrides))]


def _decisive(overrides: Mapping[str, Any]) -> list[str]:
    """Keys of the command line that change results, each with its value."""
    return [
        f"{key}={json.dumps(overrides[key], sort_keys=True, default=str)}"
        for key in SECTIONS
        if key in overrides
    ]


def _another_name(overrides: Mapping[str, Any]) -> str:
    if _decisive(overrides):
        return "add `experiment=another-name` to --config"
    return "write `experiment: another-name` there"


def _identity(experiment: Experiment) -> dict[str, Any]:
    data = experiment.config.model_dump(mode="json")
    return {
        "sections": {
            key: hashlib.sha256(json.dumps(data[key], sort_keys=True).encode()).hexdigest()[:16]
            for key in SECTIONS
        },
        "prompts": {prompt.id: prompt.text for prompt in experiment.prompts.values()},
    }


def _read(folder: Path) -> dict[str, Any] | None:
    """What an earlier run noted; a damaged or missing note forbids nothing."""
    try:
        known = json.loads((folder / NOTE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    keys = {"files": list, "sections": dict, "prompts": dict}
    fine = isinstance(known, dict) and all(
        isinstance(known.get(key), kind) and known[key] for key, kind in keys.items()
    )
    return known if fine else None
