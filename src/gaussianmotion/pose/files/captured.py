"""BVH: another skeleton's motion, its joints told by their names."""

from pathlib import Path

from gaussianmotion.pose.files.bvh import forward, parse_bvh, rest_positions
from gaussianmotion.pose.files.container import Content
from gaussianmotion.pose.files.joint_names import find_joints
from gaussianmotion.pose.files.recording import Skeleton


def read_bvh(content: Content, joint_names: Path | None) -> Skeleton:
    """A BVH file; y up where nothing else is said, as the format has it."""
    bvh = parse_bvh(content.value, content.path)
    found = find_joints([joint.name for joint in bvh.joints], content.path, joint_names)
    turns, places = forward(bvh, set(found.values()))
    rest = rest_positions(bvh)
    fps = 1.0 / bvh.frame_time if bvh.frame_time else None
    if fps is not None and abs(fps - round(fps)) < 0.01 * fps**0.5:
        fps = float(round(fps))  # a frame time of .033333 means 30
    return Skeleton(
        layout="BVH",
        fps=fps,
        up="y",
        rest={name: rest[index] for name, index in found.items()},
        turns={name: turns[index] for name, index in found.items()},
        joints={name: places[index] for name, index in found.items()},
    )
