"""Each garment gets its own colours back."""

import pytest
import torch
from dressed import avatar_on, dressed, limb, paint, sheet_of

from gaussianmotion.avatar.garments import BLACK, FEET, LEATHER, even_garments

RED, SKIN, WHITE = [0.75, 0.15, 0.15], [0.8, 0.6, 0.5], [0.92, 0.92, 0.9]


@pytest.fixture
def avatar(open_body):
    made = avatar_on(open_body)
    paint(made, torch.ones(len(made), dtype=torch.bool), SKIN)
    return made


def hue(rgb):
    logs = rgb.log()
    return logs - logs.mean(dim=-1, keepdim=True)


def test_mottles_and_a_sleeve_that_fades_are_one_colour_and_skin_stays(avatar, open_body):
    worn = limb(avatar, "trunk") | limb(avatar, "arms")
    paint(avatar, worn, RED, noise=0.04)
    along = (avatar.means[worn, 0].abs() - 0.4).clamp(0.0, 0.3)[:, None]
    assert 20 < (along > 0.25).sum() < 0.2 * worn.sum()
    with torch.no_grad():
        faded = torch.lerp(avatar.rgb[worn], torch.tensor(SKIN), along)
        avatar.colours[worn] = faded.logit()
    before = avatar.colours.detach().clone()
    even_garments(avatar, sheet_of(avatar, open_body), dressed(avatar, top=worn))
    apart = (hue(avatar.rgb[worn]) - hue(torch.tensor(RED))).norm(dim=1)
    assert apart.max() < 0.12
    assert torch.equal(avatar.colours[~worn], before[~worn])


def test_half_of_light_and_shade_stays(avatar, open_body):
    worn = limb(avatar, "trunk")
    dark = worn & (avatar.means[:, 2] < 0.0)
    paint(avatar, worn, [0.4, 0.44, 0.4])
    paint(avatar, dark, [0.36, 0.396, 0.36])
    even_garments(avatar, sheet_of(avatar, open_body), dressed(avatar, top=worn))
    light = avatar.rgb.log().mean(dim=1)
    ratio = (light[worn & ~dark].mean() - light[dark].mean()).exp().item()
    assert ratio == pytest.approx((10 / 9) ** 0.5, abs=0.01)


def test_a_suit_keeps_its_shirt(avatar, open_body):
    worn = limb(avatar, "trunk")
    shirt = worn & (avatar.means[:, 1] > 0.15) & (avatar.means[:, 2] > 0.05)
    assert 0.01 < shirt.sum() / worn.sum() < 0.3
    paint(avatar, worn, [0.2, 0.3, 0.7], noise=0.03)
    paint(avatar, shirt, WHITE, noise=0.03)
    even_garments(avatar, sheet_of(avatar, open_body), dressed(avatar, top=worn))
    assert (avatar.rgb[shirt].mean(dim=0) - torch.tensor(WHITE)).abs().max() < 0.05
    assert avatar.rgb[worn & ~shirt].mean(dim=0)[2] > 0.65


def test_what_is_hidden_gets_the_garments_colour_without_a_shade_of_its_own(avatar, open_body):
    worn = limb(avatar, "trunk")
    paint(avatar, worn, RED)
    hidden = worn.nonzero()[::7, 0]
    with torch.no_grad():
        avatar.colours[hidden] = -3.0
    regions = dressed(avatar, top=worn)
    regions.seen[hidden] = 0.0
    even_garments(avatar, sheet_of(avatar, open_body), regions)
    torch.testing.assert_close(
        avatar.rgb[hidden], torch.tensor(RED).expand(len(hidden), 3), atol=0.02, rtol=0
    )


@pytest.mark.parametrize(
    ("shoes", "dark"),
    [([0.42, 0.36, 0.33], True), ([0.92, 0.92, 0.9], False), ([0.08, 0.08, 0.09], False)],
)
def test_shoes_as_grey_as_feet_are_of_leather_and_others_stay(avatar, open_body, shoes, dark):
    worn = avatar.smpl_weights[:, [7, 8, 10, 11]].sum(dim=1) > 0.9
    paint(avatar, worn, shoes)
    even_garments(avatar, sheet_of(avatar, open_body), dressed(avatar, shoes=worn))
    bright = avatar.rgb[worn].log().mean().item()
    before = torch.tensor(shoes).log().mean().item()
    assert (FEET[0] < before < FEET[1]) == dark
    assert bright == pytest.approx(LEATHER if dark else before, abs=0.05)
    torch.testing.assert_close(
        hue(avatar.rgb[worn]).mean(dim=0), hue(torch.tensor(shoes)), atol=0.02, rtol=0
    )


def test_a_few_stray_ones_are_no_garment(avatar, open_body):
    few = torch.zeros(len(avatar), dtype=torch.bool)
    few[:25] = True
    before = avatar.colours.detach().clone()
    even_garments(avatar, sheet_of(avatar, open_body), dressed(avatar, hat=few))
    assert torch.equal(avatar.colours, before)


def test_what_most_of_a_garment_has_goes_half_way_to_what_pictures_agree_on(avatar, open_body):
    worn = limb(avatar, "trunk")
    shirt = worn & (avatar.means[:, 1] > 0.15) & (avatar.means[:, 2] > 0.05)
    brown, beige = torch.tensor([0.5, 0.36, 0.24]), torch.tensor([0.85, 0.75, 0.57])
    paint(avatar, worn, brown, noise=0.02)
    paint(avatar, shirt, WHITE, noise=0.02)
    even_garments(
        avatar, sheet_of(avatar, open_body), dressed(avatar, top=worn), {"top": beige, "hat": beige}
    )
    assert (avatar.rgb[worn & ~shirt].mean(dim=0) - (brown * beige).sqrt()).abs().max() < 0.03
    assert (avatar.rgb[shirt].mean(dim=0) - torch.tensor(WHITE)).abs().max() < 0.05


def test_shoes_that_pictures_agree_on_are_not_made_dark_and_black_is_not_nothing(avatar, open_body):
    feet = avatar.smpl_weights[:, [7, 8, 10, 11]].sum(dim=1) > 0.9
    trunk = limb(avatar, "trunk")
    paint(avatar, feet, [0.42, 0.36, 0.33])
    paint(avatar, trunk, [0.2, 0.2, 0.2])
    palette = {"shoes": torch.tensor([0.7, 0.7, 0.72]), "top": torch.zeros(3)}
    even_garments(
        avatar, sheet_of(avatar, open_body), dressed(avatar, shoes=feet, top=trunk), palette
    )
    middle = (torch.tensor([0.42, 0.36, 0.33]) * palette["shoes"]).sqrt()
    torch.testing.assert_close(avatar.rgb[feet].mean(dim=0), middle, atol=0.02, rtol=0)
    dark = torch.full((3,), (0.2 * BLACK) ** 0.5)
    torch.testing.assert_close(avatar.rgb[trunk].mean(dim=0), dark, atol=0.005, rtol=0)
