"""Gradients of pixels to splats, a row of tiles at a time, then from splats to Gaussians.

The pass walks back to front, so the colour behind a splat is a running blend and never the
difference of two large numbers.
"""

# Kernels get their types from Numba.
# mypy: no-check-untyped-defs

import numpy as np

from gaussianmotion.splat.constants import ALPHA_MAX, ALPHA_MIN
from gaussianmotion.splat.cpu.blend import AREA, NARROW, STRIDE, row_span
from gaussianmotion.splat.cpu.jit import kernel
from gaussianmotion.splat.cpu.order import BLUE, GREEN, RED, TILE
from gaussianmotion.splat.cpu.project import BOTTOM, LEFT, PEAK, RIGHT, TOP, XX, XY, YY, X, Y
from gaussianmotion.splat.cpu.simd import (
    WIDTH,
    any_lane,
    count_from,
    exp2,
    fill,
    fma,
    load,
    smaller,
    store,
    total,
    where,
)

SUMS = 9  # per slot: red, green, blue, and six moments of the falloff's gradient

_ZERO, _ONE, _HALF = np.float32(0.0), np.float32(1.0), np.float32(0.5)
_FAINTEST, _FULLEST = np.float32(ALPHA_MIN), np.float32(ALPHA_MAX)


@kernel
def blend_row_backward(
    row,
    width,
    height,
    records,
    tile_start,
    members,
    slots,
    background,
    through,
    last,
    touched,
    v_rgb,
    v_alpha,
    v_slots,
    v_background,
):
    """Gradients of one row of tiles, to slots.

    Args:
        row: Which row of tiles.
        width: Pixels.
        height: Pixels.
        records, tile_start, members, slots: Of order_view.
        background: (3,) float32.
        through, last, touched: Of blend_row.
        v_rgb: (H, W, 3) float32, the loss's gradient.
        v_alpha: (H, W) float32, the loss's gradient.
        v_slots: (S, SUMS) float32, out: rows of touched slots only. Colour, then with g the
            gradient to the exponent's fall: sums of g, g dx, g dy, g dx dx, g dx dy, g dy dy.
        v_background: (rows, 3) float64, out.
    """
    columns = (width + TILE - 1) // TILE
    top = row * TILE
    bottom = min(top + TILE, height)
    # Planes: transmittance, value of what lies behind, gradient to red, green, blue, last.
    # "Value" is the product with the loss's gradient: what a pixel's loss gains by it.
    plane = np.zeros(6 * AREA, np.float32)
    lane = count_from(_ZERO)
    zero, one = fill(_ZERO), fill(_ONE)
    faintest, fullest = fill(_FAINTEST), fill(_FULLEST)
    v_background[row, 0] = v_background[row, 1] = v_background[row, 2] = 0.0
    for tile in range(columns):
        left = tile * TILE
        right = min(left + TILE, width)
        start = tile_start[row * columns + tile]
        end = tile_start[row * columns + tile + 1]
        for y in range(TILE):
            for x in range(STRIDE):
                # Outside the image nothing was drawn.
                plane[5 * AREA + y * STRIDE + x] = _ZERO
        for y in range(top, bottom):
            for x in range(left, right):
                at = (y - top) * STRIDE + x - left
                value = -v_alpha[y, x]
                for channel in range(3):
                    gradient = v_rgb[y, x, channel]
                    plane[at + (channel + 2) * AREA] = gradient
                    value += gradient * background[channel]
                    v_background[row, channel] += gradient * through[y, x]
                plane[at] = through[y, x]
                plane[at + AREA] = value
                plane[at + 5 * AREA] = last[y, x]
        for entry in range(end - 1, start - 1, -1):
            slot = slots[entry]
            if touched[slot] == 0:
                continue
            record = records[members[entry]]
            box_left, box_top = np.int64(record[LEFT]), np.int64(record[TOP])
            x_low, x_high = max(box_left, left), min(np.int64(record[RIGHT]), right)
            y_low, y_high = max(box_top, top), min(np.int64(record[BOTTOM]), bottom)
            # Local copies: the compiler cannot know that writing pixels leaves records alone.
            centre_x, centre_y = record[X], record[Y]
            s_xx, s_xy, s_yy, s_peak = record[XX], record[XY], record[YY], record[PEAK]
            wide = x_high - x_low > NARROW
            place = fill(np.float32(entry - start + 1))
            curvature = fill(s_xx)
            red, green, blue = fill(record[RED]), fill(record[GREEN]), fill(record[BLUE])
            sum_red, sum_green, sum_blue = zero, zero, zero
            sum_1, sum_x, sum_y, sum_xx, sum_xy, sum_yy = zero, zero, zero, zero, zero, zero
            for y in range(y_low, y_high):
                dy = centre_y - np.float32(y - box_top)
                peak = s_peak + s_yy * dy * dy
                slope = s_xy * dy
                x_first, x_end = x_low, x_high
                if wide:
                    x_first, x_end = row_span(
                        centre_x, s_xx, slope, peak, x_low - box_left, x_high - box_left
                    )
                    x_first, x_end = x_first + box_left, x_end + box_left
                at = (y - top) * STRIDE - left
                for x in range(x_first, x_end, WIDTH):
                    reached = load(plane, at + x + 5 * AREA) >= place
                    if not any_lane(reached):
                        continue
                    dx = fill(centre_x - np.float32(x - box_left)) - lane
                    power = fma(fma(curvature, dx, fill(slope)), dx, fill(peak))
                    unclamped = exp2(power)
                    opacity = smaller(unclamped, fullest)
                    draws = (opacity >= faintest) & reached
                    after = load(plane, at + x)
                    before = after / (one - opacity)
                    v_red = load(plane, at + x + 2 * AREA)
                    v_green = load(plane, at + x + 3 * AREA)
                    v_blue = load(plane, at + x + 4 * AREA)
                    behind = load(plane, at + x + AREA)
                    gain = fma(red, v_red, fma(green, v_green, blue * v_blue)) - behind
                    share = where(draws, opacity * before, zero)
                    sum_red = fma(share, v_red, sum_red)
                    sum_green = fma(share, v_green, sum_green)
                    sum_blue = fma(share, v_blue, sum_blue)
                    g = where(draws & (unclamped <= fullest), share * gain, zero)
                    store(plane, at + x, where(draws, before, after))
                    store(plane, at + x + AREA, where(draws, fma(opacity, gain, behind), behind))
                    g_x, g_y = g * dx, g * fill(dy)
                    sum_1 = sum_1 + g
                    sum_x = sum_x + g_x
                    sum_y = sum_y + g_y
                    sum_xx = fma(g_x, dx, sum_xx)
                    sum_xy = fma(g_x, fill(dy), sum_xy)
                    sum_yy = fma(g_y, fill(dy), sum_yy)
            v_slot = v_slots[slot]
            v_slot[0], v_slot[1], v_slot[2] = total(sum_red), total(sum_green), total(sum_blue)
            v_slot[3], v_slot[4], v_slot[5] = total(sum_1), total(sum_x), total(sum_y)
            v_slot[6], v_slot[7], v_slot[8] = total(sum_xx), total(sum_xy), total(sum_yy)


@kernel
def gather_slots(
    ids,
    first_slot,
    touched,
    v_slots,
    conics,
    opacities,
    v_means2d,
    v_conics,
    v_colours,
    v_opacities,
):
    """Sum one view's slots per Gaussian, in the order of tiles.

    Args:
        ids, first_slot: Of order_view.
        touched, v_slots: Of blend_row_backward.
        conics: (N, 3) float32.
        opacities: (N,) float32.
        v_means2d: (N, 2) float32, out.
        v_conics: (N, 3) float32, out; the middle one counts for both corners.
        v_colours: (N, 3) float32, out.
        v_opacities: (N,) float32, out.
    """
    v_means2d[:] = _ZERO
    v_conics[:] = _ZERO
    v_colours[:] = _ZERO
    v_opacities[:] = _ZERO
    sums = np.empty(SUMS, np.float32)
    for m in range(ids.size):
        sums[:] = _ZERO
        for slot in range(first_slot[m], first_slot[m + 1]):
            if touched[slot] != 0:
                for k in range(SUMS):
                    sums[k] += v_slots[slot, k]
        i = ids[m]
        v_colours[i, 0], v_colours[i, 1], v_colours[i, 2] = sums[0], sums[1], sums[2]
        v_opacities[i] = sums[3] / opacities[i]
        v_means2d[i, 0] = -(conics[i, 0] * sums[4] + conics[i, 1] * sums[5])
        v_means2d[i, 1] = -(conics[i, 1] * sums[4] + conics[i, 2] * sums[5])
        v_conics[i, 0], v_conics[i, 1] = -_HALF * sums[6], -sums[7]
        v_conics[i, 2] = -_HALF * sums[8]
