"""One view's splats, front to back, and which of them each tile has to draw."""

# Kernels get their types from Numba.
# mypy: no-check-untyped-defs

import numpy as np

from gaussianmotion.splat.cpu.jit import kernel
from gaussianmotion.splat.cpu.project import (
    BOTTOM,
    HIDDEN,
    INDEX_BITS,
    KEY_BITS,
    LEFT,
    RIGHT,
    SPLAT,
    TOP,
)

TILE = 64  # pixels, side of a tile
# Columns of a record: those of a splat, then its colour. Sixteen floats fill a cache line.
RED, GREEN, BLUE = SPLAT, SPLAT + 1, SPLAT + 2
RECORD = 16

_DIGIT_BITS = 11
_PASSES = KEY_BITS // _DIGIT_BITS
_BUCKETS = 1 << _DIGIT_BITS


@kernel
def sort_keys(keys):
    """The keys that are not HIDDEN, ascending in depth; equal depths keep their order (radix)."""
    count = 0
    for key in keys:
        if key != HIDDEN:
            count += 1
    source, target = np.empty(count, np.uint64), np.empty(count, np.uint64)
    histograms = np.zeros((_PASSES, _BUCKETS), np.int64)
    at = 0
    for key in keys:
        if key != HIDDEN:
            source[at] = key
            at += 1
            for digit in range(_PASSES):
                shift = np.uint64(INDEX_BITS + _DIGIT_BITS * digit)
                histograms[digit, (key >> shift) & np.uint64(_BUCKETS - 1)] += 1
    for digit in range(_PASSES):
        shift = np.uint64(INDEX_BITS + _DIGIT_BITS * digit)
        starts = histograms[digit]
        if count > 0 and starts[(source[0] >> shift) & np.uint64(_BUCKETS - 1)] == count:
            continue
        start = 0
        for bucket in range(_BUCKETS):
            size = starts[bucket]
            starts[bucket] = start
            start += size
        for k in range(count):
            place = np.int64((source[k] >> shift) & np.uint64(_BUCKETS - 1))
            target[starts[place]] = source[k]
            starts[place] += 1
        source, target = target, source
    return source


@kernel
def order_view(keys, splats, colours, width, height):
    """Sort one view and deal its splats to tiles.

    Each pair of a splat and a tile that it touches has a slot, and the slots of a splat are
    neighbours: the backward pass writes gradients there without a lock, then sums them.

    Args:
        keys: (N,) uint64 of project_view.
        splats: (N, SPLAT) float32 of project_view.
        colours: (N, 3) float32.
        width: Pixels.
        height: Pixels.

    Returns:
        ids (M,) int32, the Gaussian of each splat that is drawn, front to back; records
        (M, RECORD) float32; first_slot (M + 1,) int64; tile_start (tiles + 1,) int64 into
        members and slots; members (S,) int32, splats of each tile, front to back; slots (S,) int32.
    """
    order = sort_keys(keys)
    count = order.size
    columns, rows = (width + TILE - 1) // TILE, (height + TILE - 1) // TILE
    ids = np.empty(count, np.int32)
    records = np.empty((count, RECORD), np.float32)
    first_slot = np.empty(count + 1, np.int64)
    tile_start = np.zeros(columns * rows + 1, np.int64)
    slot = 0
    for m in range(count):
        i = np.int64(order[m] & np.uint64((1 << INDEX_BITS) - 1))
        ids[m] = i
        for column in range(SPLAT):
            records[m, column] = splats[i, column]
        records[m, RED], records[m, GREEN] = colours[i, 0], colours[i, 1]
        records[m, BLUE] = colours[i, 2]
        first_slot[m] = slot
        for row in range(
            np.int64(splats[i, TOP]) // TILE, (np.int64(splats[i, BOTTOM]) - 1) // TILE + 1
        ):
            for column in range(
                np.int64(splats[i, LEFT]) // TILE, (np.int64(splats[i, RIGHT]) - 1) // TILE + 1
            ):
                tile_start[row * columns + column + 1] += 1
                slot += 1
    first_slot[count] = slot
    for tile in range(columns * rows):
        tile_start[tile + 1] += tile_start[tile]
    members, slots = np.empty(slot, np.int32), np.empty(slot, np.int32)
    cursor = tile_start[:-1].copy()
    slot = 0
    for m in range(count):
        for row in range(
            np.int64(records[m, TOP]) // TILE, (np.int64(records[m, BOTTOM]) - 1) // TILE + 1
        ):
            for column in range(
                np.int64(records[m, LEFT]) // TILE, (np.int64(records[m, RIGHT]) - 1) // TILE + 1
            ):
                tile = row * columns + column
                members[cursor[tile]] = m
                slots[cursor[tile]] = slot
                cursor[tile] += 1
                slot += 1
    return ids, records, first_slot, tile_start, members, slots
