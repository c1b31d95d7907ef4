"""Links to what lies beside the report: files of any kind, and avatars' pages and exports."""

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from gaussianmotion.records.experiment_folder import ExperimentFolder
from gaussianmotion.records.run_folder import MESH, PAGE, PLY, SPLATS, SPZ

# In the order in which they are shown; the rules of export make them on request.
_EXPORTS = {
    PAGE: "turn and move it",
    MESH: "rigged mesh (.glb)",
    PLY: "splats (.ply)",
    SPZ: "splats (.spz)",
    SPLATS: "splats (.glb)",
}


@dataclass(frozen=True)
class Link:
    """A file beside the report: its words and its address."""

    name: str
    href: str


def href(path: Path, out: Path) -> str:
    """A link from the page to a file beside it; names may hold spaces and signs of addresses."""
    return quote(Path(os.path.relpath(path, out.parent)).as_posix())


def exported(folder: Path, out: Path) -> list[Link]:
    """The exports of a run that are there.

    Args:
        folder: Of the run.
        out: The report.
    """
    there = {file: name for file, name in _EXPORTS.items() if (folder / file).is_file()}
    return [Link(name, href(folder / file, out)) for file, name in there.items()]


def gallery(root: Path, out: Path) -> str:
    """Address of the experiment's gallery, empty where there is none."""
    path = ExperimentFolder(root).gallery
    return href(path, out) if path.is_file() else ""
