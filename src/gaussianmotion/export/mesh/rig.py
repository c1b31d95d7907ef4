"""SMPL's skeleton and motions as glTF: nodes, a skin, and one animation for each motion.

The mesh is in the star pose, in which the joints' inverse bind matrices hold it; the nodes' own
rotations are the A pose, which is what is seen before anything is played.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8, UInt16
from numpy import ndarray
from torch import Tensor

from gaussianmotion.body import Body
from gaussianmotion.body.joints import JOINTS
from gaussianmotion.body.poses import a_pose
from gaussianmotion.body.rotation import to_quaternion
from gaussianmotion.export.glb import Binary
from gaussianmotion.pose.motion import Motion

INFLUENCES = 4  # of a vertex, in glTF
_FULL = 65535


def skeleton_nodes(body: Body) -> list[dict[str, Any]]:
    """The 24 joints as nodes, number j joint j, in the A pose."""
    parents, joints = body.parents, body.rest_joints.cpu()
    rotations = to_quaternion(a_pose())[:, [1, 2, 3, 0]]
    nodes: list[dict[str, Any]] = []
    for index, (name, parent) in enumerate(zip(JOINTS, parents, strict=True)):
        offset = joints[index] - (joints[parent] if parent >= 0 else 0.0)
        node: dict[str, Any] = {
            "name": name,
            "translation": offset.tolist(),
            "rotation": rotations[index].tolist(),
        }
        children = [child for child, its in enumerate(parents) if its == index]
        if children:
            node["children"] = children
        nodes.append(node)
    return nodes


def inverse_binds(body: Body) -> Float[ndarray, "24 16"]:
    """World to each joint's frame in the star pose, column by column as glTF stores matrices."""
    star = torch.linalg.inv(body.star_inverse.cpu().double())
    # From T-pose points to star points; a joint's own frame has its origin at the joint.
    star[:, :3, 3] += (star[:, :3, :3] @ body.rest_joints.cpu().double()[..., None])[..., 0]
    return torch.linalg.inv(star).transpose(1, 2).reshape(24, 16).numpy().astype("<f4")


def influences(
    weights: Float[Tensor, "V J"],
) -> tuple[UInt8[ndarray, "V 4"], UInt16[ndarray, "V 4"]]:
    """Joints of the four largest weights of each vertex, and those; they sum to 65535 exactly."""
    largest, index = weights.double().topk(INFLUENCES, dim=1)
    shares = (largest / largest.sum(dim=1, keepdim=True).clamp(min=1e-9)).numpy()
    steps = np.floor(shares * _FULL).astype(np.int64)
    steps[:, 0] += _FULL - steps.sum(axis=1)
    joints = np.where(steps > 0, index.numpy(), 0)
    return joints.astype(np.uint8), steps.astype(np.uint16)


def animation(motion: Motion, body: Body, binary: Binary) -> dict[str, Any]:
    """A motion as an animation of the nodes: every joint's rotation, and where the pelvis is."""
    times = binary.add((np.arange(len(motion)) / motion.fps).astype("<f4"), bounds=True)
    quats = continuous(to_quaternion(motion.poses))
    samplers: list[dict[str, Any]] = []
    channels: list[dict[str, Any]] = []

    def channel(node: int, path: str, values: ndarray) -> None:
        channels.append({"sampler": len(samplers), "target": {"node": node, "path": path}})
        samplers.append({"input": times, "output": binary.add(values), "interpolation": "LINEAR"})

    for joint in range(len(JOINTS)):
        channel(joint, "rotation", quats[:, joint, [1, 2, 3, 0]].numpy().astype("<f4"))
    pelvis = motion.translation + body.rest_joints[0].cpu()
    channel(0, "translation", pelvis.numpy().astype("<f4"))
    return {"name": motion.name, "samplers": samplers, "channels": channels}


def animations(motions: Sequence[Motion], body: Body, binary: Binary) -> list[dict[str, Any]]:
    """All motions, one animation each."""
    return [animation(motion, body, binary) for motion in motions]


def continuous(quats: Float[Tensor, "T J 4"]) -> Float[Tensor, "T J 4"]:
    """The same rotations, of the two signs of each the one that is nearer to the frame before."""
    flips = torch.where((quats[1:] * quats[:-1]).sum(dim=-1, keepdim=True) < 0, -1.0, 1.0)
    signs = torch.cat([torch.ones_like(flips[:1]), flips.cumprod(dim=0)])
    return torch.nn.functional.normalize(quats * signs, dim=-1)
