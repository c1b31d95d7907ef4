"""Motions: poses over time, bundled, or from people's own files.

World frame: metres, y up. What kinds of files are read, :mod:`gaussianmotion.pose.files` knows.
"""

import difflib
import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from gaussianmotion.body import Body, load_body
from gaussianmotion.body.rotation import slerp, to_axis_angle, to_quaternion
from gaussianmotion.config.motion import MotionFile, MotionSource, motion_file
from gaussianmotion.pose.files.read import BODY, read_motion_file
from gaussianmotion.pose.floor import set_on_floor
from gaussianmotion.runtime.errors import UserError

BUNDLED = Path(__file__).resolve().parents[3] / "resources" / "motions"


@dataclass(frozen=True, eq=False)
class Motion:
    """A clip of T frames.

    Attributes:
        name: Name of the bundled clip or of the file.
        fps: Frames per second.
        poses: Axis-angle in radians, SMPL joint order, shape (T, 24, 3).
        translation: Added after posing, metres, y up, shape (T, 3).
        source: Where it comes from, for people.
        cyclic: The last frame is the first one again, up to a translation.
        layout: Which kind of file it was read from, for people.
    """

    name: str
    fps: float
    poses: Float[Tensor, "T 24 3"]
    translation: Float[Tensor, "T 3"]
    source: str
    cyclic: bool = False
    layout: str = "bundled clip"

    def __len__(self) -> int:
        return len(self.poses)

    @property
    def seconds(self) -> float:
        """Time from the first frame to the last."""
        return (len(self) - 1) / self.fps

    def resample(self, fps: float | int) -> "Motion":
        """The same clip at another rate, rotations by slerp, positions linearly.

        First and last frame stay what they are, so the duration is right to half a frame.
        """
        count = round(self.seconds * fps) + 1
        if len(self) == 1 or count == 1:
            return replace(
                self, fps=float(fps), poses=self.poses[:1], translation=self.translation[:1]
            )
        position = torch.linspace(0, len(self) - 1, count, dtype=torch.float64)
        before = position.long().clamp(max=len(self) - 2)
        share = (position - before).float()[:, None]
        rotations = to_quaternion(self.poses)
        between = slerp(rotations[before], rotations[before + 1], share[:, None])
        moved = torch.lerp(self.translation[before], self.translation[before + 1], share)
        return replace(self, fps=float(fps), poses=to_axis_angle(between), translation=moved)

    def loop(self, seconds: float | int) -> "Motion":
        """A cyclic clip repeated, each time from where it ended, to last at least ``seconds``.

        Other clips are returned as they are.
        """
        if not self.cyclic or self.seconds >= seconds:
            return self
        cycles = int(np.ceil(seconds / self.seconds))
        step = (self.translation[-1] - self.translation[0]) * torch.tensor([1.0, 0.0, 1.0])
        walked = [self.translation[:-1] + turn * step for turn in range(cycles)]
        return replace(
            self,
            poses=torch.cat([self.poses[:-1].repeat(cycles, 1, 1), self.poses[-1:]]),
            translation=torch.cat([*walked, self.translation[-1:] + (cycles - 1) * step]),
        )


def bundled_motions() -> list[str]:
    """Names of the clips that ship with the project."""
    return sorted(path.stem for path in BUNDLED.glob("*.npz"))


def load_motion(source: MotionSource) -> Motion:
    """A bundled clip by its name, or a motion file by its path (docs/how-to/motions.md).

    Files are brought to the shipped body: its skeleton, its size, its floor. The first frame is at
    x = z = 0.

    Args:
        source: A name, a path, a mapping as text, or a :class:`MotionFile`.

    Raises:
        UserError: no such clip or file, or the file holds no motion, or not all that is needed.
    """
    file = motion_file(source)
    if file is not None:
        return _load(file)
    known = bundled_motions()
    if source not in known:
        close = difflib.get_close_matches(str(source), known, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ", or the path of a motion file"
        raise UserError(f"unknown motion {str(source)!r}: bundled are {', '.join(known)}{hint}")
    motion = _load(MotionFile(path=BUNDLED / f"{source}.npz"), on_floor=True)
    return replace(motion, layout="bundled clip")


def load_motions(sources: Sequence[MotionSource]) -> list[Motion]:
    """Motions that are told apart by their names in one file.

    Raises:
        UserError: one of them cannot be read, or two have one name.
    """
    motions: dict[str, Motion] = {}
    for source in sources:
        motion = load_motion(source)
        if motion.name in motions:
            raise UserError(
                f"two motions are called {motion.name!r}, of which one would be lost: leave one "
                "out, or give it a name, as in '{path: x.npz, name: second}'"
            )
        motions[motion.name] = motion
    return list(motions.values())


def _load(file: MotionFile, on_floor: bool = False) -> Motion:
    """Read a file.

    Args:
        file: The file.
        on_floor: It stands on the shipped body's floor already.
    """
    recording, found, moved, fps = read_motion_file(file)
    poses = torch.from_numpy(found.astype(np.float32))
    translation = torch.from_numpy(moved.astype(np.float32))
    return Motion(
        name=file.name or file.path.stem,
        fps=fps,
        poses=poses,
        translation=translation if on_floor else set_on_floor(poses, translation, _body()),
        source=recording.provenance or str(file.path),
        cyclic=recording.cyclic,
        layout=recording.layout,
    )


@functools.cache
def _body() -> Body:
    return load_body(BODY)
