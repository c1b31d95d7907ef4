"""The bundled clip idle: standing at ease, breathing, the weight going from one leg to the other.

Generated, not captured. Every angle is a sine whose period divides the clip's, so that it loops
without a jump. The feet stay where they are: the legs follow the pelvis by inverse kinematics.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from gaussianmotion.body import Body
from gaussianmotion.body.joints import INDEX
from gaussianmotion.pose.files.directions import unit

Array = NDArray[np.float64]

SECONDS, FPS = 8.0, 30
BREATHS = 2  # in the clip: 15 a minute
# How far the pelvis goes to each side, and ahead, metres; and how much lower it stands than with
# straight legs.
SWAY, LEAN, BENT_KNEES = 0.024, 0.006, 0.0055
# The feet: between the ankles and turned out.
STANCE, TOES_OUT = 0.25, 9.0
PROVENANCE = "made by gaussianmotion.synthesis.body.idle (MIT)"


def idle(body: Body) -> tuple[Array, Array]:
    """Poses (T, 24, 3) and translations (T, 3); the last frame is the first one again."""
    time = np.linspace(0.0, 2 * np.pi, round(SECONDS * FPS) + 1)
    shift, breath = np.sin(time), np.sin(BREATHS * time)
    rest = body.rest_joints.double().numpy()
    poses = np.zeros((len(time), 24, 3))

    def turn(
        joint: str, x: Array | float = 0.0, y: Array | float = 0.0, z: Array | float = 0.0
    ) -> None:
        angles = np.stack(np.broadcast_arrays(x, y, z, time)[:3], axis=1)
        poses[:, INDEX[joint]] = Rotation.from_euler(
            "YXZ", angles[:, [1, 0, 2]], degrees=True
        ).as_rotvec()

    # The hip of the standing leg is the higher one; the spine bends back to keep the head level.
    roll, yaw = 2.0 * shift, 1.6 * np.sin(time + 0.7)
    turn("pelvis", x=1.0 + 0.3 * breath, y=yaw, z=roll)
    turn("spine1", x=1.0, y=-0.4 * yaw, z=-0.45 * roll)
    turn("spine2", x=-0.5 - 0.7 * breath, y=-0.3 * yaw, z=-0.45 * roll)
    turn("spine3", x=-1.5 - 0.8 * breath, z=-0.2 * roll)
    turn("neck", x=2.0 + 0.7 * breath, y=1.2 * np.sin(time + 2.0))
    turn("head", x=1.0 + 0.6 * breath, y=2.4 * np.sin(time + 1.6), z=-0.3 * roll)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        swing = np.sin(time + (0.4 if sign > 0 else 1.1))
        turn(f"{side}_collar", z=sign * (-9.0 + 1.0 * breath))
        turn(
            f"{side}_shoulder", x=4.0, y=sign * (3.0 + 1.2 * swing), z=sign * (-64.0 - 1.5 * swing)
        )
        turn(f"{side}_elbow", y=-sign * (15.0 + 1.5 * swing))
        turn(f"{side}_wrist", z=sign * (4.0 + 1.0 * swing))
    moved = np.stack(
        [SWAY * shift, -BENT_KNEES - 0.002 * shift**2, LEAN * np.sin(2 * time + 0.5)], axis=1
    )
    pelvis = Rotation.from_rotvec(poses[:, 0])
    for side, sign in (("left", 1.0), ("right", -1.0)):
        hip, ankle = rest[INDEX[f"{side}_hip"]], rest[INDEX[f"{side}_ankle"]]
        place = np.array([sign * STANCE / 2, ankle[1], ankle[2] + 0.03 * sign])
        foot = Rotation.from_euler("y", sign * TOES_OUT, degrees=True)
        _stand(
            poses, side, rest, pelvis, rest[0] + moved + pelvis.apply(hip - rest[0]), place, foot
        )
    return poses, moved - moved[0] * [1.0, 0.0, 1.0]


def _stand(
    poses: Array,
    side: str,
    rest: Array,
    pelvis: Rotation,
    hips: Array,
    place: Array,
    foot: Rotation,
) -> None:
    """Set a leg's rotations so that its foot stays in its place.

    Args:
        poses: To change, (T, 24, 3).
        side: left or right.
        rest: Joints in the T-pose, (24, 3).
        pelvis: Its rotation in the world, T.
        hips: Where the hip is, (T, 3).
        place: Where the ankle stays, (3,).
        foot: How the foot is turned in the world.
    """
    hip, knee, ankle = (rest[INDEX[f"{side}_{name}"]] for name in ("hip", "knee", "ankle"))
    upper, lower = np.linalg.norm(knee - hip), np.linalg.norm(ankle - knee)
    line = place - hips
    length = np.minimum(np.linalg.norm(line, axis=1), upper + lower - 1e-6)
    # The law of cosines gives the knee; it points where the foot does.
    along = (upper**2 - lower**2 + length**2) / (2 * length)
    ahead = foot.apply([0.0, 0.0, 1.0])
    ahead = unit(ahead - (ahead * unit(line)).sum(1, keepdims=True) * unit(line))
    bent = hips + unit(line) * along[:, None] + ahead * np.sqrt(upper**2 - along**2)[:, None]
    thigh, shin = _bone(knee - hip, bent - hips, ahead), _bone(ankle - knee, place - bent, ahead)
    poses[:, INDEX[f"{side}_hip"]] = (pelvis.inv() * thigh).as_rotvec()
    poses[:, INDEX[f"{side}_knee"]] = (thigh.inv() * shin).as_rotvec()
    poses[:, INDEX[f"{side}_ankle"]] = (shin.inv() * foot).as_rotvec()


def _bone(rest: Array, seen: Array, ahead: Array) -> Rotation:
    """Rotations that bring a bone where it is seen, and ahead ahead."""

    def frame(down: Array, front: Array) -> Array:
        y = unit(down)
        z = unit(front - (front * y).sum(-1, keepdims=True) * y)
        return np.stack([np.cross(y, z), y, z], axis=-1)

    return Rotation.from_matrix(frame(seen, ahead) @ frame(rest, np.array([0.0, 0.0, 1.0])).T)
