"""Gaussians to splats, one view at a time, with the hand-written gradient.

The arithmetic is float64: a centre at pixel 500 in float32 is off by 3e-5 pixels, which alone would
cost more than the 1e-5 of the reference that this backend keeps. Formulas: Zwicker et al. 2001;
gsplat's persp_proj and persp_proj_vjp.
"""

# Kernels get their types from Numba.
# mypy: no-check-untyped-defs

import math

import numpy as np

from gaussianmotion.splat.constants import ALPHA_MIN, EPS2D, EXTENT, FAR, FRUSTUM_MARGIN, NEAR
from gaussianmotion.splat.jit import kernel

# Columns of a splat: what blending needs to know of it.
X, Y = 0, 1  # centre, pixels from the middle of the box's first pixel
XX, XY, YY = 2, 3, 4  # log2 of the falloff is XX dx dx + XY dx dy + YY dy dy
PEAK = 5  # log2 of the opacity
LEFT, RIGHT, TOP, BOTTOM = 6, 7, 8, 9  # box of pixels that it may touch, ends excluded
SPLAT = 10

HIDDEN = np.uint64(0xFFFFFFFFFFFFFFFF)  # sort key of a Gaussian that is not drawn
INDEX_BITS = 31  # low bits of a sort key: the Gaussian's index
KEY_BITS = 33  # high bits: its depth, to 7e-9 relative

_LOG2_E = math.log2(math.e)
_LOG2_FAINTEST = math.log2(ALPHA_MIN)
_BOX_SLACK = 0.01  # pixels; rounding must not cut a pixel off
_NEAREST_BITS = np.int64(np.array(NEAR).view(np.int64))


@kernel
def project_view(
    means,
    covars,
    opacities,
    viewmat,
    K,
    width,
    height,
    radii,
    means2d,
    depths,
    conics,
    splats,
    keys,
):
    """Fill the last six arrays with one view's projections; see reference.project.

    Args:
        means: (N, 3) float32.
        covars: (N, 3, 3) float32.
        opacities: (N,) float32.
        viewmat: (4, 4) float32.
        K: (3, 3) float32.
        width: Pixels.
        height: Pixels.
        radii: (N, 2) int32, out, pixels.
        means2d: (N, 2) float32, out, pixels.
        depths: (N,) float32, out, metres.
        conics: (N, 3) float32, out.
        splats: (N, SPLAT) float32, out; rows of hidden Gaussians are left as they are.
        keys: (N,) uint64, out: depth, then index; HIDDEN where not drawn.
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
    bits = np.empty(1, np.float64)
    whole = bits.view(np.int64)
    for i in range(means.shape[0]):
        keys[i] = HIDDEN
        radii[i, 0] = radii[i, 1] = 0
        means2d[i, 0] = means2d[i, 1] = 0.0
        conics[i, 0] = conics[i, 1] = conics[i, 2] = 0.0
        depths[i] = 0.0
        # Conditions are written so that a NaN fails them.
        opacity = np.float64(opacities[i])
        m0, m1, m2 = np.float64(means[i, 0]), np.float64(means[i, 1]), np.float64(means[i, 2])
        z = r[2, 0] * m0 + r[2, 1] * m1 + r[2, 2] * m2 + r[2, 3]
        if not (opacity >= ALPHA_MIN and z >= NEAR and z <= FAR):
            continue
        inverse_z = 1.0 / z
        u = (r[0, 0] * m0 + r[0, 1] * m1 + r[0, 2] * m2 + r[0, 3]) * inverse_z
        v = (r[1, 0] * m0 + r[1, 1] * m1 + r[1, 2] * m2 + r[1, 3]) * inverse_z
        j00, j11 = fx * inverse_z, fy * inverse_z
        j02 = -j00 * min(max(u, low_x), high_x)
        j12 = -j11 * min(max(v, low_y), high_y)
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
        determinant = xx * yy - xy * xy
        if not (determinant > 0.0 and xx > 0.0):
            continue
        peak = math.log2(opacity)
        extent = math.sqrt(max(2.0 * (peak - _LOG2_FAINTEST) / _LOG2_E, 0.0))
        sigma_x, sigma_y = math.sqrt(xx), math.sqrt(yy)
        radius_x = np.ceil(min(extent, EXTENT) * sigma_x)
        radius_y = np.ceil(min(extent, EXTENT) * sigma_y)
        x, y = fx * u + cx, fy * v + cy
        if not (
            radius_x > 0
            and radius_y > 0
            and x + radius_x > 0
            and x - radius_x < width
            and y + radius_y > 0
            and y - radius_y < height
        ):
            continue
        radii[i, 0], radii[i, 1] = np.int32(min(radius_x, 1e9)), np.int32(min(radius_y, 1e9))
        means2d[i, 0], means2d[i, 1] = x, y
        depths[i] = z
        scale = 1.0 / determinant
        conics[i, 0], conics[i, 1], conics[i, 2] = yy * scale, -xy * scale, xx * scale
        left = max(np.ceil(x - extent * sigma_x - _BOX_SLACK - 0.5), 0.0)
        right = min(np.floor(x + extent * sigma_x + _BOX_SLACK - 0.5) + 1.0, np.float64(width))
        top = max(np.ceil(y - extent * sigma_y - _BOX_SLACK - 0.5), 0.0)
        bottom = min(np.floor(y + extent * sigma_y + _BOX_SLACK - 0.5) + 1.0, np.float64(height))
        if not (left < right and top < bottom):
            continue
        splats[i, X], splats[i, Y] = x - left - 0.5, y - top - 0.5
        splats[i, XX] = -0.5 * _LOG2_E * yy * scale
        splats[i, XY] = _LOG2_E * xy * scale
        splats[i, YY] = -0.5 * _LOG2_E * xx * scale
        splats[i, PEAK] = peak
        splats[i, LEFT], splats[i, RIGHT] = left, right
        splats[i, TOP], splats[i, BOTTOM] = top, bottom
        # Positive floats sort as their bits do.
        bits[0] = z
        depth = np.uint64((whole[0] - _NEAREST_BITS) >> np.int64(25))
        keys[i] = (depth << np.uint64(INDEX_BITS)) | np.uint64(i)


@kernel
def project_view_backward(
    means,
    covars,
    viewmat,
    K,
    width,
    height,
    radii,
    v_means2d,
    v_conics,
    v_means,
    v_covars,
    v_viewmat,
):
    """Carry one view's gradient back to its Gaussians and its camera.

    Args:
        means: (N, 3) float32.
        covars: (N, 3, 3) float32.
        viewmat: (4, 4) float32.
        K: (3, 3) float32.
        width: Pixels.
        height: Pixels.
        radii: (N, 2) int32 of :func:`project_view`.
        v_means2d: (N, 2) float32, the loss's gradient.
        v_conics: (N, 3) float32, the loss's gradient; the middle one counts for both corners.
        v_means: (N, 3) float32, out.
        v_covars: (N, 3, 3) float32, out, symmetric.
        v_viewmat: (4, 4) float32, out.
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
    v_r = np.zeros((4, 4), np.float64)
    for i in range(means.shape[0]):
        g_x, g_y = np.float64(v_means2d[i, 0]), np.float64(v_means2d[i, 1])
        c0, c1, c2 = (
            np.float64(v_conics[i, 0]),
            np.float64(v_conics[i, 1]),
            np.float64(v_conics[i, 2]),
        )
        nothing = g_x == 0.0 and g_y == 0.0 and c0 == 0.0 and c1 == 0.0 and c2 == 0.0
        if radii[i, 0] == 0 or nothing:
            v_means[i, 0] = v_means[i, 1] = v_means[i, 2] = 0.0
            v_covars[i, 0, 0] = v_covars[i, 0, 1] = v_covars[i, 0, 2] = 0.0
            v_covars[i, 1, 0] = v_covars[i, 1, 1] = v_covars[i, 1, 2] = 0.0
            v_covars[i, 2, 0] = v_covars[i, 2, 1] = v_covars[i, 2, 2] = 0.0
            continue
        # The forward pass again.
        m0, m1, m2 = np.float64(means[i, 0]), np.float64(means[i, 1]), np.float64(means[i, 2])
        z = r[2, 0] * m0 + r[2, 1] * m1 + r[2, 2] * m2 + r[2, 3]
        inverse_z = 1.0 / z
        u = (r[0, 0] * m0 + r[0, 1] * m1 + r[0, 2] * m2 + r[0, 3]) * inverse_z
        v = (r[1, 0] * m0 + r[1, 1] * m1 + r[1, 2] * m2 + r[1, 3]) * inverse_z
        j00, j11 = fx * inverse_z, fy * inverse_z
        clamped_u, clamped_v = min(max(u, low_x), high_x), min(max(v, low_y), high_y)
        j02, j12 = -j00 * clamped_u, -j11 * clamped_v
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
        scale = 1.0 / (xx * yy - xy * xy)
        k0, k1, k2 = yy * scale, -xy * scale, xx * scale
        # To the 2D covariance: -K G K of the inverse K, with G symmetric.
        c1 *= 0.5
        t00, t01 = k0 * c0 + k1 * c1, k0 * c1 + k1 * c2
        t10, t11 = k1 * c0 + k2 * c1, k1 * c1 + k2 * c2
        g_xx = -(t00 * k0 + t01 * k1)
        g_xy = -(t00 * k1 + t01 * k2)
        g_yy = -(t10 * k1 + t11 * k2)
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
