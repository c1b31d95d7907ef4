"""What an experiment's folder has to show of each system: our variants and imported baselines."""

import json
from dataclasses import dataclass
from pathlib import Path

from gaussianmotion.errors import UserError

BASELINES = "baselines"


@dataclass(frozen=True)
class Avatar:
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


def avatars(experiment: Path, system: str) -> dict[str, Avatar]:
    """A system's avatars by prompt id; of several seeds the smallest.

    Raises:
        UserError: a run's facts are damaged.
    """
    found: dict[str, Avatar] = {}
    for folder in _folders(experiment / BASELINES / system):
        found[folder.name] = _avatar(system, folder)
    for prompt in _folders(experiment / system):
        seeds = [folder for folder in _folders(prompt) if folder.name.isdigit()]
        finished = [folder for folder in seeds if (folder / "run.json").is_file()]
        if finished:
            found[prompt.name] = _avatar(system, min(finished, key=lambda path: int(path.name)))
    return {
        name: avatar
        for name, avatar in found.items()
        if avatar.turntable or avatar.views or avatar.motions
    }


def _avatar(system: str, folder: Path) -> Avatar:
    turntable = folder / "turntable.mp4"
    views = sorted((folder / "views").glob("*.png"))
    # Views begin at the back (-180 degrees); people see the front first, as in a turntable.
    front = len(views) // 2
    return Avatar(
        system=system,
        prompt=_prompt(folder / "run.json"),
        turntable=turntable if turntable.is_file() else None,
        views=views[front:] + views[:front],
        motions={path.stem: path for path in sorted((folder / "motions").glob("*.mp4"))},
    )


def _prompt(path: Path) -> str:
    if not path.is_file():
        return ""
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        return " ".join(str(facts.get("prompt") or "").split())
    except (OSError, ValueError, AttributeError):
        raise UserError(f"{path} is damaged: make that run again, or import it again") from None


def _folders(path: Path) -> list[Path]:
    """Sorted folders in a folder, which may be absent; hidden ones are not meant."""
    if not path.is_dir():
        return []
    return sorted(
        child for child in path.iterdir() if child.is_dir() and not child.name.startswith(".")
    )
