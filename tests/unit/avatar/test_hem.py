"""Hems of skirts are level; trousers are no skirts."""

import pytest
import torch
from dressed import avatar_on

from gaussianmotion.avatar.hem import level_hem
from gaussianmotion.body.joints import INDEX
from gaussianmotion.body.poses import standing_pose


@pytest.fixture
def avatar(open_body):
    return avatar_on(open_body, 12000, skirt=0.2)


def standing(avatar, body):
    means, _, _ = avatar.posed(body, standing_pose()[None])
    return means[0].detach()


@pytest.fixture
def skirt(avatar, open_body):
    """From the waist down to a hem that is an arch, some 8 cm higher in the middle."""
    points = standing(avatar, open_body)
    knee = standing_joint(open_body, "left_knee")[1]
    arch = knee + 0.08 * (1.0 - (points[:, 0] / 0.15).square()).clamp(min=0.0)
    legs = avatar.smpl_weights[:, [0, 1, 2, 4, 5]].sum(dim=1) > 0.9
    return legs & (points[:, 1] > arch)


def standing_joint(body, name):
    transform = body.transforms(standing_pose()[None])[0, INDEX[name]]
    return transform[:3, :3] @ body.joints[INDEX[name]] + transform[:3, 3]


def lowest(points, middle):
    """Height below which hardly anything is, in the middle or to the sides."""
    side = (points[:, 0].abs() < 0.03) if middle else (points[:, 0].abs() > 0.1)
    return points[side, 1].quantile(0.04)


def test_the_middle_comes_down_to_the_sides(avatar, open_body, skirt):
    before = standing(avatar, open_body)[skirt]
    assert lowest(before, True) - lowest(before, False) > 0.05
    level_hem(avatar, open_body, skirt)
    after = standing(avatar, open_body)[skirt]
    assert abs(lowest(after, True) - lowest(after, False)) < 0.02
    assert abs(lowest(after, False) - lowest(before, False)) < 0.03


def test_hips_and_what_is_not_the_skirts_stay(avatar, open_body, skirt):
    before = avatar.means.detach().clone()
    level_hem(avatar, open_body, skirt)
    moved = (avatar.means - before).norm(dim=1)
    assert (moved[~skirt] == 0.0).all()
    hips = skirt & (standing(avatar, open_body)[:, 1] > standing_joint(open_body, "left_hip")[1])
    assert hips.sum() > 50
    assert moved[hips].max() < 1e-5


def test_nothing_hangs_below_the_hem(avatar, open_body, skirt):
    level_hem(avatar, open_body, skirt)
    points = standing(avatar, open_body)[skirt]
    assert points[:, 1].quantile(0.02) - points[:, 1].min() < 0.02


def test_trousers_and_what_is_not_there_stay(avatar, open_body):
    before = avatar.means.detach().clone()
    legs = avatar.smpl_weights[:, [1, 2, 4, 5]].sum(dim=1) > 0.9
    trousers = legs & (torch.arange(len(avatar)) < 12000)  # none between the legs
    level_hem(avatar, open_body, trousers)
    level_hem(avatar, open_body, torch.zeros_like(trousers))
    assert torch.equal(avatar.means, before)


@pytest.mark.parametrize("length", [0.3, 0.5, 0.8])
def test_shorts_between_thighs_that_touch_are_no_skirt(avatar, open_body, length):
    height = standing(avatar, open_body)[:, 1]
    hips, knee = (standing_joint(open_body, f"left_{name}")[1] for name in ("hip", "knee"))
    legs = avatar.smpl_weights[:, [0, 1, 2]].sum(dim=1) > 0.9
    on_body = torch.arange(len(avatar)) < 12000
    before = avatar.means.detach().clone()
    level_hem(avatar, open_body, legs & on_body & (height > hips + length * (knee - hips)))
    assert torch.equal(avatar.means, before)


def test_a_few_stray_ones_stay(avatar, open_body, skirt):
    before = avatar.means.detach().clone()
    middle = skirt & (standing(avatar, open_body)[:, 0].abs() < 0.05)
    few = torch.zeros_like(skirt)
    few[middle.nonzero()[:9, 0]] = True
    level_hem(avatar, open_body, few)
    assert torch.equal(avatar.means, before)


def test_a_corner_that_sticks_out_is_pulled_in(avatar, open_body, skirt):
    points = standing(avatar, open_body)
    low = skirt & (points[:, 1] < points[skirt, 1].quantile(0.02) + 0.04)
    corner = low & (points[:, 0] > points[low, 0].quantile(0.85))
    assert corner.sum() > 20
    before = points[skirt & ~corner, 0].max()
    with torch.no_grad():
        avatar.means[corner, 0] += 0.05
    avatar.refresh_smpl_weights(open_body, True)
    assert standing(avatar, open_body)[skirt, 0].max() > before + 0.03
    level_hem(avatar, open_body, skirt)
    assert standing(avatar, open_body)[skirt, 0].max() < before + 0.015


def test_a_flared_skirt_stays_flared(avatar, open_body, skirt):
    points = standing(avatar, open_body)
    hips = standing_joint(open_body, "left_hip")[1]
    wider = 1.0 + 0.8 * (hips - points[:, 1]).clamp(min=0.0)
    with torch.no_grad():
        avatar.means[skirt, 0] *= wider[skirt]
        avatar.means[skirt, 2] *= wider[skirt]
    avatar.refresh_smpl_weights(open_body, True)
    before = standing(avatar, open_body)[skirt]
    level_hem(avatar, open_body, skirt)
    after = standing(avatar, open_body)[skirt]
    low = before[:, 1] < before[:, 1].quantile(0.1)
    wide, was = (part[low][:, [0, 2]].norm(dim=1).quantile(0.8) for part in (after, before))
    assert wide > 0.94 * was
