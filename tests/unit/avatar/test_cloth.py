"""Clothes lie over the body, and shoes have no toes."""

import torch
from dressed import avatar_on, dressed, limb, sheet_of

from gaussianmotion.avatar.cloth import LIFT, put_clothes_on


def test_clothes_are_lifted_and_all_else_stays(open_body):
    avatar = avatar_on(open_body)
    worn, held = limb(avatar, "trunk"), torch.arange(0, len(avatar), 5)
    before = avatar.means.detach().clone()
    regions = dressed(avatar, top=worn)
    put_clothes_on(avatar, regions.cut(sheet_of(avatar, open_body, held)), regions)
    free = worn.clone()
    free[held] = False
    moved = (avatar.means - before).norm(dim=1)
    torch.testing.assert_close(moved[free], torch.full_like(moved[free], LIFT))
    assert (moved[~free] == 0.0).all()
    outward = open_body.heights(avatar.means)[free] - open_body.heights(before)[free]
    assert outward.median() > 0.9 * LIFT


def test_shoes_are_rounder_than_feet_and_around_them(open_body):
    avatar = avatar_on(open_body, 30000)
    feet = avatar.smpl_weights[:, [10, 11]].sum(dim=1) > 0.9
    assert feet.sum() > 200
    before = avatar.means.detach().clone()
    regions = dressed(avatar, shoes=avatar.smpl_weights[:, [7, 8, 10, 11]].sum(dim=1) > 0.9)
    put_clothes_on(avatar, regions.cut(sheet_of(avatar, open_body)), regions)

    near = torch.cdist(before[feet], before[feet]).topk(40, largest=False).indices
    out = open_body.normals[open_body.nearest(before[feet])]

    def roughness(means):
        """How much points differ in how far they are off the middle of their neighbours, metres."""
        off = ((means[feet][near].mean(dim=1) - means[feet]) * out).sum(dim=1)
        return off.std().item()

    assert roughness(avatar.means.detach()) < 0.8 * roughness(before)
    heights = open_body.heights(avatar.means)[feet]
    assert heights.mean() > -0.001  # toes are gone, what is between them is filled
    assert heights.quantile(0.05) > -0.006
    assert heights.max() < 0.03
    assert torch.equal(avatar.means[regions.among("skin")], before[regions.among("skin")])
