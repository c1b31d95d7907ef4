"""Intervals against values worked out by hand."""

import math

import numpy as np
import pytest

from gaussianmotion.tables.intervals import cluster_mean, share, share_of_votes


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


def test_votes_that_hang_together_by_nothing_are_independent() -> None:
    # Each person and each pair has both answers, equally often.
    votes = [(person + pair) % 2 == 0 for person in range(10) for pair in range(10)]
    people = [str(person) for person in range(10) for _ in range(10)]
    pairs = [str(pair) for _ in range(10) for pair in range(10)]
    found = share_of_votes(votes, people, pairs)
    assert (found.value, found.values, found.clusters) == (0.5, 100, 10)
    # As share(50, 100), with Student's t of 9 degrees of freedom in place of the normal quantile.
    room = 2.262157**2 / 100
    assert found.high == pytest.approx(0.5 + math.sqrt(room) * 0.5 / math.sqrt(1 + room), abs=1e-6)


def test_votes_that_all_agree_count_once_for_each_person_or_pair() -> None:
    people, pairs = ["a", "b", "c"] * 4, [str(index // 3) for index in range(12)]
    found = share_of_votes([True] * 12, people, pairs)
    assert found.high == 1.0
    assert found.low == pytest.approx(3 / (3 + 4.302653**2), abs=1e-6)  # n / (n + t^2)
    alone = share_of_votes([True] * 4, ["a"] * 4, list("wxyz"))
    assert alone.low == pytest.approx(share(1, 1).low)


def test_the_interval_of_votes_covers_where_people_and_pairs_differ() -> None:
    """95 % of studies should contain the truth; with independent votes far fewer would."""
    draws = np.random.default_rng(0)
    people, pairs = np.divmod(np.arange(12 * 15), 15)
    covered = {"clustered": 0, "independent": 0}
    studies = 400
    for _ in range(studies):
        leaning = draws.normal(0.0, 0.9, 12)[people] + draws.normal(0.0, 0.9, 15)[pairs]
        votes = draws.random(len(people)) < 1.0 / (1.0 + np.exp(-leaning))  # half on average
        found = {
            "clustered": share_of_votes(
                votes.tolist(), people.astype(str).tolist(), pairs.astype(str).tolist()
            ),
            "independent": share(int(votes.sum()), len(votes)),
        }
        for name, estimate in found.items():
            assert estimate.low is not None
            assert estimate.high is not None
            covered[name] += estimate.low <= 0.5 <= estimate.high
    assert covered["clustered"] / studies > 0.92
    assert covered["independent"] / studies < 0.75
