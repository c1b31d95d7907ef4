"""Borders between garments are lines, and no disc reaches over one."""

import copy
from dataclasses import replace

import pytest
import torch
from dressed import avatar_on, limb, paint, sheet_of

from gaussianmotion.avatar.borders import ENDS, NARROWEST, OVER, cut_at_borders, shortened
from gaussianmotion.avatar.gaussians import thin_axes
from gaussianmotion.body.poses import standing_pose
from gaussianmotion.config.rendering import Framing
from gaussianmotion.rendering.cameras import fitted_orbit
from gaussianmotion.splat.covariance import covariances

WAIST = 0.05


@pytest.fixture(scope="module")
def made(open_body):
    return avatar_on(open_body, 14000)


@pytest.fixture
def avatar(made):
    return copy.deepcopy(made)


@pytest.fixture
def sheet(avatar, open_body):
    return sheet_of(avatar, open_body)


@pytest.fixture
def nobody(avatar):
    return torch.zeros(len(avatar), dtype=torch.bool)


def above(avatar, wave=0.0):
    """1 above the waist, whose border may be a wave of 4 cm around the body."""
    around = torch.atan2(avatar.means[:, 0], avatar.means[:, 2]).detach()
    return (avatar.means[:, 1].detach() > WAIST + wave * (22.0 * around).sin()).long()


def test_waves_and_stray_ones_become_a_line(avatar, sheet):
    trunk = limb(avatar, "trunk")
    labels = above(avatar, wave=0.01)
    stray = torch.rand(len(avatar), generator=torch.Generator().manual_seed(0)) < 0.05
    labels = torch.where(stray, 1 - labels, labels)
    wrong = (labels != above(avatar)) & trunk
    found = shortened(sheet, labels, 4)
    left = (found != above(avatar)) & trunk
    assert left.sum() < 0.2 * wrong.sum()
    off = (avatar.means[left, 1].detach() - WAIST).abs()
    assert off.quantile(0.95) < 0.008


def test_a_straight_border_stays_where_it_is(avatar, sheet):
    labels = above(avatar)
    found = shortened(sheet, labels, 8)
    changed = (found != labels) & limb(avatar, "trunk")
    assert ((avatar.means[changed, 1].detach() - WAIST).abs() < 0.008).all()


def test_some_keep_their_labels_and_nobody_else_gets_them(avatar, sheet):
    labels = above(avatar)
    held = limb(avatar, "head") | (torch.arange(len(avatar)) % 5 == 0)
    labels[held] = 2
    found = shortened(sheet, labels, 3, held, held)
    assert torch.equal(found == 2, held)


def test_a_strip_beside_what_is_held_is_not_eaten(avatar, sheet):
    """The face is held, and its skin counts: a brow between it and a hat stays skin."""
    height = avatar.means[:, 1].detach()
    hat, face = (height > WAIST + 0.015).long(), height < WAIST
    found = shortened(sheet, hat, 4, face)
    strip = (height > WAIST) & (height < WAIST + 0.01) & limb(avatar, "trunk")
    assert strip.sum() > 20
    assert found[strip].float().mean() < 0.1
    eaten = shortened(sheet, hat, 4, face, face)
    assert eaten[strip].float().mean() > 0.2


def test_where_nothing_counts_labels_stay(avatar, sheet):
    """A patch that is hidden, and all around it another kind: nobody can tell it anything."""
    patch = torch.cdist(avatar.means[:1], avatar.means)[0].detach() < 0.03
    counts = torch.where(patch, 0.0, sheet.counts)
    alone = replace(sheet, kinds=patch.long(), counts=counts)
    labels = torch.where(patch, 0, 1)
    assert torch.equal(shortened(alone, labels, 3), labels)


def test_labels_of_other_kinds_count_nothing(avatar, sheet):
    """Stripes on trousers up to the waist: the shirt's plain cloth does not take them."""
    kinds = above(avatar, wave=0.01)
    colours = 1 - kinds
    cut = replace(sheet, kinds=kinds)
    assert torch.equal(shortened(cut, colours, 2), colours)
    assert not torch.equal(shortened(sheet, colours, 2), colours)


def test_nothing_to_decide(avatar, sheet):
    same = torch.full((len(avatar),), 3)
    assert torch.equal(shortened(sheet, same, 2), same)
    hidden = replace(sheet, shown=sheet.shown[:0])
    assert torch.equal(shortened(hidden, above(avatar), 2), above(avatar))


def reach(avatar, direction):
    """Standard deviations along a direction, metres."""
    covars = covariances(avatar.quats, avatar.scales)[0].detach()
    return torch.einsum("a,nab,b->n", direction, covars, direction).sqrt()


def test_discs_end_at_the_border_and_others_are_as_they_were(avatar, sheet, nobody):
    before = {name: value.clone() for name, value in avatar.state_dict().items()}
    up = torch.tensor([0.0, 1.0, 0.0])
    wide = reach(avatar, up)
    cut_at_borders(avatar, sheet, above(avatar), nobody, nobody)
    away = (avatar.means[:, 1].detach() - WAIST).abs()
    # The surface of the trunk's sides is upright.
    upright = limb(avatar, "trunk") & (sheet.sides[:, 1].abs() < 0.15)
    near = upright & (away < 0.01)
    least = (1.01 * avatar.scales.detach().amin(dim=1)).clamp(min=NARROWEST)
    most = torch.maximum((away + OVER) / ENDS, least)
    assert near.sum() > 40
    assert (reach(avatar, up)[near] < 1.3 * most[near] + 0.0005).float().mean() > 0.95
    assert (wide[near] > most[near]).float().mean() > 0.5
    far = away > 0.04
    for name, value in avatar.state_dict().items():
        assert torch.equal(value[far], before[name][far])
    sides = (avatar.quats, avatar.log_scales, sheet.sides)
    torch.testing.assert_close(thin_axes(*sides), sheet.normals, atol=2e-3, rtol=0)
    torch.testing.assert_close(
        avatar.log_scales.amin(dim=1)[near], before["log_scales"].amin(dim=1)[near]
    )
    # None is larger than it was.
    area, was = avatar.log_scales.sum(dim=1), before["log_scales"].sum(dim=1)
    assert (area <= was + 0.05).all()


def test_held_ones_stay_and_have_no_borders(avatar, sheet):
    before = avatar.log_scales.detach().clone()
    held = above(avatar).bool()
    cut_at_borders(avatar, sheet, above(avatar), held, held)
    assert torch.equal(avatar.log_scales, before)


def test_a_picture_has_an_edge_and_no_gap(avatar, sheet, nobody, open_body):
    labels = above(avatar)
    paint(avatar, labels == 1, [0.9, 0.9, 0.1])
    paint(avatar, labels == 0, [0.1, 0.1, 0.9])
    with torch.no_grad():
        avatar.log_scales += 0.4
    pose = standing_pose()[None]
    cameras = fitted_orbit(
        open_body.posed_vertices(pose)[0], torch.tensor([0.0]), 0.0, 512, Framing()
    )
    backgrounds = torch.tensor([[0.0, 1.0, 0.0]])

    def mixed():
        with torch.no_grad():
            drawn = avatar.render(open_body, pose, cameras, backgrounds, "numba")
        inside = drawn.alpha[0].squeeze(-1) > 0.98
        blue, red = drawn.rgb[0, ..., 2][inside], drawn.rgb[0, ..., 0][inside]
        return ((blue - red).abs() < 0.6).sum().item(), drawn.alpha.sum().item()

    before, opaque = mixed()
    cut_at_borders(avatar, sheet, labels, nobody, nobody)
    after, still = mixed()
    assert after < 0.6 * before
    assert still == pytest.approx(opaque, rel=0.002)
