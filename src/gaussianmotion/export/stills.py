"""Avatars at a moment as files of splats: one file, or a numbered series."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from gaussianmotion.export.ply import write_ply
from gaussianmotion.export.posed import Moment, posed_splats, upside_down
from gaussianmotion.export.splat_glb import write_splat_glb
from gaussianmotion.export.spz import write_spz
from gaussianmotion.records.run_folder import PLY, SPLATS, SPZ
from gaussianmotion.rendering.progress import tracked
from gaussianmotion.rendering.subject import Subject
from gaussianmotion.runtime.errors import UserError

Up = Literal["y", "-y"]

#: Names beside the avatar, by format; a mesh is a .glb, too.
FILES = {"ply": PLY, "spz": SPZ, "splat_glb": SPLATS}
#: Which way is up in each format, where nothing else is asked for.
UPS: dict[str, Up] = {"ply": "-y", "spz": "y", "splat_glb": "y"}


def write_still(
    path: Path, subject: Subject, moment: Moment, kind: str, up: Up | None = None
) -> None:
    """Write an avatar at a moment.

    Args:
        path: The file to write or to replace.
        subject: Who.
        moment: In which pose, and where.
        kind: A key of :data:`FILES`.
        up: Which way is up in the file; the format's own where not given.

    Raises:
        UserError: the file cannot be written, or the format knows one way up only.
    """
    up = up or UPS[kind]
    splats = posed_splats(subject, moment)
    if kind == "splat_glb":
        if up != "y":
            raise UserError("in a .glb y is up: leave out --y")
        write_splat_glb(path, splats, subject)
    else:
        write = {"ply": write_ply, "spz": write_spz}[kind]
        write(path, upside_down(splats) if up == "-y" else splats)


def write_series(
    folder: Path,
    subject: Subject,
    moments: Sequence[Moment],
    kind: str,
    name: str,
    up: Up | None = None,
) -> list[Path]:
    """Write moments as ``NAME-0000.ply`` and so on; files of an earlier, longer series are removed.

    Returns:
        The files, in order.

    Raises:
        UserError: a file cannot be written; those before it are whole.
    """
    suffix = Path(FILES[kind]).suffix
    paths = [folder / f"{name}-{index:04d}{suffix}" for index in range(len(moments))]
    jobs = tracked(zip(paths, moments, strict=True), len(moments), name, True)
    for path, moment in jobs:
        write_still(path, subject, moment, kind, up)
    for stale in set(folder.glob(f"{name}-[0-9][0-9][0-9][0-9]*{suffix}")) - set(paths):
        if stale.stem.removeprefix(f"{name}-").isdigit():
            stale.unlink()
    return paths
