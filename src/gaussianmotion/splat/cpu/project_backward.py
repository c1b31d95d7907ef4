"""The hand-written gradient of projecting Gaussians, in float64 as the projection itself.

Formulas: Zwicker et al. 2001; gsplat's persp_proj_vjp.
"""

# Kernels get their types from Numba.
# mypy: no-check-untyped-defs

import math

import numpy as np

from gaussianmotion.splat.constants import EPS2D
from gaussianmotion.splat.cpu.footprint import (
    camera_numbers,
    centre_and_depth,
    covariance_in_pixels,
    sharp_determinant,
    slopes,
)
from gaussianmotion.splat.cpu.jit import kernel


@kernel
def project_view_backward(
    means,
    covars,
    opacities,
    viewmat,
    K,
    width,
    height,
    compensate,
    radii,
    v_means2d,
    v_conics,
    v_seen,
    v_means,
    v_covars,
    v_viewmat,
):
    """Carry one view's gradient back to its Gaussians and its camera.

    Args:
        means: (N, 3) float32.
        covars: (N, 3, 3) float32.
        opacities: (N,) float32.
        viewmat: (4, 4) float32.
        K: (3, 3) float32.
        width: Pixels.
        height: Pixels.
        compensate: As in the forward pass.
        radii: (N, 2) int32 of :func:`project_view`.
        v_means2d: (N, 2) float32, the loss's gradient.
        v_conics: (N, 3) float32, the loss's gradient; the middle one counts for both corners.
        v_seen: (N,) float32, the loss's gradient.
        v_means: (N, 3) float32, out.
        v_covars: (N, 3, 3) float32, out, symmetric.
        v_viewmat: (4, 4) float32, out.
    """
    r, (fx, fy, _, _), limits = camera_numbers(viewmat, K, width, height)
    low_x, high_x, low_y, high_y = limits
    v_r = np.zeros((4, 4), np.float64)
    for i in range(means.shape[0]):
        g_x, g_y = np.float64(v_means2d[i, 0]), np.float64(v_means2d[i, 1])
        c0, c1, c2 = (
            np.float64(v_conics[i, 0]),
            np.float64(v_conics[i, 1]),
            np.float64(v_conics[i, 2]),
        )
        v_share = np.float64(opacities[i]) * np.float64(v_seen[i]) if compensate else 0.0
        nothing = g_x == 0.0 and g_y == 0.0 and c0 == 0.0 and c1 == 0.0 and c2 == 0.0
        if radii[i, 0] == 0 or (nothing and v_share == 0.0):
            v_means[i, 0] = v_means[i, 1] = v_means[i, 2] = 0.0
            v_covars[i, 0, 0] = v_covars[i, 0, 1] = v_covars[i, 0, 2] = 0.0
            v_covars[i, 1, 0] = v_covars[i, 1, 1] = v_covars[i, 1, 2] = 0.0
            v_covars[i, 2, 0] = v_covars[i, 2, 1] = v_covars[i, 2, 2] = 0.0
            continue
        # The forward pass again.
        m0, m1, m2, z = centre_and_depth(means, i, r)
        inverse_z, u, v, clamped_u, clamped_v, j00, j02, j11, j12 = slopes(
            (m0, m1, m2), z, r, (fx, fy), limits
        )
        (a0, a1, a2), (b0, b1, b2), (p0, p1, p2), (q0, q1, q2), (xx, xy, yy) = covariance_in_pixels(
            covars, i, r, j00, j02, j11, j12
        )
        scale = 1.0 / (xx * yy - xy * xy)
        k0, k1, k2 = yy * scale, -xy * scale, xx * scale
        # To the 2D covariance: -K G K of the inverse K, with G symmetric.
        c1 *= 0.5
        t00, t01 = k0 * c0 + k1 * c1, k0 * c1 + k1 * c2
        t10, t11 = k1 * c0 + k2 * c1, k1 * c1 + k2 * c2
        g_xx = -(t00 * k0 + t01 * k1)
        g_xy = -(t00 * k1 + t01 * k2)
        g_yy = -(t10 * k1 + t11 * k2)
        if compensate:
            # share = sqrt(sharp / blurred), whose logarithm is differentiated.
            blurred = xx * yy - xy * xy
            sharp = sharp_determinant(xx, xy, yy)
            v_log = 0.5 * v_share * math.sqrt(sharp / blurred)
            g_xx += v_log * ((yy - EPS2D) / sharp - yy / blurred)
            g_xy += v_log * (xy / blurred - xy / sharp)
            g_yy += v_log * ((xx - EPS2D) / sharp - xx / blurred)
        # Rows a and b of the map from the world to pixels: cov2d = [a; b] S [a; b]^T.
        v_covars[i, 0, 0] = g_xx * a0 * a0 + 2.0 * g_xy * a0 * b0 + g_yy * b0 * b0
        v_covars[i, 1, 1] = g_xx * a1 * a1 + 2.0 * g_xy * a1 * b1 + g_yy * b1 * b1
        v_covars[i, 2, 2] = g_xx * a2 * a2 + 2.0 * g_xy * a2 * b2 + g_yy * b2 * b2
        v01 = g_xx * a0 * a1 + g_xy * (a0 * b1 + a1 * b0) + g_yy * b0 * b1
        v02 = g_xx * a0 * a2 + g_xy * (a0 * b2 + a2 * b0) + g_yy * b0 * b2
        v12 = g_xx * a1 * a2 + g_xy * (a1 * b2 + a2 * b1) + g_yy * b1 * b2
        v_covars[i, 0, 1] = v_covars[i, 1, 0] = v01
        v_covars[i, 0, 2] = v_covars[i, 2, 0] = v02
        v_covars[i, 1, 2] = v_covars[i, 2, 1] = v12
        v_a0, v_a1, v_a2 = (
            2.0 * (g_xx * p0 + g_xy * q0),
            2.0 * (g_xx * p1 + g_xy * q1),
            2.0 * (g_xx * p2 + g_xy * q2),
        )
        v_b0, v_b1, v_b2 = (
            2.0 * (g_xy * p0 + g_yy * q0),
            2.0 * (g_xy * p1 + g_yy * q1),
            2.0 * (g_xy * p2 + g_yy * q2),
        )
        # a = j00 r0 + j02 r2, b = j11 r1 + j12 r2.
        v_j00 = v_a0 * r[0, 0] + v_a1 * r[0, 1] + v_a2 * r[0, 2]
        v_j02 = v_a0 * r[2, 0] + v_a1 * r[2, 1] + v_a2 * r[2, 2]
        v_j11 = v_b0 * r[1, 0] + v_b1 * r[1, 1] + v_b2 * r[1, 2]
        v_j12 = v_b0 * r[2, 0] + v_b1 * r[2, 1] + v_b2 * r[2, 2]
        # j00 = fx / z, j02 = -j00 clamp(u), and likewise in y; pixel = f u + c; u = x / z.
        v_u, v_v = g_x * fx, g_y * fy
        if u >= low_x and u <= high_x:
            v_u -= v_j02 * j00
        if v >= low_y and v <= high_y:
            v_v -= v_j12 * j11
        v_j00 -= v_j02 * clamped_u
        v_j11 -= v_j12 * clamped_v
        v_x, v_y = v_u * inverse_z, v_v * inverse_z
        v_z = -(v_u * u + v_v * v + v_j00 * j00 + v_j11 * j11) * inverse_z
        v_means[i, 0] = r[0, 0] * v_x + r[1, 0] * v_y + r[2, 0] * v_z
        v_means[i, 1] = r[0, 1] * v_x + r[1, 1] * v_y + r[2, 1] * v_z
        v_means[i, 2] = r[0, 2] * v_x + r[1, 2] * v_y + r[2, 2] * v_z
        v_r[0, 0] += v_x * m0 + j00 * v_a0
        v_r[0, 1] += v_x * m1 + j00 * v_a1
        v_r[0, 2] += v_x * m2 + j00 * v_a2
        v_r[0, 3] += v_x
        v_r[1, 0] += v_y * m0 + j11 * v_b0
        v_r[1, 1] += v_y * m1 + j11 * v_b1
        v_r[1, 2] += v_y * m2 + j11 * v_b2
        v_r[1, 3] += v_y
        v_r[2, 0] += v_z * m0 + j02 * v_a0 + j12 * v_b0
        v_r[2, 1] += v_z * m1 + j02 * v_a1 + j12 * v_b1
        v_r[2, 2] += v_z * m2 + j02 * v_a2 + j12 * v_b2
        v_r[2, 3] += v_z
    for row in range(4):
        for column in range(4):
            v_viewmat[row, column] = v_r[row, column]
