"""Splats to pixels, a row of tiles at a time; the gradient is in blend_backward.

Splat-major inside a tile: each splat visits only the pixels of its own box, eight at a time, and
the tile's pixels stay in the cache. The two passes keep their inner loops whole: that is where the
time goes, and what the compiler makes of them depends on everything in them.
"""

# Kernels get their types from Numba.
# mypy: no-check-untyped-defs

import math

import numpy as np

from gaussianmotion.splat.constants import ALPHA_MAX, ALPHA_MIN, TRANSMITTANCE_MIN
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
    where,
)

# The last eight pixels of a row may reach past the tile: each row has room for that.
STRIDE = TILE + WIDTH
AREA = TILE * STRIDE
# Up to this many pixels it costs more to find a row's exact span than to draw its whole box.
NARROW = 2 * WIDTH

_ZERO, _ONE = np.float32(0.0), np.float32(1.0)
_FAINTEST, _FULLEST = np.float32(ALPHA_MIN), np.float32(ALPHA_MAX)
_DARKEST = np.float32(TRANSMITTANCE_MIN)
_LOG2_CUT = np.float32(math.log2(ALPHA_MIN) - 1e-3)
_FOUR, _HALF = np.float32(4.0), np.float32(0.5)


@kernel
def row_span(centre, curvature, slope, peak, low, high):
    """Columns of a row, from the first to the one after the last, where the splat may be seen.

    Args:
        centre: Column of the splat's centre, pixels from the middle of column 0.
        curvature, slope, peak: With d = centre - column, the exponent is
            curvature d d + slope d + peak.
        low, high: Columns to stay within.
    """
    discriminant = slope * slope - _FOUR * curvature * (peak - _LOG2_CUT)
    if discriminant <= _ZERO:
        return low, low
    scale = -_HALF / curvature
    half = math.sqrt(discriminant) * scale
    middle = centre - slope * scale
    return max(low, np.int64(np.ceil(middle - half))), min(
        high, np.int64(np.floor(middle + half)) + 1
    )


@kernel
def blend_row(
    row,
    width,
    height,
    records,
    tile_start,
    members,
    slots,
    background,
    rgb,
    alpha,
    through,
    last,
    touched,
):
    """Draw one row of tiles of one view.

    Args:
        row: Which row of tiles.
        width: Pixels.
        height: Pixels.
        records, tile_start, members, slots: Of order_view.
        background: (3,) float32.
        rgb: (H, W, 3) float32, out.
        alpha: (H, W) float32, out.
        through: (H, W) float32, out: the share of the background that is seen.
        last: (H, W) float32, out: place in its tile's list, from 1, of the last splat drawn.
        touched: (S,) uint8, out, zero before: 1 for slots whose splat is drawn in its tile.
    """
    columns = (width + TILE - 1) // TILE
    top = row * TILE
    bottom = min(top + TILE, height)
    # Planes: transmittance (negated once a pixel has ended), red, green, blue, last.
    plane = np.empty(5 * AREA, np.float32)
    lane = count_from(_ZERO)
    zero = fill(_ZERO)
    faintest, fullest, darkest = fill(_FAINTEST), fill(_FULLEST), fill(_DARKEST)
    for tile in range(columns):
        left = tile * TILE
        right = min(left + TILE, width)
        plane[:AREA] = _ONE
        plane[AREA:] = _ZERO
        start = tile_start[row * columns + tile]
        for entry in range(start, tile_start[row * columns + tile + 1]):
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
            drawn = False
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
                    before = load(plane, at + x)
                    if not any_lane(before > zero):
                        continue
                    dx = fill(centre_x - np.float32(x - box_left)) - lane
                    power = fma(fma(curvature, dx, fill(slope)), dx, fill(peak))
                    opacity = smaller(exp2(power), fullest)
                    seen = (opacity >= faintest) & (before > zero)
                    after = before - opacity * before
                    ends = seen & (after <= darkest)
                    draws = seen & (after > darkest)
                    if any_lane(draws):
                        drawn = True
                    share = where(draws, opacity * before, zero)
                    store(plane, at + x, where(ends, zero - before, where(draws, after, before)))
                    store(plane, at + x + AREA, fma(share, red, load(plane, at + x + AREA)))
                    store(
                        plane, at + x + 2 * AREA, fma(share, green, load(plane, at + x + 2 * AREA))
                    )
                    store(
                        plane, at + x + 3 * AREA, fma(share, blue, load(plane, at + x + 3 * AREA))
                    )
                    store(
                        plane,
                        at + x + 4 * AREA,
                        where(draws, place, load(plane, at + x + 4 * AREA)),
                    )
            if drawn:
                touched[slots[entry]] = 1
        for y in range(top, bottom):
            for x in range(left, right):
                at = (y - top) * STRIDE + x - left
                rest = abs(plane[at])
                through[y, x] = rest
                alpha[y, x] = _ONE - rest
                last[y, x] = plane[at + 4 * AREA]
                for channel in range(3):
                    rgb[y, x, channel] = (
                        plane[at + (channel + 1) * AREA] + rest * background[channel]
                    )
