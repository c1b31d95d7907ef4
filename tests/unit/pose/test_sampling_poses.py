"""Training poses: where they are centred, what they never do, and that they repeat."""

import math

import pytest
import torch

from gaussianmotion.body import Body
from gaussianmotion.body.joints import INDEX, MIRROR
from gaussianmotion.body.poses import star_pose
from gaussianmotion.config import PoseConfig
from gaussianmotion.pose.sampling import sample_poses


def draw(count: int, seed: int = 0, **keys: object) -> torch.Tensor:
    config = PoseConfig(**keys)  # type: ignore[arg-type]
    return sample_poses(count, config, torch.Generator().manual_seed(seed))


def test_equal_seeds_give_equal_poses_and_others_do_not() -> None:
    assert torch.equal(draw(8), draw(8))
    assert not torch.equal(draw(8), draw(8, seed=1))


def test_without_spread_or_with_a_fixed_distribution_it_is_the_star_pose() -> None:
    star = star_pose().repeat(3, 1, 1)
    torch.testing.assert_close(draw(3, std=0.0), star, atol=1e-5, rtol=0)
    assert torch.equal(draw(3, distribution="fixed"), star)


def test_large_joints_spread_as_configured_around_the_star_pose() -> None:
    poses = draw(20_000, std=10.0)
    arm = poses[:, INDEX["left_shoulder"], 2].rad2deg()
    assert abs(float(arm.mean())) < 0.5
    assert float(arm.std()) == pytest.approx(10.0, rel=0.05)
    hip = poses[:, INDEX["right_hip"], 2].rad2deg()
    assert float(hip.mean()) == pytest.approx(-45.0, abs=1.5)
    spine = poses[:, INDEX["spine2"], 1].rad2deg()
    assert float(spine.std()) == pytest.approx(10.0 / 3, rel=0.05)
    assert (poses[:, 0] == 0).all()


def test_hinges_bend_one_way_only() -> None:
    poses = draw(5000, std=40.0)
    for side in ("left", "right"):
        knee = poses[:, INDEX[f"{side}_knee"]]
        assert knee[:, 0].min() >= -1e-5
        assert knee[:, 1:].abs().max() < 1e-5
        assert 1.5 < knee[:, 0].max() <= math.radians(120) + 1e-5
    assert poses[:, INDEX["left_elbow"], 1].max() <= 1e-5
    assert poses[:, INDEX["right_elbow"], 1].min() >= -1e-5


def test_knees_bend_backward_and_elbows_forward(open_body: Body) -> None:
    poses = draw(200, std=30.0)
    joints = open_body.posed_joints(poses)
    transforms = open_body.transforms(poses)
    for side in ("left", "right"):
        knee, ankle = INDEX[f"{side}_knee"], INDEX[f"{side}_ankle"]
        # In the thigh's own frame a bent shin goes backward.
        thigh = transforms[:, INDEX[f"{side}_hip"], :3, :3]
        shin = (thigh.mT @ (joints[:, ankle] - joints[:, knee])[..., None])[..., 0]
        bent = poses[:, knee].norm(dim=-1) > 0.3
        assert (shin[bent, 2] < 0).all()


def test_limits_hold_without_heaping_up_at_them() -> None:
    angle = draw(5000, std=60.0)[:, INDEX["left_knee"], 0].rad2deg()
    assert angle.max() <= 120.001
    assert ((angle > 119.9).float().mean()) < 0.01


def test_both_sides_are_drawn_from_mirrored_distributions() -> None:
    poses = draw(20_000, std=25.0, arms_down=0.3)
    mirrored = poses[:, list(MIRROR)] * torch.tensor([1.0, -1.0, -1.0])
    torch.testing.assert_close(poses.mean(0), mirrored.mean(0), atol=0.02, rtol=0)
    torch.testing.assert_close(poses.std(0), mirrored.std(0), atol=0.02, rtol=0)


def test_the_share_of_lowered_arms_is_as_configured(open_body: Body) -> None:
    joints = open_body.posed_joints(draw(1000, std=10.0, arms_down=0.25))
    wrist, hip = joints[:, INDEX["left_wrist"], 1], joints[:, INDEX["left_hip"], 1]
    ankles = joints[:, INDEX["left_ankle"], 0] - joints[:, INDEX["right_ankle"], 0]
    lowered = wrist < hip + 0.25
    assert float(lowered.float().mean()) == pytest.approx(0.25, abs=0.04)
    assert ankles[lowered].mean() < 0.45 < 0.9 < ankles[~lowered].mean()
