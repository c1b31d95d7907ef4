"""What an experiment's folder has to show of each system: our variants and imported baselines."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from gaussianmotion.pipeline.prompts import read_prompts
from gaussianmotion.records.experiment_folder import BASELINES, ExperimentFolder
from gaussianmotion.records.run_folder import RunFolder
from gaussianmotion.records.run_record import RunRecord


@dataclass(frozen=True)
class ShownAvatar:
    """One system's avatar of one prompt.

    Attributes:
        system: A variant, or the folder's name of an imported baseline.
        prompt: The sentence; empty where an imported folder does not say it.
        turntable: The video around it.
        views: The stills around it, in order.
        motions: Videos by the motion's name.
    """

    system: str
    prompt: str
    turntable: Path | None
    views: list[Path]
    motions: dict[str, Path]


def imported_systems(experiment: Path) -> list[str]:
    """Names of the imported baselines that have something to show."""
    names = [folder.name for folder in _folders(experiment / BASELINES)]
    return [name for name in names if avatars(experiment, name)]


def avatars(experiment: Path, system: str, seeds: Collection[int] = ()) -> dict[str, ShownAvatar]:
    """A system's avatars by prompt id; of several seeds the smallest.

    Args:
        experiment: Its folder. Prompts that are no longer in its list are not shown.
        system: A variant or an imported baseline.
        seeds: Those that come before others, which an earlier configuration may have left.

    Raises:
        UserError: a run's facts, or the prompt list, are damaged.
    """
    path = ExperimentFolder(experiment).prompts
    listed = {prompt.id for prompt in read_prompts(path)} if path.is_file() else None
    found: dict[str, ShownAvatar] = {}
    for folder in _folders(experiment / BASELINES / system):
        found[folder.name] = _avatar(system, RunFolder(folder))
    for prompt in _folders(experiment / system):
        runs = [RunFolder(folder) for folder in _folders(prompt) if folder.name.isdigit()]
        finished = [run for run in runs if run.is_finished]
        if finished:
            first = min(finished, key=lambda run: (_seed(run) not in seeds, _seed(run)))
            found[prompt.name] = _avatar(system, first)
    return {
        name: avatar
        for name, avatar in found.items()
        if (avatar.turntable or avatar.views or avatar.motions)
        and (listed is None or name in listed)
    }


def _seed(run: RunFolder) -> int:
    return int(run.path.name)


def _avatar(system: str, folder: RunFolder) -> ShownAvatar:
    views = folder.views
    # Views begin at the back (-180 degrees); people see the front first, as in a turntable.
    front = len(views) // 2
    return ShownAvatar(
        system=system,
        prompt=_prompt(folder),
        turntable=folder.turntable if folder.turntable.is_file() else None,
        views=views[front:] + views[:front],
        motions={path.stem: path for path in folder.videos},
    )


def _prompt(folder: RunFolder) -> str:
    """The sentence; empty where an imported folder has no record."""
    return " ".join(RunRecord.read(folder.record).prompt.split()) if folder.is_finished else ""


def _folders(path: Path) -> list[Path]:
    """Sorted folders in a folder, which may be absent; hidden ones are not meant."""
    if not path.is_dir():
        return []
    return sorted(
        child for child in path.iterdir() if child.is_dir() and not child.name.startswith(".")
    )
