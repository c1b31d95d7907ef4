"""Skin of one colour and hair of one hue, where they are known to be."""

import pytest
import torch

from gaussianmotion.avatar.complexion import SHADE, Shown, even_out
from gaussianmotion.avatar.face import FaceLayer
from gaussianmotion.avatar.gaussians import Avatar
from gaussianmotion.body.face import face_density
from gaussianmotion.body.face_marks import load_marks
from gaussianmotion.body.skin import LIGHT, limb_share
from gaussianmotion.config.face import face_path

PALE, BROWN, BLUE, GINGER = (torch.tensor(c) for c in ((0.8, 0.62, 0.5), (0.4, 0.25, 0.2),
                                                    (0.1, 0.15, 0.3), (0.5, 0.2, 0.1)))  # fmt: skip
MARKS = load_marks(face_path("woman-1"))


@pytest.fixture
def avatar(open_body):
    made = Avatar.on_body(
        *(open_body, 3000, 0.9, torch.Generator().manual_seed(0), False),
        density=face_density(open_body, MARKS, 2.0),
    )
    with torch.no_grad():
        made.colours.copy_(BROWN.logit().expand_as(made.colours))
    return made


def limb(avatar, name):
    return limb_share(avatar.smpl_weights, name)


def shins(avatar):
    bare = (avatar.means[:, 1] < -0.45).float()
    assert 50 < bare.sum() < 1000
    return bare


def nothing(avatar):
    return torch.zeros(len(avatar))


def shown_as(avatar, skin=None, hair=None):
    """All of it seen alike."""
    none = nothing(avatar)
    return Shown(none if skin is None else skin, none if hair is None else hair, none + 1.0)


def test_bare_legs_get_the_faces_tone_and_trousers_of_the_same_brown_stay(avatar):
    bare = shins(avatar)
    before = avatar.rgb.clone()
    even_out(avatar, shown_as(avatar, bare), nothing(avatar), PALE.log(), 1.0)
    torch.testing.assert_close(
        avatar.rgb[bare > 0], PALE.expand(int(bare.sum()), 3), atol=0.01, rtol=0
    )
    torch.testing.assert_close(avatar.rgb[bare == 0], before[bare == 0])


def test_what_is_neither_is_left_as_it_is_however_light_or_dark(avatar):
    """White and black clothes lie beyond what colours are kept within."""
    bare = shins(avatar)
    with torch.no_grad():
        avatar.colours[::2] = 9.0
        avatar.colours[1::2] = -9.0
    before = avatar.colours.detach().clone()
    even_out(avatar, shown_as(avatar, bare), nothing(avatar), PALE.log(), 1.0)
    assert torch.equal(avatar.colours[bare == 0], before[bare == 0])
    assert not torch.equal(avatar.colours[bare > 0], before[bare > 0])


def test_what_follows_two_limbs_goes_all_the_way(avatar):
    hips = (limb(avatar, "legs") - 0.5).abs() < 0.2
    assert hips.sum() > 5
    even_out(avatar, shown_as(avatar, torch.ones(len(avatar))), nothing(avatar), PALE.log(), 1.0)
    torch.testing.assert_close(avatar.rgb[hips].mean(0), PALE, atol=0.02, rtol=0)


def test_most_of_light_and_shade_stays(avatar):
    skin = torch.ones(len(avatar))
    with torch.no_grad():
        avatar.colours += 0.5 * torch.sin(9.0 * avatar.means[:, :1])
    shade = avatar.rgb.detach().log().mean(dim=1)
    even_out(avatar, shown_as(avatar, skin), nothing(avatar), PALE.log(), 1.0)
    legs = limb(avatar, "legs") > 0.99
    after = avatar.rgb.detach().log().mean(dim=1)
    slope = torch.cov(torch.stack([shade[legs], after[legs]]))[0, 1] / shade[legs].var()
    assert slope.item() == pytest.approx(SHADE, abs=0.01)
    assert after[legs].mean() == pytest.approx(float(PALE.log().mean()), abs=0.01)


def test_each_limb_is_taken_from_its_own_brightness(avatar):
    """The prior paints arms of one person and legs of another."""
    arms, legs = limb(avatar, "arms") > 0.99, limb(avatar, "legs") > 0.99
    with torch.no_grad():
        avatar.colours[arms] = (1.8 * BROWN).logit()
    even_out(avatar, shown_as(avatar, torch.ones(len(avatar))), nothing(avatar), PALE.log(), 1.0)
    torch.testing.assert_close(
        avatar.rgb[arms].mean(0), avatar.rgb[legs].mean(0), atol=0.08, rtol=0
    )


def test_hair_has_one_hue_and_keeps_its_light(avatar):
    hair = (avatar.means[:, 1] > 0.5).float()
    count = int(hair.sum())
    with torch.no_grad():
        colours = torch.where(torch.arange(count)[:, None] % 2 == 0, BLUE, 2.0 * BROWN)
        avatar.colours[hair > 0] = colours.logit()
    light = avatar.rgb[hair > 0].log().mean(dim=1)
    even_out(avatar, shown_as(avatar, hair=hair), nothing(avatar), PALE.log(), 1.0)
    logs = avatar.rgb[hair > 0].log()
    torch.testing.assert_close(logs.mean(dim=1), light, atol=1e-3, rtol=0)
    hues = logs - logs.mean(dim=1, keepdim=True)
    assert hues.std(dim=0).max() < 1e-3


def test_the_face_keeps_its_marks_and_half_the_strength_goes_half_the_way(avatar):
    face = (avatar.means[:, 1] > 0.5).float()
    before = avatar.rgb.clone()
    even_out(avatar, shown_as(avatar, torch.ones(len(avatar))), face, PALE.log(), 0.5)
    torch.testing.assert_close(avatar.rgb[face > 0], before[face > 0])
    legs = limb(avatar, "legs") > 0.99
    expected = (0.5 * (BROWN.log() + PALE.log())).exp()
    torch.testing.assert_close(avatar.rgb[legs].mean(0), expected, atol=0.01, rtol=0)


def test_a_glimpse_of_skin_or_hair_changes_nothing(avatar):
    """Where a limb is covered, its seams are no skin."""
    few = torch.zeros(len(avatar))
    few[:9] = 1.0
    before = avatar.rgb.clone()
    even_out(avatar, shown_as(avatar, few, few), nothing(avatar), PALE.log(), 1.0)
    torch.testing.assert_close(avatar.rgb, before)


def test_rounding_below_nothing_seen_is_nothing_seen(avatar):
    sums = torch.ones(len(avatar), 4)
    sums[3] = torch.tensor([9.0, 0.0, 0.0, -1e-8])
    shown = Shown.of_sums(sums)
    even_out(avatar, shown, nothing(avatar), PALE.log(), 1.0)
    assert avatar.colours.isfinite().all()


def test_shares_are_of_what_was_seen():
    said = [[8.0, 0.0, 0.0], [0.0, 3.0, 1.0], [0.5, 0.5, 9.0], [0.0, 0.0, 0.0]]
    sums = torch.tensor([[7.0, *of_people] for of_people in said])  # the ground, seen through them
    shown = Shown.of_sums(sums)
    assert shown.skin.tolist() == [1.0, 0.0, 0.0, 0.0]
    assert shown.hair.tolist() == pytest.approx([0.0, 0.9, 0.0, 0.0])
    assert shown.seen.tolist() == [8.0, 4.0, 10.0, 0.0]


def test_what_is_hidden_has_no_say_in_the_colour(avatar):
    hair = (avatar.means[:, 1] > 0.5).float()
    seen = torch.ones(len(avatar))
    with torch.no_grad():
        avatar.colours[hair > 0] = GINGER.logit()
        below = (hair > 0).nonzero()[::2, 0]
        avatar.colours[below] = (0.3 * PALE).logit()
        seen[below] = 0.0
    even_out(avatar, Shown(nothing(avatar), hair, seen), nothing(avatar), PALE.log(), 1.0)
    logs = avatar.rgb[hair > 0].log()
    hue = GINGER.log() - GINGER.log().mean()
    torch.testing.assert_close((logs - logs.mean(1, keepdim=True)).mean(0), hue, atol=0.01, rtol=0)


def hair_on(avatar, colour, tone):
    """Mean colour of hair of this colour after it was evened out on skin of this tone."""
    hair = (avatar.means[:, 1] > 0.5).float()
    with torch.no_grad():
        avatar.colours[hair > 0] = torch.tensor(colour).logit()
    even_out(avatar, shown_as(avatar, hair=hair), nothing(avatar), torch.tensor(tone).log(), 1.0)
    return avatar.rgb[hair > 0].mean(0)


@pytest.mark.parametrize(
    ("colour", "tone", "factor"),
    [
        ((0.41, 0.28, 0.22), (0.49, 0.31, 0.22), 0.61),  # brown on the same brown: looks bald
        ((0.75, 0.61, 0.41), (0.77, 0.58, 0.46), 1.0),  # blonde on pale skin is blonde
        ((0.67, 0.30, 0.22), (0.42, 0.25, 0.18), 1.0),  # red hair is lighter
        ((0.15, 0.14, 0.13), (0.52, 0.33, 0.24), 1.0),  # black hair can be told
    ],
)
def test_hair_that_cannot_be_told_from_dark_skin_is_darker(avatar, colour, tone, factor):
    found = hair_on(avatar, colour, tone).log().mean()
    light = torch.tensor(colour).log().mean()
    expected = (
        light if factor == 1.0 else torch.tensor(tone).log().mean() + torch.tensor(0.61).log()
    )
    assert found.item() == pytest.approx(expected.item(), abs=0.02)


def test_no_hair_is_bluer_than_grey(avatar):
    found = hair_on(avatar, (0.3, 0.35, 0.45), (0.72, 0.53, 0.42))
    assert found.max() - found.min() < 0.01


def test_a_face_without_a_tone_leaves_the_rest_alone(avatar, open_body):
    shown = shown_as(avatar, torch.ones(len(avatar)))
    before = avatar.rgb.clone()
    FaceLayer(avatar.means, open_body, MARKS, 1.0, tone=0.0).even_out(avatar, shown)
    assert torch.equal(avatar.rgb, before)
    toned = FaceLayer(avatar.means, open_body, MARKS, 1.0, tone=1.0)
    with torch.no_grad():
        avatar.colours[toned.index] = torch.tensor(LIGHT).logit()
    toned.even_out(avatar, shown)
    legs = avatar.rgb[limb(avatar, "legs") > 0.99].mean(0)
    torch.testing.assert_close(legs, torch.tensor(LIGHT), atol=0.1, rtol=0)
