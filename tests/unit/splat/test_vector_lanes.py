"""The eight-lane type that the kernels are written in."""

import numba
import numpy as np

from gaussianmotion.splat.cpu import blend, jit, simd


@numba.njit
def _exp2_all(x, y):
    for i in range(0, x.size, simd.WIDTH):
        simd.store(y, i, simd.exp2(simd.load(x, i)))


@numba.njit
def _positive_total(x):
    lanes = simd.load(x, 0)
    zero = simd.fill(np.float32(0.0))
    positive = lanes > zero
    return simd.total(simd.where(positive, lanes, zero)), simd.any_lane(positive)


@numba.njit
def _last_less_first(x):
    start = simd.count_from(x[0])
    out = np.empty(simd.WIDTH, np.float32)
    simd.store(out, 0, start)
    return out


def test_exp2_is_exact_to_two_units_in_the_last_place():
    x = np.linspace(-30.0, 1.0, 80000).astype(np.float32)
    y = np.empty_like(x)
    _exp2_all(x, y)
    assert np.abs(y / np.exp2(x.astype(np.float64)) - 1.0).max() < 2.0**-22


def test_exp2_of_a_very_small_number_is_nearly_nothing():
    x = np.full(8, -1e30, np.float32)
    y = np.empty_like(x)
    _exp2_all(x, y)
    assert (y == np.float32(2.0**-126)).all()


def test_masks_choose_lanes():
    assert _positive_total(np.arange(-4, 4, dtype=np.float32)) == (6.0, True)
    assert _positive_total(np.full(8, -1.0, np.float32)) == (0.0, False)


def test_lanes_count_up():
    assert _last_less_first(np.array([3.0], np.float32)).tolist() == list(range(3, 11))


def test_cached_machine_code_depends_on_every_file_of_the_kernels():
    """A change in the vector operations must not leave old kernels in numba's cache."""
    stamp = blend.blend_row._cache._cache_file._source_stamp
    assert {entry[0] for entry in stamp} >= {"simd.py", "order.py", "constants.py", "jit.py"}
    assert jit.kernel(lambda x: x)._cache._cache_file._source_stamp == stamp
