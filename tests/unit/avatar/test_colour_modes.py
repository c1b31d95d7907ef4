"""Mixtures of two colours become one of them, and what is one colour stays that colour."""

import pytest
import torch

from gaussianmotion.avatar.colour_modes import sharpen_colours
from gaussianmotion.avatar.gaussians import Avatar
from gaussianmotion.avatar.surface import Sheet

RED, SKIN = torch.tensor([0.8, 0.1, 0.1]), torch.tensor([0.85, 0.65, 0.5])
REACH = 0.04


def on_body(body, count):
    return Avatar.on_body(body, count, 0.9, torch.Generator().manual_seed(0), False, even=True)


@pytest.fixture
def avatar(open_body):
    return on_body(open_body, 6000)


def paint(avatar, colours):
    with torch.no_grad():
        avatar.colours.copy_(colours.clamp(0.01, 0.99).logit())


def sharpen(avatar, body, seen=None, held=None):
    seen = torch.ones(len(avatar)) if seen is None else seen
    reach = torch.full_like(seen, REACH)
    sharpen_colours(avatar, Sheet.of(avatar, body, seen, held), reach)


@pytest.mark.parametrize("count", [6000, 30000])
def test_a_band_of_mixtures_becomes_an_edge(open_body, count):
    avatar = on_body(open_body, count)
    # A dress that ends at half the height, over 6 cm.
    height = avatar.means[:, 1].detach()
    share = ((height - height.median()) / 0.06 + 0.5).clamp(0.0, 1.0)[:, None]
    paint(avatar, torch.lerp(SKIN.expand(count, 3), RED.expand(count, 3), share))

    def mixed():
        rgb = avatar.rgb.detach()
        far = torch.minimum((rgb - RED).norm(dim=1), (rgb - SKIN).norm(dim=1))
        return int((far > 0.15).sum())

    before = mixed()
    sharpen(avatar, open_body)
    assert before > 80
    assert mixed() < 0.3 * before
    rgb = avatar.rgb.detach()
    torch.testing.assert_close(rgb[share[:, 0] == 1.0].mean(dim=0), RED, atol=0.02, rtol=0)
    torch.testing.assert_close(rgb[share[:, 0] == 0.0].mean(dim=0), SKIN, atol=0.02, rtol=0)


def test_mottled_cloth_becomes_plain_and_keeps_its_colour(avatar, open_body):
    noise = 0.06 * torch.randn(6000, 3, generator=torch.Generator().manual_seed(1))
    paint(avatar, torch.tensor([0.5, 0.4, 0.3]) + noise)
    before = avatar.rgb.detach()
    sharpen(avatar, open_body)
    after = avatar.rgb.detach()
    assert after.std(dim=0).max() < 0.6 * before.std(dim=0).min()
    torch.testing.assert_close(after.mean(dim=0), before.mean(dim=0), atol=0.005, rtol=0)


def test_a_stripe_stays_a_stripe(avatar, open_body):
    height = avatar.means[:, 1].detach()
    stripe = (height - height.median()).abs() < 0.03
    paint(avatar, torch.where(stripe[:, None], RED, SKIN))
    before = avatar.rgb.detach()
    sharpen(avatar, open_body)
    torch.testing.assert_close(avatar.rgb.detach(), before, atol=0.05, rtol=0)


def test_what_is_hardly_seen_takes_its_neighbours_colour(avatar, open_body):
    odd = torch.zeros(6000, dtype=torch.bool)
    odd[::10] = True
    paint(avatar, torch.where(odd[:, None], torch.tensor([0.1, 0.9, 0.1]), SKIN))
    sharpen(avatar, open_body, torch.where(odd, 0.05, 1.0))
    torch.testing.assert_close(avatar.rgb.detach()[odd], SKIN.expand(600, 3), atol=0.1, rtol=0)


def test_those_that_are_held_keep_their_colours(avatar, open_body):
    noise = 0.1 * torch.randn(6000, 3, generator=torch.Generator().manual_seed(1))
    paint(avatar, SKIN + noise)
    held = torch.tensor([5, 17])
    before = avatar.colours.detach().clone()
    sharpen(avatar, open_body, held=held)
    assert torch.equal(avatar.colours[held], before[held])
    assert not torch.equal(avatar.colours[18], before[18])
