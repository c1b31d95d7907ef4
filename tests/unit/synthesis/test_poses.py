"""Random poses stay human, symmetric and reproducible."""

import numpy as np

from gaussianmotion.body.joints import INDEX
from gaussianmotion.synthesis.pictures.poses import (
    base_pose,
    clip_to_limits,
    mirrored_limits,
    sample_pose,
)


def test_star_pose_opens_both_hips_by_45_degrees():
    star = np.degrees(base_pose("star"))
    assert star[INDEX["left_hip"], 2] == 45
    assert star[INDEX["right_hip"], 2] == -45


def test_limits_mirror_between_the_sides():
    low, high = mirrored_limits("left_elbow")
    low_right, high_right = mirrored_limits("right_elbow")
    np.testing.assert_allclose(low_right[1:], -high[1:])
    np.testing.assert_allclose(high_right[1:], -low[1:])
    np.testing.assert_allclose((low_right[0], high_right[0]), (low[0], high[0]))


def test_samples_lie_within_the_limits_and_keep_the_root_upright():
    for seed in range(200):
        pose = sample_pose(np.random.default_rng(seed))
        np.testing.assert_array_equal(pose, clip_to_limits(pose))
        np.testing.assert_array_equal(pose[0], 0)


def test_knees_never_bend_forward():
    poses = np.array([sample_pose(np.random.default_rng(s)) for s in range(200)])
    assert poses[:, [INDEX["left_knee"], INDEX["right_knee"]], 0].min() >= 0


def test_same_seed_same_pose():
    first, second = (sample_pose(np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_both_lowered_and_raised_arms_occur():
    lowered = [
        sample_pose(np.random.default_rng(s))[INDEX["left_shoulder"], 2] < np.radians(-38)
        for s in range(300)
    ]
    assert 0.25 < np.mean(lowered) < 0.55
