"""Posing and linear blend skinning with SMPL's joints, in plain numpy.

The synthetic characters are posed thousands of times, one by one: this is the small part of SMPL
that they need. Conventions: metres, y up, the person faces +z, their left is +x.
"""

import numpy as np

from gaussianmotion.body.joints import PARENTS


def axis_angle_to_matrix(axis_angle: np.ndarray) -> np.ndarray:
    """Rodrigues' formula: (..., 3) axis times radians to (..., 3, 3)."""
    angle = np.linalg.norm(axis_angle, axis=-1, keepdims=True)
    axis = axis_angle / np.maximum(angle, 1e-12)
    x, y, z = np.moveaxis(axis, -1, 0)
    zero = np.zeros_like(x)
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).reshape(*x.shape, 3, 3)
    sin, cos = np.sin(angle)[..., None], np.cos(angle)[..., None]
    return np.eye(3) + sin * cross + (1 - cos) * (cross @ cross)


def rotation_between(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The smallest rotation (3, 3) that turns the direction ``source`` into ``target``."""
    source = source / np.linalg.norm(source)
    target = target / np.linalg.norm(target)
    axis = np.cross(source, target)
    sin = np.linalg.norm(axis)
    if sin < 1e-9:
        return np.eye(3)
    return axis_angle_to_matrix(axis / sin * np.arctan2(sin, source @ target))


def joint_transforms(local: np.ndarray, joints: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Forward kinematics.

    Args:
        local: rotation of each joint relative to its parent, (24, 3, 3).
        joints: rest positions, (24, 3), metres.

    Returns:
        Skinning transforms (24, 4, 4), which map rest points to posed points, and the posed
        joints (24, 3).
    """
    world = np.zeros((24, 4, 4))
    world[:, 3, 3] = 1
    for j, parent in enumerate(PARENTS):
        if parent < 0:
            world[j, :3, :3], world[j, :3, 3] = local[j], joints[j]
        else:
            world[j, :3, :3] = world[parent, :3, :3] @ local[j]
            offset = joints[j] - joints[parent]
            world[j, :3, 3] = world[parent, :3, :3] @ offset + world[parent, :3, 3]
    posed = world[:, :3, 3].copy()
    world[:, :3, 3] -= np.einsum("jab,jb->ja", world[:, :3, :3], joints)
    return world, posed


def skin(vertices: np.ndarray, weights: np.ndarray, transforms: np.ndarray) -> np.ndarray:
    """Linear blend skinning: vertices (V, 3), weights (V, 24), transforms (24, 4, 4) to (V, 3)."""
    blended = (weights @ transforms[:, :3].reshape(24, 12).astype(weights.dtype)).reshape(-1, 3, 4)
    return np.einsum("vab,vb->va", blended[:, :, :3], vertices) + blended[:, :, 3]
