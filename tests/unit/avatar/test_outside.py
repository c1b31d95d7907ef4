"""What is below the skin goes back to where it began; nothing else moves."""

import pytest
import torch

from gaussianmotion.avatar.gaussians import Avatar
from gaussianmotion.avatar.outside import back_to_the_skin, on_the_skin
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


def test_what_slides_along_the_skin_is_not_put_back(avatar, open_body):
    began = avatar.means.detach().clone()
    generator = torch.Generator().manual_seed(2)
    out = open_body.normals[open_body.nearest(began)]
    along = torch.linalg.cross(out, torch.randn(500, 3, generator=generator))
    with torch.no_grad():
        avatar.means += 0.003 * torch.nn.functional.normalize(along, dim=1)
    slid = avatar.means.detach().clone()
    back_to_the_skin(avatar, open_body, began)
    assert (avatar.means != slid).any(dim=1).float().mean() < 0.05


def test_points_below_the_skin_are_lifted_onto_it(avatar, open_body, trunk):
    out = open_body.normals[open_body.nearest(avatar.means)]
    where = avatar.means.detach()[trunk]
    lifted = on_the_skin(open_body, where - 0.01 * out[trunk])
    assert open_body.heights(lifted).abs().quantile(0.9) < 0.002
    worn = where + 0.02 * out[trunk]
    assert torch.equal(on_the_skin(open_body, worn), worn)
