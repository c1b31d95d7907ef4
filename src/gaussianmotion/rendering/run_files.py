"""What the views and animate stages left in a run's folder, read back."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray

from gaussianmotion.errors import UserError
from gaussianmotion.rendering.video import read_frames
from gaussianmotion.runtime.pictures import read_picture

# Folder of the animations: a motion may have any name, also that of another file of the run.
MOTIONS = "motions"
# First in a sheet, where they are there.
PREFERRED = ("walk", "run", "dance", "kick", "jump")


@dataclass(frozen=True)
class RunPictures:
    """The pictures of one avatar.

    Attributes:
        folder: Where they are.
        facts: Content of ``views.json``.
        motions: Content of each animation's JSON, the preferred motions first.
    """

    folder: Path
    facts: dict[str, Any]
    motions: tuple[dict[str, Any], ...]

    @property
    def prompt(self) -> str:
        """The text that the avatar was made from."""
        return str(self.facts["prompt"])

    def still(self, azimuth: float) -> UInt8[ndarray, "H W 3"]:
        """The view nearest to an azimuth in degrees; ``front.png`` for 0."""
        if azimuth == 0.0:
            return read_image(self.folder / self.facts["front"]["file"])
        nearest = min(
            self.facts["views"],
            key=lambda view: abs((view["azimuth"] - azimuth + 180.0) % 360.0 - 180.0),
        )
        return read_image(self.folder / nearest["file"])

    def frames(self, motion: dict[str, Any], count: int) -> list[UInt8[ndarray, "H W 3"]]:
        """``count`` frames, evenly spaced over the motion (over one cycle of a cyclic one)."""
        length = motion["frames"] // max(1, motion["cycles"])
        # Of a cycle, the point after the last frame is the first one again.
        steps = np.arange(count) / count if motion["cycles"] else (np.arange(count) + 0.5) / count
        indices = [min(length - 1, int(step * length)) for step in steps]
        return read_frames(self.folder / MOTIONS / motion["file"], indices)


def read_run(folder: Path, motions: Sequence[str] | None = None) -> RunPictures:
    """Find a run's pictures by the JSON files beside them.

    Args:
        folder: Of the run.
        motions: Names of the videos that belong to it, in any order: a clip that is no longer
            configured may still lie there. All where not given.

    Raises:
        UserError: the views are not there, or a JSON file is damaged.
    """
    folder = Path(folder)
    if not (folder / "views.json").is_file():
        raise UserError(
            f"{folder} has no views.json: run `gaussianmotion views` on its avatar first"
        )
    facts = _read_json(folder / "views.json", ("prompt", "front", "views"))
    found = []
    for video in sorted((folder / MOTIONS).glob("*.mp4")):
        beside = video.with_suffix(".json")
        if beside.is_file() and (motions is None or video.stem in motions):
            found.append(_read_json(beside, ("motion", "file", "frames", "cycles")))
    order = {name: place for place, name in enumerate(PREFERRED)}
    found.sort(key=lambda facts: (order.get(facts["motion"], len(order)), facts["motion"]))
    return RunPictures(folder, facts, tuple(found))


def read_image(path: Path) -> UInt8[ndarray, "H W 3"]:
    """A picture as RGB.

    Raises:
        UserError: it is missing or damaged.
    """
    return np.asarray(read_picture(path, "run `gaussianmotion views` again"))


def _read_json(path: Path, needed: tuple[str, ...]) -> dict[str, Any]:
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        missing = [key for key in needed if key not in facts]
    except (OSError, ValueError, TypeError):
        missing = ["readable JSON"]
    if missing:
        raise UserError(f"{path} is damaged (no {', '.join(missing)}): render it again")
    return facts
