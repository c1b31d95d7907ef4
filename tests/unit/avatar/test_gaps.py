"""Gaussians reach part of the way to their neighbours, and no further."""

import pytest
import torch

from gaussianmotion.avatar.gaps import close_gaps
from gaussianmotion.avatar.gaussians import Avatar


@pytest.fixture
def cloth(open_body):
    """A flat lattice of thin discs, 10 mm apart, of 2 mm."""
    avatar = Avatar.on_body(open_body, 400, 0.9, torch.Generator().manual_seed(0), False)
    side = torch.arange(20.0) * 0.01
    x, y = torch.meshgrid(side, side, indexing="ij")
    with torch.no_grad():
        avatar.means.copy_(torch.stack([x.flatten(), y.flatten(), torch.zeros(400)], dim=1))
        avatar.log_scales.copy_(torch.tensor([0.002, 0.002, 0.0002]).log().expand(400, 3))
    return avatar


INNER = 20 * 10 + 10  # a Gaussian in the lattice's middle
SPACING = 0.01 * (4 + 4 * 2**0.5) / 8


def test_discs_are_as_wide_as_asked_for_and_stay_thin(cloth):
    close_gaps(cloth, 0.6, 1.0)
    expected = torch.tensor([0.6 * SPACING, 0.6 * SPACING, 0.0002])
    torch.testing.assert_close(cloth.scales[INNER], expected, rtol=1e-4, atol=0)
    # At the lattice's edge neighbours are further off.
    assert (cloth.scales[:, :2] >= 0.6 * SPACING * 0.999).all()


def test_none_becomes_larger_than_the_largest_and_none_smaller(cloth):
    with torch.no_grad():
        cloth.log_scales[INNER] = torch.tensor([0.05, 0.002, 0.0002]).log()
        cloth.means[0] += 1.0  # far from all others
    close_gaps(cloth, 0.6, 0.004)
    torch.testing.assert_close(
        cloth.scales[INNER], torch.tensor([0.05, 0.004, 0.0002]), rtol=1e-4, atol=0
    )
    assert cloth.scales[0].amax().item() == pytest.approx(0.004)


def test_those_that_are_held_keep_their_sizes(cloth):
    held = torch.tensor([INNER, 3])
    close_gaps(cloth, 0.6, 1.0, held)
    assert cloth.scales[held].amax().item() == pytest.approx(0.002)
    assert cloth.scales[INNER + 1].amax() > 0.006


def test_once_closed_nothing_changes(cloth):
    close_gaps(cloth, 0.6, 0.01)
    before = cloth.log_scales.clone()
    close_gaps(cloth, 0.6, 0.01)
    assert torch.equal(cloth.log_scales, before)


def test_one_gaussian_alone_has_no_neighbours(open_body):
    avatar = Avatar.on_body(open_body, 400, 0.9, torch.Generator().manual_seed(0), False)
    fields = ("means", "quats", "log_scales", "logit_opacities", "colours")
    one = Avatar(
        **{name: getattr(avatar, name).detach()[:1] for name in fields},
        smpl_weights=avatar.smpl_weights[:1],
    )
    before = one.log_scales.clone()
    close_gaps(one, 0.6, 0.01)
    assert torch.equal(one.log_scales, before)
