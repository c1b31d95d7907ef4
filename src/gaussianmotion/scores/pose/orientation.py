"""Which way a person faces, told by where their left side is in space.

The person's left is the sum of the vectors from right to left shoulder and from right to left hip.
With the camera's axes (right, down, forward) it points right for who faces the camera, and away
from the camera for who shows their right side.
"""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

# A facing direction is right within this many degrees: the quarter of the circle around it. A
# detector that guesses is right in one of four.
RIGHT_WITHIN = 45.0
QUARTERS = ("front", "right", "back", "left")


def facing(joints: Float[ndarray, "T 12 3"]) -> Float[ndarray, " T"]:
    """Degrees in (-180, 180]: 0 faces the camera, 90 shows their right side, 180 their back.

    Args:
        joints: In the order of ``pose_detector.NAMES`` (left and right alternate, shoulders at 0
            and 1, hips at 6 and 7), metres, in the camera's axes.
    """
    left = joints[:, 0] - joints[:, 1] + joints[:, 6] - joints[:, 7]
    return np.degrees(np.arctan2(left[:, 2], left[:, 0]))


def agreement(
    found: Float[ndarray, " T"], truth: Float[ndarray, " T"], seen: ndarray
) -> dict[str, float | None]:
    """Share of frames whose facing direction was found, in all and by the side that is shown.

    Args:
        found: Degrees, as the detector says.
        truth: Degrees, as driven.
        seen: Whether the detector saw a person; where not, it is wrong.

    Returns:
        ``orientation``, and ``front``, ``right``, ``back``, ``left``: of the frames that show that
        side; None where there is none.
    """
    away = np.abs((found - truth + 180.0) % 360.0 - 180.0)
    right = (away <= RIGHT_WITHIN) & seen
    quarter = np.floor((truth + 45.0) / 90.0).astype(int) % 4
    shares: dict[str, float | None] = {"orientation": round(float(right.mean()), 4)}
    for index, name in enumerate(QUARTERS):
        chosen = right[quarter == index]
        shares[name] = round(float(chosen.mean()), 4) if len(chosen) else None
    return shares
