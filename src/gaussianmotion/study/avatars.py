"""What an experiment's folder has to show of each system: our variants and imported baselines."""

from dataclasses import dataclass
from pathlib import Path

from gaussianmotion.records.experiment_folder import BASELINES
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


def avatars(experiment: Path, system: str) -> dict[str, ShownAvatar]:
    """A system's avatars by prompt id; of several seeds the smallest.

    Raises:
        UserError: a run's facts are damaged.
    """
    found: dict[str, ShownAvatar] = {}
    for folder in _folders(experiment / BASELINES / system):
        found[folder.name] = _avatar(system, RunFolder(folder))
    for prompt in _folders(experiment / system):
        seeds = [RunFolder(folder) for folder in _folders(prompt) if folder.name.isdigit()]
        finished = [run for run in seeds if run.is_finished]
        if finished:
            found[prompt.name] = _avatar(system, min(finished, key=lambda run: int(run.path.name)))
    return {
        name: avatar
        for name, avatar in found.items()
        if avatar.turntable or avatar.views or avatar.motions
    }


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
