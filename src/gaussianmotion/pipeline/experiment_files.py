"""The files and folders that an experiment names, checked before anything runs."""

import difflib
import os
import re
from pathlib import Path

from gaussianmotion.errors import UserError
from gaussianmotion.pipeline.prompts import slug

# The clips that ship; pose/motion.py reads them, but takes seconds to import.
_CLIPS = Path(__file__).resolve().parents[3] / "resources" / "motions"


def motion_names(motions: list[str]) -> dict[str, str]:
    """Names of videos for clips and files: a clip's own name, or the slug of a file's stem.

    Raises:
        UserError: two motions would write the same video.
    """
    names: dict[str, str] = {}
    for motion in motions:
        name = motion if re.fullmatch(r"[a-z0-9][a-z0-9_-]*", motion) else slug(Path(motion).stem)
        if name in names:
            raise UserError(
                f"motions: {motion!r} and {names[name]!r} would both be written to {name}.mp4; "
                "rename one file"
            )
        names[name] = os.path.expanduser(motion)
    return names


def check_motions(motions: list[str]) -> None:
    """Check that each motion is a clip that ships, or a file that is there.

    Raises:
        UserError: the first one that is neither.
    """
    clips = sorted(path.stem for path in _CLIPS.glob("*.npz"))
    for motion in motions:
        if "/" in motion or motion.endswith(".npz"):
            if not Path(motion).is_file():
                raise UserError(f"motions: no file {motion}; name an AMASS or SMPL .npz file")
        elif motion not in clips:
            close = difflib.get_close_matches(motion, clips, n=1)
            hint = f"did you mean {close[0]!r}?" if close else "or name the path of an .npz file"
            raise UserError(
                f"motions: no clip {motion!r}; choose some of {', '.join(clips)}; {hint}"
            )


def check_body(path: Path, where: str) -> None:
    """Check that the body's file is there; loading it checks the rest.

    Raises:
        UserError: it is not.
    """
    if not path.is_file():
        raise UserError(
            f"{where}: body.path: no file {path}; name your SMPL .npz or .pkl, or leave the key "
            "out for the open body that ships"
        )


def check_results(folder: Path) -> None:
    """Check that results can be written to a folder, which need not be there yet.

    Raises:
        UserError: they cannot, or its name is none for a workflow.
    """
    if set("{}") & set(str(folder)):
        raise UserError(f"results: {folder}: the name may not hold braces; choose another one")
    existing = folder.absolute()
    while not os.path.exists(existing):  # other than Path's, false where it may not be looked at
        existing = existing.parent
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        raise UserError(
            f"results: {existing} is not a folder that you may write; choose another one"
        )
