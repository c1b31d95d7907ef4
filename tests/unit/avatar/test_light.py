"""Light from above and in front, as it falls on a person who stands."""

import pytest
import torch

from gaussianmotion.avatar.gaussians import Avatar
from gaussianmotion.avatar.light import DIMMEST, normals, paint_light
from gaussianmotion.body.skin import limb_share

BLUE = torch.tensor([0.2, 0.3, 0.6])


@pytest.fixture
def blue(open_body):
    made = Avatar.on_body(open_body, 4000, 0.9, torch.Generator().manual_seed(0), False)
    with torch.no_grad():
        made.colours.copy_(BLUE.logit())
    return made


def brightness(avatar, of=BLUE):
    return (avatar.rgb.detach() / of).mean(dim=1)


def test_the_chest_is_lighter_than_the_back_and_hue_stays(blue, open_body):
    paint_light(blue, open_body, 0.35)
    out = open_body.normals[open_body.nearest(blue.means)]
    trunk = limb_share(blue.smpl_weights, "trunk") > 0.9
    light = brightness(blue)
    front, back = light[trunk & (out[:, 2] > 0.9)], light[trunk & (out[:, 2] < -0.9)]
    assert front.mean() > back.mean() + 0.2
    torch.testing.assert_close(
        blue.rgb / blue.rgb[:, 2:], (BLUE / BLUE[2]).expand(4000, 3), atol=1e-3, rtol=0
    )
    assert light.mean().item() == pytest.approx(1.0, abs=0.12)


def test_arms_are_lit_as_they_hang_and_not_as_they_are_spread(blue, open_body):
    paint_light(blue, open_body, 0.35)
    out = open_body.normals[open_body.nearest(blue.means)]
    arms = limb_share(blue.smpl_weights, "arms") > 0.9
    up, down = (
        brightness(blue)[arms & (out[:, 1] > 0.9)],
        brightness(blue)[arms & (out[:, 1] < -0.9)],
    )
    # Spread, the upper side would be lighter by .35 (.8 + .8) = .56; hanging it is the outer one.
    assert 0.15 < up.mean() - down.mean() < 0.45


def test_off_the_skin_a_disc_has_its_own_direction(blue, open_body):
    on = normals(blue, open_body)
    out = open_body.normals[open_body.nearest(blue.means)]
    assert (on * out).sum(dim=1).median() > 0.99
    with torch.no_grad():
        blue.means += 0.1 * out
        blue.quats.copy_(torch.tensor([1.0, 0.0, 0.0, 0.0]))  # all thin along z
    off = normals(blue, open_body)
    far = open_body.heights(blue.means) > 0.05
    assert (off[far, 2].abs() > 0.999).all()


def test_without_light_nothing_changes(blue, open_body):
    before = blue.colours.detach().clone()
    paint_light(blue, open_body, 0.0)
    assert torch.equal(blue.colours, before)


@pytest.mark.parametrize("strength", [0.35, 1.0])
def test_light_skin_stays_skin_and_nothing_is_black(blue, open_body, strength):
    skin = torch.tensor([0.9, 0.66, 0.54])
    with torch.no_grad():
        blue.colours.copy_(skin.logit())
    paint_light(blue, open_body, strength)
    torch.testing.assert_close(
        blue.rgb / blue.rgb[:, :1], (skin / skin[0]).expand(4000, 3), atol=2e-3, rtol=0
    )
    assert blue.rgb[:, 0].max() > 0.97
    assert brightness(blue, skin).min() >= DIMMEST - 1e-3
