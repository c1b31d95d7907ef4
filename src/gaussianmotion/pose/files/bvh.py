"""BVH files: a skeleton's hierarchy, then Euler angles in degrees for each frame.

Read here because no library reads all that is asked: bvhio (MIT) handles mixed orders and inner
position channels, but waits for ever at the end of a file that is cut short; pybvh (MIT) refuses
position channels on inner joints.
"""

import re
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from gaussianmotion.pose.files.arrays import check_length
from gaussianmotion.pose.files.recording import Array
from gaussianmotion.runtime.errors import UserError

# A hand has 20 joints; a file with more than this is no person.
MOST_JOINTS = 500


@dataclass
class Joint:
    """One joint: its parent's index (-1 for the root), offset in the file's unit, and channels."""

    name: str
    parent: int
    offset: tuple[float, ...] = (0.0, 0.0, 0.0)
    channels: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Bvh:
    """A whole file: joints, parents first, and one row of channel values for each frame.

    Attributes:
        joints: In the file's order, which is the channels'.
        frame_time: Seconds; 0 where the file says nothing usable.
        values: Shape (T, all channels); positions in the file's unit, angles in degrees.
    """

    joints: list[Joint]
    frame_time: float
    values: Array


def parse_bvh(text: str, path: Path) -> Bvh:
    """The joints and values of a BVH file.

    Raises:
        UserError: it is cut short, has no channels, or is no BVH.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    parts = re.split(r"^\s*MOTION\s*$", text, maxsplit=1, flags=re.MULTILINE | re.IGNORECASE)
    if len(parts) != 2:
        raise UserError(f"{path} is cut short or damaged: a BVH file has a line MOTION")
    joints = _hierarchy(parts[0], path)
    lines = re.match(r"\s*Frames\s*:\s*(\d+)\s*\n\s*Frame\s+Time\s*:\s*(\S+)\s*\n?", parts[1], re.I)
    if lines is None:
        raise UserError(f"{path}: MOTION must be followed by `Frames: N` and `Frame Time: seconds`")
    count, width = int(lines[1]), sum(len(joint.channels) for joint in joints)
    if width == 0:
        raise UserError(f"{path} has no channels, so nothing in it moves")
    check_length(count, path)
    values = _numbers(parts[1][lines.end() :], path)
    if len(values) != count * width:
        raise UserError(
            f"{path} says {count} frames of {width} channels, but holds {len(values) / width:.1f} "
            "frames; it is cut short or damaged: copy or export it again"
        )
    return Bvh(joints, _seconds(lines[2]), values.reshape(count, width))


def _seconds(word: str) -> float:
    try:
        seconds = float(word)
    except ValueError:
        return 0.0
    return seconds if 1e-4 <= seconds <= 10.0 else 0.0


def _numbers(text: str, path: Path) -> Array:
    """All numbers of the text; numpy reads a hundred million a minute."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", DeprecationWarning)  # it says so where a word is none
            values = np.fromstring(text, dtype=np.float64, sep=" ")
    except (DeprecationWarning, ValueError):
        raise UserError(f"{path}: MOTION holds words that are no numbers") from None
    if not np.isfinite(values).all():
        raise UserError(f"{path} has values that are not numbers: cut those frames out")
    return values


def _hierarchy(text: str, path: Path) -> list[Joint]:
    joints: list[Joint] = []
    pending = -1
    open_joints: list[int] = []  # -1 stands for an end site, whose offset moves nothing
    lines = re.sub(r"([{}])", r"\n\1\n", text).splitlines()
    for line in filter(None, (line.strip() for line in lines)):
        word, *after = line.split(maxsplit=1)
        word, rest = word.upper(), "".join(after)
        if word in ("ROOT", "JOINT"):
            if word == "ROOT" and joints:
                raise UserError(f"{path} has several skeletons; export one person")
            parent = open_joints[-1] if open_joints else -1
            if len(joints) >= MOST_JOINTS or (parent < 0 and word == "JOINT"):
                raise UserError(f"{path}: its hierarchy is damaged, or no person's")
            joints.append(Joint(rest.strip(), parent))
            pending = len(joints) - 1
        elif word == "END":
            pending = -1
        elif word == "{":
            open_joints.append(pending)
        elif word == "}" and open_joints:
            open_joints.pop()
        elif word in ("OFFSET", "CHANNELS") and open_joints:
            if open_joints[-1] >= 0:
                _describe(joints[open_joints[-1]], word, rest.split(), path)
        elif word != "HIERARCHY":
            raise UserError(f"{path}: {line[:40]!r} does not belong into a BVH hierarchy")
    if not joints or open_joints:
        raise UserError(f"{path}: its hierarchy is cut short or empty; export it again")
    return joints


def _describe(joint: Joint, word: str, values: list[str], path: Path) -> None:
    try:
        if word == "OFFSET":
            joint.offset = tuple(float(value) for value in values)
            fine = len(values) == 3 and bool(np.isfinite(joint.offset).all())
        else:
            joint.channels = [channel.lower() for channel in values[1:]]
            # Twice the same axis would be no rotation order.
            fine = int(values[0]) == len(joint.channels) == len(set(joint.channels)) and all(
                re.fullmatch("[xyz](position|rotation)", channel) for channel in joint.channels
            )
    except (ValueError, IndexError):
        fine = False
    if not fine:
        raise UserError(f"{path}: joint {joint.name!r} has a bad {word} line")


def rest_positions(bvh: Bvh) -> Array:
    """Positions of the joints with no rotation, shape (J, 3)."""
    rest = np.zeros((len(bvh.joints), 3))
    for index, joint in enumerate(bvh.joints):
        rest[index] = joint.offset
        if joint.parent >= 0:
            rest[index] += rest[joint.parent]
    return rest


def forward(bvh: Bvh, wanted: set[int]) -> tuple[dict[int, Rotation], dict[int, Array]]:
    """Rotations and positions in the world of some joints, by index; positions (T, 3).

    Channels are applied in the order in which they stand, each about the axis that the ones before
    it have turned. A position channel replaces the offset, on inner joints, too.
    """
    turns: dict[int, Rotation] = {}
    places: dict[int, Array] = {}
    needed = set(wanted)
    for index in sorted(wanted, reverse=True):
        while (index := bvh.joints[index].parent) >= 0:
            needed.add(index)
    column = 0
    for index, joint in enumerate(bvh.joints):
        values = bvh.values[:, column : column + len(joint.channels)]
        column += len(joint.channels)
        if index not in needed:
            continue
        place = np.tile(joint.offset, (len(values), 1))
        axes = ""
        angles: list[Array] = []
        for channel, value in zip(joint.channels, values.T, strict=True):
            if channel.endswith("position"):
                place[:, "xyz".index(channel[0])] = value
            else:
                axes += channel[0].upper()
                angles.append(value)
        turn = _euler(axes, angles, len(values))
        if joint.parent >= 0:
            parent = turns[joint.parent]
            turn, place = parent * turn, parent.apply(place) + places[joint.parent]
        turns[index], places[index] = turn, place
    return turns, places


def _euler(axes: str, angles: list[Array], count: int) -> Rotation:
    """Turns about the axes, one after the other, each about those that the others have turned."""
    if not axes:
        return Rotation.identity(count)
    return Rotation.from_euler(axes, np.stack(angles, axis=1), degrees=True)
