"""What projecting a Gaussian and differentiating the projection share.

Each piece is compiled into both kernels (see :func:`~gaussianmotion.splat.cpu.jit.inlined`).
"""

# Kernels get their types from Numba.
# mypy: no-check-untyped-defs

import numpy as np

from gaussianmotion.splat.constants import EPS2D, FRUSTUM_MARGIN
from gaussianmotion.splat.cpu.jit import inlined


@inlined
def camera_numbers(viewmat, K, width, height):
    """A camera in float64: its transform, focal lengths and centre in pixels, limits of the slopes.

    Returns:
        r (4, 4), (fx, fy, cx, cy), (low_x, high_x, low_y, high_y): beyond these slopes x / z and
        y / z the linearised projection would stretch splats without bound.
    """
    r = viewmat.astype(np.float64)
    fx, fy, cx, cy = (
        np.float64(K[0, 0]),
        np.float64(K[1, 1]),
        np.float64(K[0, 2]),
        np.float64(K[1, 2]),
    )
    margin_x, margin_y = FRUSTUM_MARGIN * width / fx, FRUSTUM_MARGIN * height / fy
    low_x, high_x = -cx / fx - margin_x, (width - cx) / fx + margin_x
    low_y, high_y = -cy / fy - margin_y, (height - cy) / fy + margin_y
    return r, (fx, fy, cx, cy), (low_x, high_x, low_y, high_y)


@inlined
def centre_and_depth(means, i, r):
    """Gaussian i's centre in the world, and its depth in front of the camera, metres."""
    m0, m1, m2 = np.float64(means[i, 0]), np.float64(means[i, 1]), np.float64(means[i, 2])
    z = r[2, 0] * m0 + r[2, 1] * m1 + r[2, 2] * m2 + r[2, 3]
    return m0, m1, m2, z


@inlined
def slopes(centre, z, r, focal, limits):
    """Slopes u, v of the ray to a centre, the same within limits, and the Jacobian's four entries.

    Returns:
        inverse_z, u, v, clamped_u, clamped_v, j00, j02, j11, j12.
    """
    m0, m1, m2 = centre
    fx, fy = focal
    low_x, high_x, low_y, high_y = limits
    inverse_z = 1.0 / z
    u = (r[0, 0] * m0 + r[0, 1] * m1 + r[0, 2] * m2 + r[0, 3]) * inverse_z
    v = (r[1, 0] * m0 + r[1, 1] * m1 + r[1, 2] * m2 + r[1, 3]) * inverse_z
    j00, j11 = fx * inverse_z, fy * inverse_z
    clamped_u, clamped_v = min(max(u, low_x), high_x), min(max(v, low_y), high_y)
    j02, j12 = -j00 * clamped_u, -j11 * clamped_v
    return inverse_z, u, v, clamped_u, clamped_v, j00, j02, j11, j12


@inlined
def covariance_in_pixels(covars, i, r, j00, j02, j11, j12):
    """The 2D covariance [a; b] S [a; b]^T of Gaussian i, with a and b the rows of J R.

    Returns:
        a, b, p = S a, q = S b (three numbers each), and (xx, xy, yy) with the pixels' own blur.
    """
    a0, a1, a2 = (
        j00 * r[0, 0] + j02 * r[2, 0],
        j00 * r[0, 1] + j02 * r[2, 1],
        j00 * r[0, 2] + j02 * r[2, 2],
    )
    b0, b1, b2 = (
        j11 * r[1, 0] + j12 * r[2, 0],
        j11 * r[1, 1] + j12 * r[2, 1],
        j11 * r[1, 2] + j12 * r[2, 2],
    )
    s00, s11, s22 = (
        np.float64(covars[i, 0, 0]),
        np.float64(covars[i, 1, 1]),
        np.float64(covars[i, 2, 2]),
    )
    s01 = 0.5 * (np.float64(covars[i, 0, 1]) + np.float64(covars[i, 1, 0]))
    s02 = 0.5 * (np.float64(covars[i, 0, 2]) + np.float64(covars[i, 2, 0]))
    s12 = 0.5 * (np.float64(covars[i, 1, 2]) + np.float64(covars[i, 2, 1]))
    p0, p1, p2 = (
        s00 * a0 + s01 * a1 + s02 * a2,
        s01 * a0 + s11 * a1 + s12 * a2,
        s02 * a0 + s12 * a1 + s22 * a2,
    )
    q0, q1, q2 = (
        s00 * b0 + s01 * b1 + s02 * b2,
        s01 * b0 + s11 * b1 + s12 * b2,
        s02 * b0 + s12 * b1 + s22 * b2,
    )
    xx = a0 * p0 + a1 * p1 + a2 * p2 + EPS2D
    xy = b0 * p0 + b1 * p1 + b2 * p2
    yy = b0 * q0 + b1 * q1 + b2 * q2 + EPS2D
    return (a0, a1, a2), (b0, b1, b2), (p0, p1, p2), (q0, q1, q2), (xx, xy, yy)


@inlined
def sharp_determinant(xx, xy, yy):
    """The determinant of a covariance in pixels before the pixels' own blur was added."""
    return (xx - EPS2D) * (yy - EPS2D) - xy * xy
