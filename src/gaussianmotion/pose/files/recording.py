"""What a reader finds in a file, before it is turned upright and brought to our skeleton.

T frames; positions and rotations in the file's own axes and unit.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

Array = NDArray[np.float64]

# Metres of the units that a file can be in.
UNITS = {"m": 1.0, "cm": 0.01, "mm": 0.001, "in": 0.0254, "ft": 0.3048}


@dataclass(frozen=True, kw_only=True, eq=False)
class Recording:
    """What all kinds have.

    Attributes:
        layout: Which kind of file it is, for people.
        fps: Frames per second; None where neither the file nor its layout says.
        up: The axis that points up: y, z, -y or -z; None where the layout does not say.
        cyclic: The last frame is the first one again, up to a translation.
        provenance: Where the file says that it comes from.
    """

    layout: str
    fps: float | None
    up: str | None
    cyclic: bool = False
    provenance: str | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Rotations(Recording):
    """SMPL's rotations.

    Attributes:
        poses: Axis-angle in radians relative to the parent, SMPL joint order, shape (T, 24, 3).
        translation: Added after posing, shape (T, 3).
    """

    poses: Array
    translation: Array

    def __len__(self) -> int:
        return len(self.poses)


@dataclass(frozen=True, kw_only=True, eq=False)
class Positions(Recording):
    """SMPL's joints without rotations.

    Attributes:
        joints: Positions of SMPL's first 22 joints, shape (T, 22, 3).
    """

    joints: Array

    def __len__(self) -> int:
        return len(self.joints)


@dataclass(frozen=True, kw_only=True, eq=False)
class Skeleton(Recording):
    """Another skeleton's rotations, of those of its joints that SMPL has.

    Attributes:
        rest: Positions with no rotation, by SMPL's name, shape (3,).
        turns: Rotations in the world, T of them.
        joints: Positions in the world, shape (T, 3).
    """

    rest: dict[str, Array]
    turns: dict[str, Rotation]
    joints: dict[str, Array]

    def __len__(self) -> int:
        return len(self.joints["pelvis"])
