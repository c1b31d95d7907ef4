"""Random poses are those that avatars are trained in, with a margin; human and reproducible."""

from pathlib import Path

import numpy as np
import pytest

from gaussianmotion.body.joints import INDEX
from gaussianmotion.config.file import load_config
from gaussianmotion.synthesis.pictures.poses import TRAINED, sample_pose, with_stride

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def poses():
    return np.array([sample_pose(np.random.default_rng(seed)) for seed in range(300)])


def test_they_are_drawn_as_avatars_are_trained():
    config = load_config([ROOT / "config.yaml", ROOT / "config/laptop.yaml"])
    assert config.train.poses == TRAINED


def test_the_root_stays_upright_and_knees_never_bend_forward(poses):
    np.testing.assert_array_equal(poses[:, 0], 0)
    assert poses[:, [INDEX["left_knee"], INDEX["right_knee"]], 0].min() >= 0


def test_same_seed_same_pose():
    first, second = (sample_pose(np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_both_lowered_and_raised_arms_occur(poses):
    lowered = poses[:, INDEX["left_shoulder"], 2] < np.radians(-38)
    assert 0.35 < lowered.mean() < 0.75


def test_legs_in_stride_swing_against_each_other():
    pose = with_stride(np.zeros((24, 3)), np.random.default_rng(1))
    left, right = pose[INDEX["left_hip"], 0], pose[INDEX["right_hip"], 0]
    assert left == -right != 0
    behind = "left" if left > 0 else "right"
    assert pose[INDEX[f"{behind}_knee"], 0] > 0
