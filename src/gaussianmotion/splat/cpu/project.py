"""Gaussians to splats, one view at a time; the gradient is in project_backward.

The arithmetic is float64: a centre at pixel 500 in float32 is off by 3e-5 pixels, which alone would
cost more than the 1e-5 of the reference that this backend keeps. Formulas: Zwicker et al. 2001;
gsplat's persp_proj and persp_proj_vjp.
"""

# Kernels get their types from Numba.
# mypy: no-check-untyped-defs

import math

import numpy as np

from gaussianmotion.splat.constants import ALPHA_MIN, EXTENT, FAR, NEAR
from gaussianmotion.splat.cpu.footprint import (
    camera_numbers,
    centre_and_depth,
    covariance_in_pixels,
    sharp_determinant,
    slopes,
)
from gaussianmotion.splat.cpu.jit import kernel

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
    compensate,
    radii,
    means2d,
    depths,
    conics,
    seen,
    splats,
    keys,
):
    """Fill the last seven arrays with one view's projections; see reference.project.

    Args:
        means: (N, 3) float32.
        covars: (N, 3, 3) float32.
        opacities: (N,) float32.
        viewmat: (4, 4) float32.
        K: (3, 3) float32.
        width: Pixels.
        height: Pixels.
        compensate: Whether opacities are compensated for the pixels' own blur.
        radii: (N, 2) int32, out, pixels.
        means2d: (N, 2) float32, out, pixels.
        depths: (N,) float32, out, metres.
        conics: (N, 3) float32, out.
        seen: (N,) float32, out: opacities of the splats.
        splats: (N, SPLAT) float32, out; rows of hidden Gaussians are left as they are.
        keys: (N,) uint64, out: depth, then index; HIDDEN where not drawn.
    """
    r, (fx, fy, cx, cy), limits = camera_numbers(viewmat, K, width, height)
    bits = np.empty(1, np.float64)
    whole = bits.view(np.int64)
    for i in range(means.shape[0]):
        keys[i] = HIDDEN
        radii[i, 0] = radii[i, 1] = 0
        means2d[i, 0] = means2d[i, 1] = 0.0
        conics[i, 0] = conics[i, 1] = conics[i, 2] = 0.0
        depths[i] = 0.0
        seen[i] = 0.0
        # Conditions are written so that a NaN fails them.
        opacity = np.float64(opacities[i])
        m0, m1, m2, z = centre_and_depth(means, i, r)
        if not (opacity >= ALPHA_MIN and z >= NEAR and z <= FAR):
            continue
        _, u, v, _, _, j00, j02, j11, j12 = slopes((m0, m1, m2), z, r, (fx, fy), limits)
        _, _, _, _, (xx, xy, yy) = covariance_in_pixels(covars, i, r, j00, j02, j11, j12)
        determinant = xx * yy - xy * xy
        if not (determinant > 0.0 and xx > 0.0):
            continue
        if compensate:
            sharp = sharp_determinant(xx, xy, yy)
            opacity *= math.sqrt(max(sharp, 0.0) / determinant)
            if not opacity >= ALPHA_MIN:
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
        seen[i] = opacity
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
