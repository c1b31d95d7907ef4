"""Rotations from directions: the smallest between two, and the best for several."""

import numpy as np
from scipy.spatial.transform import Rotation

from gaussianmotion.pose.files.recording import Array

UP, FORWARD = np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0])


def unit(vectors: Array) -> Array:
    """Vectors (..., 3) of length one; zero stays zero."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)


def angle_between(a: Array, b: Array) -> Array:
    """Radians between vectors (..., 3)."""
    a, b = unit(a), unit(b)
    apart, together = np.linalg.norm(a - b, axis=-1), np.linalg.norm(a + b, axis=-1)
    return np.asarray(2.0 * np.arctan2(apart, together))


def swing(start: Array, end: Array) -> Rotation:
    """The smallest rotations that turn ``start`` to ``end``, both (..., 3) and of any length.

    Opposite directions have none: any half turn about an axis at right angles.
    """
    start, end = np.broadcast_arrays(unit(start), unit(end))
    cross = np.cross(start, end)
    scalar = 1.0 + (start * end).sum(-1, keepdims=True)
    helper = np.where(np.abs(start[..., :1]) < 0.9, [1.0, 0.0, 0.0], [0.0, 1.0, 0.0])
    half_turn = unit(np.cross(start, helper))
    opposite = scalar < 1e-9
    quaternion = np.where(
        opposite,
        np.concatenate([half_turn, np.zeros_like(scalar)], axis=-1),
        np.concatenate([cross, scalar], axis=-1),
    )
    return Rotation.from_quat(quaternion)


def best_rotation(rest: Array, seen: Array) -> Rotation:
    """The rotations R that bring R rest nearest to seen, in least squares (Kabsch 1976).

    Args:
        rest: K vectors, shape (K, 3); at least two that are not parallel.
        seen: The same vectors turned, in each frame, shape (T, K, 3).
    """
    u, _, vt = np.linalg.svd(np.einsum("tki,kj->tij", seen, rest))
    sign = np.sign(np.linalg.det(u @ vt))
    u[..., -1] *= sign[..., None]
    return Rotation.from_matrix(u @ vt)


def twist_about(rotation: Rotation, axis: Array) -> Array:
    """Radians, in (-pi, pi], that rotations (T,) turn about an axis, (3,) or (T, 3)."""
    quaternion = rotation.as_quat()
    along = (quaternion[:, :3] * unit(axis)).sum(-1)
    angle = 2.0 * np.arctan2(along, quaternion[:, 3])
    return (angle + np.pi) % (2 * np.pi) - np.pi
