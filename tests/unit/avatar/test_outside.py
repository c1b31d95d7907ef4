"""What is below the skin goes back to where it began; nothing else moves."""

import pytest
import torch

from gaussianmotion.avatar.gaussians import Avatar
from gaussianmotion.avatar.outside import back_to_the_skin
from gaussianmotion.body.skin import limb_share


@pytest.fixture
def avatar(open_body):
    return Avatar.on_body(open_body, 500, 0.9, torch.Generator().manual_seed(0), False)


@pytest.fixture
def trunk(avatar):
    """Numbers of Gaussians on it: a centimetre below the skin of a finger is another finger."""
    return (limb_share(avatar.smpl_weights, "trunk") > 0.9).nonzero()[:, 0]


def test_heights_are_metres_outside_the_skin(open_body):
    points, normals = open_body.sample_surface(300, torch.Generator().manual_seed(1))
    for height in (-0.004, 0.0, 0.004):
        found = open_body.heights(points + height * normals)
        assert (found - height).abs().quantile(0.85) < 0.002
        assert found.mean().item() == pytest.approx(height, abs=0.001)


def test_only_those_below_the_skin_go_back(avatar, open_body, trunk):
    began = avatar.means.detach().clone()
    out = open_body.normals[open_body.nearest(began)]
    sunk, worn = trunk[:40], trunk[40:80]
    with torch.no_grad():
        avatar.means[sunk] -= 0.01 * out[sunk]
        avatar.means[worn] += 0.03 * out[worn]
    before = avatar.means.detach().clone()
    back_to_the_skin(avatar, open_body, began)
    assert torch.equal(avatar.means[sunk], began[sunk])
    before[sunk] = began[sunk]
    assert torch.equal(avatar.means, before)


def test_those_that_are_held_stay_where_they_are(avatar, open_body, trunk):
    began = avatar.means.detach().clone()
    with torch.no_grad():
        avatar.means -= 0.01 * open_body.normals[open_body.nearest(began)]
    inside = avatar.means.detach().clone()
    held = trunk[:2]
    back_to_the_skin(avatar, open_body, began, held)
    assert torch.equal(avatar.means[held], inside[held])
    assert torch.equal(avatar.means[trunk[2:]], began[trunk[2:]])
