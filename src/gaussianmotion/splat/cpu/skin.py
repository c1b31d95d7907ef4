"""Linear blend skinning of Gaussians in one pass over memory, with the hand-written gradient.

A chunk of Gaussians is one task; what is summed over Gaussians is summed per chunk, and chunks in
order, so the number of threads does not show in the result. Joints are padded to whole vectors.
"""

# Kernels get their types from Numba.
# mypy: no-check-untyped-defs

import math

import numpy as np

from gaussianmotion.splat.cpu.jit import kernel
from gaussianmotion.splat.cpu.simd import WIDTH, fill, fma, load, store

CHUNK = 2048
_ENTRIES = 12  # of a transform that are read: three rows of four

_ZERO, _ONE, _TWO = np.float32(0.0), np.float32(1.0), np.float32(2.0)
_SMALLEST_NORM = np.float32(1e-12)  # as torch's normalize


@kernel
def _rotation(quat, rotation):
    """Write the rotation of a wxyz quaternion (4,) to a (3, 3); returns the quaternion's norm."""
    w, x, y, z = quat[0], quat[1], quat[2], quat[3]
    norm = max(np.float32(math.sqrt(w * w + x * x + y * y + z * z)), _SMALLEST_NORM)
    w, x, y, z = w / norm, x / norm, y / norm, z / norm
    rotation[0, 0] = _ONE - _TWO * (y * y + z * z)
    rotation[0, 1] = _TWO * (x * y - w * z)
    rotation[0, 2] = _TWO * (x * z + w * y)
    rotation[1, 0] = _TWO * (x * y + w * z)
    rotation[1, 1] = _ONE - _TWO * (x * x + z * z)
    rotation[1, 2] = _TWO * (y * z - w * x)
    rotation[2, 0] = _TWO * (x * z - w * y)
    rotation[2, 1] = _TWO * (y * z + w * x)
    rotation[2, 2] = _ONE - _TWO * (x * x + y * y)
    return norm


@kernel
def _rotation_backward(quat, norm, v, v_quat):
    """Carry the gradient v (3, 3) of a rotation back to its quaternion."""
    w, x, y, z = quat[0] / norm, quat[1] / norm, quat[2] / norm, quat[3] / norm
    a, b, c = v[2, 1] - v[1, 2], v[0, 2] - v[2, 0], v[1, 0] - v[0, 1]
    d, e, f = v[0, 1] + v[1, 0], v[0, 2] + v[2, 0], v[1, 2] + v[2, 1]
    v_w = _TWO * (x * a + y * b + z * c)
    v_x = _TWO * (w * a + y * d + z * e - _TWO * x * (v[1, 1] + v[2, 2]))
    v_y = _TWO * (w * b + x * d + z * f - _TWO * y * (v[0, 0] + v[2, 2]))
    v_z = _TWO * (w * c + x * e + y * f - _TWO * z * (v[0, 0] + v[1, 1]))
    # Only what turns the quaternion counts: its length is divided out.
    along = w * v_w + x * v_x + y * v_y + z * v_z
    v_quat[0], v_quat[1] = (v_w - w * along) / norm, (v_x - x * along) / norm
    v_quat[2], v_quat[3] = (v_y - y * along) / norm, (v_z - z * along) / norm


@kernel
def _blend(weights, at, joints, transforms, first, blended):
    """Weighted sum of joint transforms, 16 floats each, to blended (16,)."""
    low, high = fill(_ZERO), fill(_ZERO)
    for j in range(joints):
        weight = fill(weights[at + j])
        low = fma(weight, load(transforms, first + 16 * j), low)
        high = fma(weight, load(transforms, first + 16 * j + WIDTH), high)
    store(blended, 0, low)
    store(blended, WIDTH, high)


@kernel
def skin_chunk(chunk, means, quats, scales, weights, joints, transforms, posed, covars):
    """Pose one chunk of Gaussians in every batch element.

    Args:
        chunk: Which CHUNK Gaussians.
        means: (N, 3) float32.
        quats: (N, 4) float32, wxyz.
        scales: (N, 3) float32.
        weights: (N * joints,) float32.
        joints: Joints after padding, a multiple of WIDTH.
        transforms: (B * joints * 16,) float32, rows of 4x4.
        posed: (B, N, 3) float32, out.
        covars: (B, N, 3, 3) float32, out.
    """
    root, mapped = np.empty((3, 3), np.float32), np.empty((3, 3), np.float32)
    t = np.empty(16, np.float32)
    for i in range(chunk * CHUNK, min(chunk * CHUNK + CHUNK, means.shape[0])):
        _rotation(quats[i], root)
        for r in range(3):
            for c in range(3):
                root[r, c] *= scales[i, c]
        for b in range(posed.shape[0]):
            _blend(weights, i * joints, joints, transforms, b * joints * 16, t)
            for r in range(3):
                q = 4 * r
                posed[b, i, r] = (
                    t[q] * means[i, 0] + t[q + 1] * means[i, 1] + t[q + 2] * means[i, 2] + t[q + 3]
                )
                for c in range(3):
                    mapped[r, c] = t[q] * root[0, c] + t[q + 1] * root[1, c] + t[q + 2] * root[2, c]
            for r in range(3):
                for c in range(r, 3):
                    value = (
                        mapped[r, 0] * mapped[c, 0]
                        + mapped[r, 1] * mapped[c, 1]
                        + mapped[r, 2] * mapped[c, 2]
                    )
                    covars[b, i, r, c] = value
                    covars[b, i, c, r] = value


@kernel
def skin_chunk_backward(
    chunk,
    means,
    quats,
    scales,
    weights,
    joints,
    transforms,
    columns,
    v_posed,
    v_covars,
    v_means,
    v_quats,
    v_scales,
    v_weights,
    v_columns,
):
    """Gradients of one chunk.

    Args:
        chunk, means, quats, scales, weights, joints, transforms: As for :func:`skin_chunk`.
        columns: (B * 12 * joints,) float32, the transforms with joints last.
        v_posed: (B, N, 3) float32, the loss's gradient.
        v_covars: (B, N, 3, 3) float32, the loss's gradient.
        v_means, v_quats, v_scales: Out, as their inputs.
        v_weights: (N * joints,) float32, out.
        v_columns: (chunks, B * 12 * joints) float32, out: this chunk's row, as columns.
    """
    batch = v_posed.shape[0]
    rotation, v_root = np.empty((3, 3), np.float32), np.empty((3, 3), np.float32)
    root, mapped, v_mapped = (
        np.empty((3, 3), np.float32),
        np.empty((3, 3), np.float32),
        np.empty((3, 3), np.float32),
    )
    t = np.empty(16, np.float32)
    v_t = np.empty(batch * _ENTRIES, np.float32)
    v_chunk = v_columns[chunk]
    v_chunk[:] = _ZERO
    for i in range(chunk * CHUNK, min(chunk * CHUNK + CHUNK, means.shape[0])):
        norm = _rotation(quats[i], rotation)
        for r in range(3):
            for c in range(3):
                root[r, c] = rotation[r, c] * scales[i, c]
        v_root[:] = _ZERO
        v_means[i, 0] = v_means[i, 1] = v_means[i, 2] = _ZERO
        for b in range(batch):
            _blend(weights, i * joints, joints, transforms, b * joints * 16, t)
            for r in range(3):
                q = 4 * r
                for c in range(3):
                    mapped[r, c] = t[q] * root[0, c] + t[q + 1] * root[1, c] + t[q + 2] * root[2, c]
            for r in range(3):
                for c in range(3):
                    v_mapped[r, c] = (
                        (v_covars[b, i, r, 0] + v_covars[b, i, 0, r]) * mapped[0, c]
                        + (v_covars[b, i, r, 1] + v_covars[b, i, 1, r]) * mapped[1, c]
                        + (v_covars[b, i, r, 2] + v_covars[b, i, 2, r]) * mapped[2, c]
                    )
            for r in range(3):
                gradient = v_posed[b, i, r]
                q = b * _ENTRIES + 4 * r
                for c in range(3):
                    v_t[q + c] = (
                        gradient * means[i, c]
                        + v_mapped[r, 0] * root[c, 0]
                        + v_mapped[r, 1] * root[c, 1]
                        + v_mapped[r, 2] * root[c, 2]
                    )
                    v_means[i, c] += t[4 * r + c] * gradient
                    for k in range(3):
                        v_root[k, c] += t[4 * r + k] * v_mapped[r, c]
                v_t[q + 3] = gradient
        for c in range(3):
            v_scales[i, c] = (
                v_root[0, c] * rotation[0, c]
                + v_root[1, c] * rotation[1, c]
                + v_root[2, c] * rotation[2, c]
            )
            for r in range(3):
                v_root[r, c] *= scales[i, c]
        _rotation_backward(quats[i], norm, v_root, v_quats[i])
        for j in range(0, joints, WIDTH):
            weight = load(weights, i * joints + j)
            v_weight = fill(_ZERO)
            for k in range(batch * _ENTRIES):
                gradient = fill(v_t[k])
                v_weight = fma(gradient, load(columns, k * joints + j), v_weight)
                store(v_chunk, k * joints + j, fma(gradient, weight, load(v_chunk, k * joints + j)))
            store(v_weights, i * joints + j, v_weight)
