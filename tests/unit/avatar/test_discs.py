"""Discs are as thick as the surface bends, and strays are not seen."""

from dataclasses import replace

import pytest
import torch

from gaussianmotion.avatar.discs import UNSEEN, fit_discs, hide_strays
from gaussianmotion.avatar.gaussians import Avatar, quats_facing
from gaussianmotion.avatar.surface import Sheet

WIDE, THIN = 0.008, 0.0005


def made_of(points, normals, body):
    """An avatar of thin discs there, and its sheet."""
    avatar = Avatar.on_body(
        body, len(points), 0.9, torch.Generator().manual_seed(0), False, even=False
    )
    with torch.no_grad():
        avatar.means.copy_(points)
        avatar.quats.copy_(quats_facing(normals))
        avatar.log_scales.copy_(torch.tensor([WIDE, WIDE, THIN]).log().expand(len(points), 3))
    rows = torch.arange(len(points))
    counts = torch.ones(len(points))
    return avatar, Sheet(points, normals, normals, counts, rows, rows)


@pytest.fixture
def plane(open_body):
    """A lattice, 10 mm apart."""
    side = torch.arange(20.0) * 0.01
    x, y = torch.meshgrid(side, side, indexing="ij")
    points = torch.stack([x.flatten(), y.flatten(), torch.zeros(400)], dim=1)
    return made_of(points, torch.tensor([[0.0, 0.0, 1.0]]).expand(400, 3).clone(), open_body)


def ball(radius, body):
    """Evenly spread over a ball (Fibonacci's lattice), about 6 mm apart."""
    count = int(4.0 * torch.pi * radius**2 / 0.006**2)
    turn = torch.arange(count) * (torch.pi * (3.0 - 5.0**0.5))
    z = 1.0 - 2.0 * (torch.arange(count) + 0.5) / count
    flat = (1.0 - z.square()).sqrt()
    normals = torch.stack([flat * turn.cos(), flat * turn.sin(), z], dim=1)
    return made_of(radius * normals, normals, body)


INNER = 20 * 10 + 10


def test_what_lies_in_a_plane_stays_as_it_is(plane):
    avatar, sheet = plane
    before = avatar.log_scales.detach().clone()
    fit_discs(avatar, sheet)
    torch.testing.assert_close(avatar.log_scales.detach(), before)


def test_the_more_it_bends_the_thicker_and_smaller_they_are(open_body):
    found = []
    for radius in (0.012, 0.02, 0.05):
        avatar, sheet = ball(radius, open_body)
        fit_discs(avatar, sheet)
        found.append(avatar.scales.detach().median(dim=0).values)
    wide, thin = torch.stack(found)[:, 0], torch.stack(found)[:, 2]
    assert wide[0] < 0.85 * WIDE
    torch.testing.assert_close(wide[2].item(), WIDE, rtol=1e-4, atol=0)
    assert thin[2] > THIN
    assert ((thin / wide).diff() < 0.0).all()
    # A sphere is s^2 / 2R below its tangent plane at a distance of s, and neighbours are around it.
    assert 0.3 < thin[2] / (WIDE**2 / 0.1) < 3.0


def test_none_is_thicker_than_it_is_wide(plane):
    avatar, sheet = plane
    sheet.means[INNER] += torch.tensor([0.0, 0.0, 0.3])
    fit_discs(avatar, sheet)
    assert avatar.scales[INNER].max() <= WIDE * 1.001


def hidden(avatar):
    return (avatar.logit_opacities == UNSEEN).nonzero()[:, 0].tolist()


def test_strays_are_hidden_and_the_edge_is_not(plane):
    avatar, sheet = plane
    hide_strays(avatar, sheet)
    assert hidden(avatar) == []
    sheet.means[INNER] += torch.tensor([0.0, 0.0, 0.04])
    sheet.means[0] -= 0.03  # away from a corner
    hide_strays(avatar, sheet)
    assert hidden(avatar) == [0, INNER]


def test_what_is_held_is_no_company(plane):
    """Hair before a face is as much a stray as anywhere else."""
    avatar, sheet = plane
    column = sheet.means[:, 0]
    face = (column > 0.055) & (column < 0.135)
    face[INNER] = False  # amid the face
    hide_strays(avatar, replace(sheet, free=(~face).nonzero()[:, 0]))
    assert hidden(avatar) == [INNER]


@pytest.mark.parametrize("count", [500, 4000])
def test_a_body_keeps_its_fingers(open_body, count):
    """Of few Gaussians, hands have hardly any on one side."""
    generator = torch.Generator().manual_seed(0)
    avatar = Avatar.on_body(open_body, count, 0.9, generator, False, even=True)
    hide_strays(avatar, Sheet.of(avatar, open_body, torch.ones(count)))
    assert len(hidden(avatar)) <= 0.001 * count


def test_far_fewer_that_lie_evenly_are_no_strays(plane):
    avatar, sheet = plane
    hide_strays(avatar, replace(sheet, free=sheet.free[::37]))
    assert hidden(avatar) == []
    hide_strays(avatar, replace(sheet, free=sheet.free[:3]))
    assert hidden(avatar) == []


def test_what_is_held_or_hidden_stays(plane, open_body):
    avatar, sheet = plane
    before = avatar.log_scales.detach().clone()
    with torch.no_grad():
        avatar.log_scales[:] += 1.0
    after = avatar.log_scales.detach().clone()
    sheet.means[:, 2] = 0.02 * (sheet.means[:, 0] * 100.0).sin()
    fit_discs(avatar, replace(sheet, free=torch.arange(10)))
    assert torch.equal(avatar.log_scales[10:], after[10:])
    assert not torch.equal(avatar.log_scales[:10], after[:10])
    fit_discs(avatar, replace(sheet, free=torch.arange(0)))
    assert not torch.equal(avatar.log_scales, before)
