"""BVH files of our skeleton, written from a motion that is known by other means than the reader."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from gaussianmotion.body import Body
from gaussianmotion.body.joints import INDEX, PARENTS
from gaussianmotion.pose.motion import Motion

MIXAMO = {
    "pelvis": "Hips", "spine1": "Spine", "spine2": "Spine1", "spine3": "Spine2", "neck": "Neck",
    "head": "Head", "hip": "UpLeg", "knee": "Leg", "ankle": "Foot", "foot": "ToeBase",
    "collar": "Shoulder", "shoulder": "Arm", "elbow": "ForeArm", "wrist": "Hand",
}  # fmt: skip


def mixamo_name(joint: str) -> str:
    side = "Left" if joint.startswith("left_") else "Right" if joint.startswith("right_") else ""
    return f"mixamorig:{side}{MIXAMO[joint.removeprefix('left_').removeprefix('right_')]}"


def bvh(
    motion: Motion,
    path: Path,
    body: Body,
    *,
    scale: float = 100.0,
    orders: tuple[str, ...] = ("ZYX", "ZXY", "XYZ"),
    rest_pose: np.ndarray | None = None,
    rest: np.ndarray | None = None,
    name: Callable[[str], str] = mixamo_name,
    left_out: tuple[str, ...] = (),
    inner_positions: bool = False,
    newline: str = "\n",
) -> Path:
    """A BVH file of our skeleton.

    Args:
        scale: The file's units in a metre.
        orders: Euler orders, which the joints have in turn.
        rest_pose: Rotations (24, 3) that the file's rest pose has, with respect to the T-pose.
        rest: Joints in the T-pose (24, 3) of another skeleton than ours.
        left_out: Joints that the file does not have; their bends are lost.
        inner_positions: Joints other than the root have position channels, too.
    """
    names = [joint for joint in list(INDEX)[:22] if joint not in left_out]
    parent = {joint: _ancestor(joint, names) for joint in names}
    skeleton = body.rest_joints.double().numpy() if rest is None else rest
    local = Rotation.from_rotvec(motion.poses.double().numpy().reshape(-1, 3)).as_matrix()
    world, _ = _forward(local.reshape(-1, 24, 3, 3), skeleton)
    still, stood = _forward(
        Rotation.from_rotvec(rest_pose if rest_pose is not None else np.zeros((24, 3))).as_matrix()[
            None
        ],
        skeleton,
    )
    turned = {j: world[:, INDEX[j]] @ still[0, INDEX[j]].T for j in names}
    place = {joint: stood[0, INDEX[joint]] for joint in names}
    root = skeleton[0] + motion.translation.double().numpy()
    lines, columns = ["HIERARCHY"], []

    def write(joint: str, depth: int) -> None:
        tab = "\t" * depth
        order = orders[INDEX[joint] % len(orders)]
        above = parent[joint]
        offset = (place[joint] - (place[above] if above else place[joint])) * scale
        turn = turned[joint] if above is None else turned[above].swapaxes(1, 2) @ turned[joint]
        angles = Rotation.from_matrix(turn).as_euler(order, degrees=True)
        channels = [f"{axis}rotation" for axis in order]
        if above is None or inner_positions:
            channels = ["Xposition", "Yposition", "Zposition", *channels]
            columns.append(root * scale if above is None else np.tile(offset, (len(root), 1)))
        columns.append(angles)
        lines.append(f"{tab}{'JOINT' if above else 'ROOT'} {name(joint)}")
        lines.append(f"{tab}{{")
        # A reader that ignores inner position channels is led astray by the offset.
        shown = offset * (3.0 if above and inner_positions else 1.0)
        lines.append(f"{tab}\tOFFSET {' '.join(f'{v:.6f}' for v in shown)}")
        lines.append(f"{tab}\tCHANNELS {len(channels)} {' '.join(channels)}")
        children = [child for child in names if parent[child] == joint]
        for child in children:
            write(child, depth + 1)
        if not children:
            lines.extend([f"{tab}\tEnd Site", f"{tab}\t{{", f"{tab}\t\tOFFSET 0 1 0", f"{tab}\t}}"])
        lines.append(f"{tab}}}")

    write("pelvis", 0)
    lines += ["MOTION", f"Frames: {len(motion)}", f"Frame Time: {1 / motion.fps:.7f}"]
    table = np.concatenate(columns, axis=1)
    lines += [" ".join(f"{value:.5f}" for value in row) for row in table]
    path = path.with_suffix(".bvh")
    path.write_bytes((newline.join(lines) + newline).encode())
    return path


def _ancestor(joint: str, names: list[str]) -> str | None:
    index = PARENTS[INDEX[joint]]
    while index >= 0 and list(INDEX)[index] not in names:
        index = PARENTS[index]
    return list(INDEX)[index] if index >= 0 else None


def _forward(local: np.ndarray, rest: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """World rotations (T, 24, 3, 3) and positions (T, 24, 3), the root at its rest place."""
    world, places = [local[:, 0]], [np.tile(rest[0], (len(local), 1))]
    for joint in range(1, 24):
        parent = PARENTS[joint]
        world.append(world[parent] @ local[:, joint])
        places.append(places[parent] + world[parent] @ (rest[joint] - rest[parent]))
    return np.stack(world, axis=1), np.stack(places, axis=1)
