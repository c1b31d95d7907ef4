"""Intervals against values worked out by hand."""

import math

import pytest

from gaussianmotion.evaluation.intervals import cluster_mean, share


def test_a_means_interval_is_students_t() -> None:
    # Mean 2, standard deviation 1, t of two degrees of freedom at 97.5 % is 4.3027.
    found = cluster_mean([1.0, 2.0, 3.0], ["a", "b", "c"])
    assert found.value == pytest.approx(2.0)
    assert found.low == pytest.approx(2.0 - 4.302653 / math.sqrt(3), abs=1e-5)
    assert found.high == pytest.approx(2.0 + 4.302653 / math.sqrt(3), abs=1e-5)


def test_seeds_of_a_prompt_are_averaged_before_prompts_are_compared() -> None:
    # Means 1, 2, 3 again: more seeds of a prompt make no more prompts.
    found = cluster_mean([0.0, 2.0, 2.0, 2.0, 3.0, 3.0], ["a", "a", "b", "b", "c", "c"])
    assert (found.value, found.clusters, found.values) == (pytest.approx(2.0), 3, 6)
    assert found.low == pytest.approx(2.0 - 4.302653 / math.sqrt(3), abs=1e-5)


def test_a_prompt_with_more_seeds_weighs_no_more() -> None:
    assert cluster_mean([0.0, 0.0, 0.0, 1.0], ["a", "a", "a", "b"]).value == pytest.approx(0.5)


def test_one_prompt_has_no_interval() -> None:
    found = cluster_mean([1.0, 2.0], ["a", "a"])
    assert (found.value, found.low, found.high) == (1.5, None, None)


def test_a_shares_interval_is_wilsons() -> None:
    # 8 of 10, z = 1.959964: (0.8 + z^2/20 -+ z sqrt(0.016 + z^2/400)) / (1 + z^2/10).
    found = share(8, 10)
    assert found.value == pytest.approx(0.8)
    assert found.low == pytest.approx(0.4901625, abs=1e-6)
    assert found.high == pytest.approx(0.9433178, abs=1e-6)


@pytest.mark.parametrize(("successes", "low", "high"), [(0, 0.0, 0.2775328), (10, 0.7224672, 1.0)])
def test_a_share_of_nothing_or_all_stays_within_its_limits(
    successes: int, low: float, high: float
) -> None:
    found = share(successes, 10)
    assert found.low == pytest.approx(low, abs=1e-6)
    assert found.high == pytest.approx(high, abs=1e-6)
    assert found.low == 0.0 or found.high == 1.0


def test_a_share_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="3 of 2"):
        share(3, 2)
    with pytest.raises(ValueError, match="0 of 0"):
        share(0, 0)
