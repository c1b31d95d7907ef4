"""The files and folders that an experiment names, checked before anything runs."""

import difflib
import os
import re
from collections.abc import Sequence
from pathlib import Path

from gaussianmotion.config import BodyConfig
from gaussianmotion.config.motion import MotionSource, motion_file, motion_text
from gaussianmotion.pipeline.prompts import slug
from gaussianmotion.runtime.atomic import dangling_link
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.runtime.shipped import shipped

# The clips that ship; pose/motion.py reads them, but takes seconds to import.
_CLIPS = Path(__file__).resolve().parents[3] / "resources" / "motions"
_JOINT_NAMES = Path(__file__).resolve().parents[3] / "config" / "joint_names.yaml"


def motion_names(motions: Sequence[MotionSource]) -> dict[str, str]:
    """Motions by the names of their videos: a clip's own name, the given one, or the file's slug.

    Returns:
        Each motion as one argument of a command (a name, a path, or a mapping as JSON).

    Raises:
        UserError: two motions would write the same video.
    """
    names: dict[str, str] = {}
    for motion in motions:
        name, text = motion_name(motion), motion_text(motion)
        if name in names:
            raise UserError(
                f"motions: {text!r} and {names[name]!r} would both be written to {name}.mp4; "
                "give one a name, as in {path: x.npz, name: second}"
            )
        names[name] = text
    return names


def motion_name(motion: MotionSource) -> str:
    """The name of a motion's video."""
    file = motion_file(motion)
    if file is None:
        text = str(motion)
        return text if re.fullmatch(r"[a-z0-9][a-z0-9_-]*", text) else slug(text)
    stem = file.path.stem
    return file.name or (stem if re.fullmatch(r"[a-z0-9][a-z0-9_-]*", stem) else slug(stem))


def motion_inputs(motion: MotionSource) -> list[str]:
    """The files of the user's that a motion is read from."""
    file = motion_file(motion)
    if file is None:
        return []
    beside: list[Path | None] = []
    if file.path.suffix.lower() == ".bvh":
        beside = [file.joint_names, _JOINT_NAMES]
    elif file.path.name.startswith("hps_track"):  # TRAM's, which has its cameras apart
        cameras = [folder / "camera.npy" for folder in file.path.parents[:2]]
        beside = [next((path for path in cameras if path.is_file()), None)]
    return [str(path) for path in (file.path, *beside) if path is not None]


def check_motions(motions: Sequence[MotionSource], opened: bool = False) -> None:
    """Check that each motion is a clip that ships, or a motion file.

    Args:
        motions: Of the configuration.
        opened: Open and read the files, too, which takes seconds.

    Raises:
        UserError: some are neither; all of them in one line.
    """
    mistakes = [said for motion in motions if (said := _mistake(motion, opened))]
    if mistakes:
        raise UserError(f"motions: {'; and '.join(mistakes)}")


def _mistake(motion: MotionSource, opened: bool) -> str | None:
    clips = sorted(path.stem for path in _CLIPS.glob("*.npz"))
    file = motion_file(motion)
    if file is None and motion in clips:
        return None
    if file is None:
        close = difflib.get_close_matches(str(motion), clips, n=1)
        hint = f"did you mean {close[0]!r}?" if close else "or name the path of a motion file"
        return f"no clip {str(motion)!r}; choose some of {', '.join(clips)}; {hint}"
    if not file.path.is_file():
        return f"no file {file.path}; name a motion file (docs/how-to/motions.md)"
    if opened:
        from gaussianmotion.pose.files.read import read_motion_file

        try:
            read_motion_file(file)
        except UserError as error:
            return str(error)
    return None


def check_body(body: BodyConfig, where: str, opened: bool = False) -> None:
    """Check that a body's file is there.

    Args:
        body: Of the configuration.
        where: Names of the configuration's files, for the message.
        opened: Load it, too, unless it is the one that ships, as it ships.

    Raises:
        UserError: it is not, or it is no body.
    """
    if not shipped(body.path).is_file():
        raise UserError(
            f"{where}: body.path: no file {body.path}; name your SMPL .npz or .pkl, or leave the "
            "key out for the open body that ships"
        )
    if opened and body != BodyConfig():
        from gaussianmotion.body import load_body  # with torch, which takes seconds

        load_body(body.path, body.betas)


def check_results(folder: Path) -> None:
    """Check that results can be written to a folder, which need not be there yet.

    Raises:
        UserError: they cannot, or its name is none for a workflow.
    """
    if set("{}") & set(str(folder)):
        raise UserError(f"results: {folder}: the name may not hold braces; choose another one")
    dangling = dangling_link(folder.absolute())
    if dangling is not None:
        raise UserError(f"results: {dangling}")
    existing = folder.absolute()
    while not os.path.exists(existing):  # other than Path's, false where it may not be looked at
        existing = existing.parent
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        raise UserError(
            f"results: {existing} is not a folder that you may write; choose another one"
        )
