"""A layer of splats becomes one surface, and the surface stays where it was."""

import copy
from dataclasses import replace

import pytest
import torch

from gaussianmotion.avatar.gaussians import Avatar
from gaussianmotion.avatar.outside import SKIN_DEEP
from gaussianmotion.avatar.surface import Sheet, smooth_surface
from gaussianmotion.body.skin import limb_share
from gaussianmotion.splat.covariance import rotation_matrices

THICKNESS = 0.006
CLOTH = 0.02


@pytest.fixture
def clothed(open_body):
    """Even discs 2 cm off the body, each 6 mm off its place, turned any way."""
    generator = torch.Generator().manual_seed(0)
    made = Avatar.on_body(open_body, 6000, 0.9, generator, False, even=True)
    out = open_body.normals[open_body.nearest(made.means)]
    off = CLOTH + THICKNESS * torch.randn(6000, 1, generator=generator)
    with torch.no_grad():
        made.means += off * out
        made.quats += 0.3 * torch.randn(6000, 4, generator=generator)
    return made


@pytest.fixture
def smooth(clothed):
    """On trunk and legs: 2 cm off fingers and ears is no one surface."""
    return sum(limb_share(clothed.smpl_weights, limb) for limb in ("trunk", "legs")) > 0.95


def test_a_thick_layer_becomes_thin_where_it_was(clothed, open_body, smooth):
    before = open_body.heights(clothed.means)[smooth]
    smooth_surface(clothed, open_body, Sheet.of(clothed, open_body, torch.ones(6000)))
    after = open_body.heights(clothed.means)[smooth]
    assert before.std() > 0.9 * THICKNESS
    assert after.std() < 0.55 * THICKNESS
    # Planes alone would take 3 mm off limbs in every round.
    assert after.mean().item() == pytest.approx(before.mean().item(), abs=0.0015)


def test_discs_lie_in_the_surface(clothed, open_body):
    smooth_surface(clothed, open_body, Sheet.of(clothed, open_body, torch.ones(6000)))
    turned = rotation_matrices(clothed.quats)
    thin = turned[torch.arange(6000), :, clothed.log_scales.argmin(dim=1)]
    out = open_body.normals[open_body.nearest(clothed.means)]
    assert (thin * out).sum(dim=1).abs().median() > 0.98


def test_hidden_ones_neither_count_nor_move(clothed, open_body, smooth):
    seen = torch.ones(6000)
    seen[::2] = 0.0
    with torch.no_grad():
        clothed.means[::2] += 0.02  # whatever they are, the others do not follow
    far = clothed.means[::2].detach().clone()
    smooth_surface(clothed, open_body, Sheet.of(clothed, open_body, seen))
    assert torch.equal(clothed.means[::2], far)
    heights = open_body.heights(clothed.means)[smooth & (seen > 0.0)]
    assert heights.mean().item() == pytest.approx(CLOTH, abs=0.001)


def test_those_that_are_held_count_and_stay(clothed, open_body):
    held = torch.arange(0, 6000, 3)
    before = clothed.means[held].detach().clone(), clothed.quats[held].detach().clone()
    smooth_surface(clothed, open_body, Sheet.of(clothed, open_body, torch.ones(6000), held))
    assert torch.equal(clothed.means[held], before[0])
    assert torch.equal(clothed.quats[held], before[1])


def test_nothing_goes_below_the_skin(open_body):
    generator = torch.Generator().manual_seed(0)
    bare = Avatar.on_body(open_body, 3000, 0.9, generator, False, even=True)
    with torch.no_grad():
        out = open_body.normals[open_body.nearest(bare.means)]
        bare.means += 0.004 * torch.rand(3000, 1, generator=generator) * out
    before = open_body.heights(bare.means)
    outside = before >= 0.0
    smooth_surface(bare, open_body, Sheet.of(bare, open_body, torch.ones(3000)))
    assert (open_body.heights(bare.means)[outside] >= -SKIN_DEEP).all()
    moved = open_body.heights(bare.means) - before
    assert moved.mean().item() == pytest.approx(0.0, abs=0.0002)  # as many in as out


@pytest.mark.parametrize("seen", [0.0, float("nan")])
def test_an_avatar_that_no_picture_shows_stays_as_it_is(clothed, open_body, seen):
    before = clothed.means.detach().clone()
    smooth_surface(clothed, open_body, Sheet.of(clothed, open_body, torch.full((6000,), seen)))
    assert torch.equal(clothed.means, before)


def test_a_body_shows_through_less_where_cloth_is(clothed, open_body, smooth):
    """Bumps as wide as a nipple or a navel, 1 cm high, are smoothed over."""
    generator = torch.Generator().manual_seed(2)
    flat = Avatar.on_body(open_body, 6000, 0.9, torch.Generator().manual_seed(0), False, even=True)
    centres = flat.means[smooth][torch.randperm(int(smooth.sum()), generator=generator)[:40]]
    near = torch.cdist(flat.means.detach(), centres.detach()).amin(dim=1)
    out = open_body.normals[open_body.nearest(flat.means)]
    with torch.no_grad():
        flat.means += (CLOTH + 0.01 * (-0.5 * (near / 0.012).square()).exp())[:, None] * out
    skin, cloth = (copy.deepcopy(flat) for _ in range(2))
    sheet = Sheet.of(flat, open_body, torch.ones(6000))
    smooth_surface(skin, open_body, sheet)
    smooth_surface(cloth, open_body, sheet, smooth)
    top = smooth & (near < 0.006)

    def bumps(avatar):
        return open_body.heights(avatar.means)[top].mean() - CLOTH

    assert bumps(cloth) < 0.75 * bumps(skin) < 0.75 * bumps(flat)


def test_other_regions_count_nothing(clothed, open_body, smooth):
    """A shirt 2 cm over the trousers that it ends at stays there."""
    height = clothed.means[:, 1].detach().clone()
    upper = height > 0.05
    out = open_body.normals[open_body.nearest(clothed.means)]
    with torch.no_grad():
        clothed.means[upper] += 0.02 * out[upper]
    border = smooth & ((height - 0.05).abs() < 0.02)

    def step(avatar):
        heights = open_body.heights(avatar.means).detach()
        return (heights[border & upper].mean() - heights[border & ~upper].mean()).item()

    before, cut = step(clothed), copy.deepcopy(clothed)
    sheet = Sheet.of(clothed, open_body, torch.ones(6000))
    smooth_surface(clothed, open_body, sheet)
    smooth_surface(cut, open_body, replace(sheet, kinds=upper.long()))
    assert step(clothed) < 0.75 * before < 0.9 * before < step(cut)


@pytest.mark.parametrize("count", [1, 3, 30])
def test_a_small_patch_of_cloth_is_not_torn(open_body, count):
    """What has too few neighbours of its own has no plane to lie in."""
    generator = torch.Generator().manual_seed(0)
    smooth = Avatar.on_body(open_body, 6000, 0.9, generator, False, even=True)
    middle = smooth.means[limb_share(smooth.smpl_weights, "trunk") > 0.95][:1]
    near = torch.cdist(middle, smooth.means)[0].argsort()[:count]
    kinds = torch.zeros(6000, dtype=torch.long)
    kinds[near] = 1
    before = smooth.means.detach().clone()
    sheet = replace(Sheet.of(smooth, open_body, torch.ones(6000)), kinds=kinds)
    smooth_surface(smooth, open_body, sheet, kinds > 0)
    moved = (smooth.means - before).norm(dim=1).detach()[near]
    assert moved.quantile(0.9) < 0.006
    assert moved.max() < 0.012
    turned = rotation_matrices(smooth.quats)[near]
    thin = turned[torch.arange(count), :, smooth.log_scales[near].argmin(dim=1)]
    out = open_body.normals[open_body.nearest(before[near])]
    assert (thin * out).sum(dim=1).abs().min() > 0.8
