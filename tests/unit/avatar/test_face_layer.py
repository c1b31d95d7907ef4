"""The Gaussians of a face: held where they began, drawn to skin times marks."""

import pytest
import torch

from gaussianmotion.avatar.complexion import Shown
from gaussianmotion.avatar.face import HELD, FaceLayer, held_share
from gaussianmotion.avatar.gaussians import GAUSSIAN_FIELDS, Avatar
from gaussianmotion.body.face import face_density, on_face
from gaussianmotion.body.face_marks import load_marks
from gaussianmotion.body.skin import hand_share, nearest_tone, throat_share
from gaussianmotion.config.face import face_path

SKIN = torch.tensor([0.6, 0.4, 0.3])
MARKS = load_marks(face_path("woman-1"))


@pytest.fixture
def avatar(open_body):
    generator = torch.Generator().manual_seed(0)
    density = face_density(open_body, MARKS, 2.0)
    made = Avatar.on_body(*(open_body, 6000, 0.9, generator, False), detail=5.0, density=density)
    with torch.no_grad():
        made.colours.copy_(SKIN.logit().expand_as(made.colours))
    return made


@pytest.fixture
def layer(avatar, open_body):
    return FaceLayer(avatar.means, open_body, MARKS, 1.0)


def marks_of(layer, avatar):
    return layer.marks(avatar.colours[layer.index])


@pytest.mark.parametrize("skin", [SKIN, torch.tensor([0.85, 0.7, 0.6]), 0.4 * SKIN])
def test_drawn_to_its_end_a_face_is_its_skin_times_the_marks_and_has_eyes(
    avatar, layer, open_body, skin
):
    with torch.no_grad():
        avatar.colours.copy_(skin.logit().expand_as(avatar.colours))
    for _ in range(500):
        layer.draw(avatar, 0.5)
    found = marks_of(layer, avatar)
    inside = found.share > 0.99
    dark, light = MARKS.at(on_face(avatar.means[layer.index[inside]], open_body))
    share = ((-0.7 - skin.log().mean()) / 0.4).clamp(0.0, 1.0)  # of dark skin's marks
    expected = light.toward(dark, share)
    shown = avatar.rgb[layer.index[inside]]
    skin_part = expected.cover == 0.0
    aim = (skin * expected.logs.exp()).clamp(0.02, 0.98)
    # However often it is drawn, the skin stays what it was.
    torch.testing.assert_close(shown[skin_part], aim[skin_part], atol=0.03, rtol=0)
    eyes = expected.cover > 0.99
    assert eyes.sum() > 10
    torch.testing.assert_close(shown[eyes], expected.eyes[eyes], atol=0.03, rtol=0)


def test_eyes_are_as_white_on_dark_skin_as_on_light(avatar, open_body):
    whites = []
    for skin in (0.3 * SKIN, 1.4 * SKIN):
        with torch.no_grad():
            avatar.colours.copy_(skin.logit().expand_as(avatar.colours))
        layer = FaceLayer(avatar.means, open_body, MARKS, 1.0)
        for _ in range(50):
            layer.draw(avatar, 0.5)
        eyes = avatar.rgb[layer.index[marks_of(layer, avatar).cover > 0.95]]
        whites.append(eyes.amin(dim=1).quantile(0.9))
    assert min(whites) > 0.5
    assert abs(whites[0] - whites[1]) < 0.1


def test_a_face_that_has_its_marks_is_left_alone(avatar, layer):
    for _ in range(300):
        layer.draw(avatar, 1.0)
    before = avatar.rgb.clone()
    layer.draw(avatar, 1.0)
    torch.testing.assert_close(avatar.rgb, before, atol=1e-3, rtol=0)


def test_skin_is_taken_from_around_not_from_all_of_the_face(avatar, layer, open_body):
    """A face lit from one side stays so."""
    right = on_face(avatar.means, open_body)[:, 0]
    with torch.no_grad():
        avatar.colours += (0.4 * right)[:, None]
    layer.draw(avatar, 1.0)
    found = marks_of(layer, avatar)
    plain = (found.logs.abs().amax(dim=1) < 0.02) & (found.cover == 0.0)
    chosen = layer.index[plain & (found.share > 0.99)]
    sides = torch.stack([right[chosen], avatar.colours[chosen].mean(dim=1)])
    assert torch.corrcoef(sides)[0, 1] > 0.9


def test_only_the_face_is_drawn_and_held(avatar, layer):
    other = torch.ones(len(avatar), dtype=torch.bool)
    other[layer.index] = False
    before = avatar.colours.detach().clone()
    layer.draw(avatar, 0.3)
    assert torch.equal(avatar.colours[other], before[other])
    for name in (*HELD, "colours"):
        parameter = getattr(avatar, name)
        parameter.grad = torch.ones_like(parameter)
    layer.hold(avatar)
    for name in HELD:
        gradient = getattr(avatar, name).grad
        assert (gradient[layer.index] == 0.0).all(), name
        assert (gradient[other] == 1.0).all(), name
    assert (avatar.colours.grad == 1.0).all()


def test_contrast_scales_the_marks(avatar, open_body, layer):
    stronger = FaceLayer(avatar.means, open_body, MARKS, 2.0)
    torch.testing.assert_close(stronger.dark.logs, 2.0 * layer.dark.logs)
    torch.testing.assert_close(stronger.light.logs, 2.0 * layer.light.logs)
    assert torch.equal(stronger.light.cover, layer.light.cover)


def test_a_grey_face_gets_a_tone_that_skins_have_and_keeps_its_light(avatar, open_body):
    grey, right = torch.tensor([0.35, 0.35, 0.36]), on_face(avatar.means, open_body)[:, :1]
    with torch.no_grad():
        avatar.colours.copy_((grey.log() + 0.15 * right).exp().logit())
    layer = FaceLayer(avatar.means, open_body, MARKS, 1.0, tone=1.0)
    for _ in range(200):
        layer.draw(avatar, 0.5)
    found = marks_of(layer, avatar)
    plain = (found.logs.abs().amax(dim=1) < 0.02) & (found.cover == 0.0) & (found.share > 0.99)
    skin = avatar.rgb[layer.index[plain]].log() - found.logs[plain]
    tone = nearest_tone(skin.mean(dim=0))
    torch.testing.assert_close(skin.mean(dim=0), tone, atol=0.03, rtol=0)
    # One hue, and brighter toward the side that the light comes from.
    hues = skin - skin.mean(dim=1, keepdim=True)
    torch.testing.assert_close(hues, (tone - tone.mean()).expand_as(hues), atol=0.03, rtol=0)
    lit = torch.stack([right[layer.index[plain], 0], skin.mean(dim=1)])
    assert torch.corrcoef(lit)[0, 1] > 0.9


def test_hands_and_throat_get_the_faces_tone_and_nothing_else_does(avatar, open_body):
    blue = torch.tensor([0.2, 0.3, 0.6])
    share = hand_share(avatar.smpl_weights)
    assert (share > 0.99).sum() > 100
    assert (share == 0.0).sum() > 1000
    with torch.no_grad():
        avatar.colours[share > 0.0] = blue.logit()
    before = avatar.colours.detach().clone()
    layer = FaceLayer(avatar.means, open_body, MARKS, 1.0, tone=1.0)
    for _ in range(200):
        layer.draw(avatar, 0.5)
    tone = nearest_tone(SKIN.log()).exp()
    hands = avatar.rgb[share > 0.99]
    torch.testing.assert_close(hands, tone.expand_as(hands), atol=0.03, rtol=0)
    throat = throat_share(on_face(avatar.means, open_body))
    others = (share == 0.0) & (throat == 0.0)
    others[layer.index] = False
    assert torch.equal(avatar.colours[others], before[others])
    # The throat takes the hue, and keeps its own light.
    inside = (throat > 0.99) & (share == 0.0)
    inside[layer.index] = False
    assert inside.sum() > 20
    neck, was = avatar.rgb[inside].log(), before[inside].sigmoid().log()
    torch.testing.assert_close(neck.mean(dim=1), was.mean(dim=1), atol=0.03, rtol=0)
    hue = (tone.log() - tone.log().mean()).expand_as(neck)
    torch.testing.assert_close(neck - neck.mean(dim=1, keepdim=True), hue, atol=0.03, rtol=0)


def shown_skin(avatar):
    """All of it bare."""
    bare = torch.ones(len(avatar))
    return Shown(bare, torch.zeros_like(bare), bare)


@pytest.mark.parametrize("given", [[0.95, 0.8, 0.7], [0.2, 0.12, 0.08]])
def test_a_person_gets_the_tone_that_is_given_with_the_marks_of_such_skin(avatar, open_body, given):
    tone = nearest_tone(torch.tensor(given).log())
    began = Avatar(**{name: getattr(avatar, name).detach().clone() for name in GAUSSIAN_FIELDS},
                   smpl_weights=avatar.smpl_weights)  # fmt: skip
    with torch.no_grad():
        began.colours.copy_(tone.exp().logit().expand_as(began.colours))
    layer = FaceLayer(avatar.means, open_body, MARKS, 1.0, tone=1.0)
    for _ in range(200):
        layer.draw(avatar, 0.5)
        layer.draw(began, 0.5)
    layer.even_out(avatar, shown_skin(avatar), torch.tensor(given))
    inside = layer.index[marks_of(layer, avatar).share > 0.99]
    torch.testing.assert_close(avatar.rgb[inside], began.rgb[inside], atol=0.06, rtol=0)
    others = torch.ones(len(avatar), dtype=torch.bool)
    others[layer.index] = False
    skin = avatar.rgb[others]
    torch.testing.assert_close(skin, tone.exp().expand_as(skin), atol=0.06, rtol=0)


def test_without_a_given_tone_a_face_keeps_its_own(avatar, open_body):
    layer = FaceLayer(avatar.means, open_body, MARKS, 1.0, tone=1.0)
    for _ in range(200):
        layer.draw(avatar, 0.5)
    before = avatar.colours.detach().clone()
    layer.even_out(avatar, shown_skin(avatar))
    inside = layer.index[marks_of(layer, avatar).share > 0.99]
    torch.testing.assert_close(avatar.colours[inside], before[inside], atol=0.02, rtol=0)


def test_where_no_point_is_on_the_face_nothing_is_held_or_drawn(avatar, open_body):
    layer = FaceLayer(avatar.means[avatar.means[:, 1] < 0.0], open_body, MARKS, 1.0)
    before = avatar.colours.detach().clone()
    avatar.means.grad = torch.ones_like(avatar.means)
    layer.hold(avatar)
    layer.draw(avatar, 1.0)
    assert (avatar.means.grad == 1.0).all()
    assert torch.equal(avatar.colours, before)


def test_the_face_is_found_again_after_others_have_come_and_gone(avatar, layer, open_body):
    whole = avatar.means[layer.index].detach().clone()
    # Pruned from the front, cloned at the end: every number shifts, and some of the face go.
    kept = torch.arange(3, len(avatar))[torch.arange(len(avatar) - 3) != layer.index[7] - 3]
    fields = {name: getattr(avatar, name).detach()[kept] for name in GAUSSIAN_FIELDS}
    fields["means"] = torch.cat([fields["means"], fields["means"][:9] + 0.001])
    for name in GAUSSIAN_FIELDS[1:]:
        fields[name] = torch.cat([fields[name], fields[name][:9]])
    weights = open_body.nearest_weights(fields["means"])
    other = Avatar(**fields, smpl_weights=weights)
    other.means.grad = torch.ones_like(other.means)
    layer.hold(other)
    held = other.means.grad[:, 0] == 0.0
    assert torch.equal(held.nonzero()[:, 0], layer.index)
    gone = (whole[:, None] == avatar.means[[0, 1, 2]].detach()).all(-1).any(1)
    gone[7] = True
    torch.testing.assert_close(other.means[held].detach(), whole[~gone])
    layer.draw(other, 1.0)
    assert torch.isfinite(other.colours).all()


def test_what_was_held_is_known_by_its_opacity(avatar, layer, open_body):
    """A trained avatar's file does not say which Gaussians were of its face."""
    with torch.no_grad():
        before = avatar.logit_opacities.clone()
        avatar.logit_opacities += 0.01
        avatar.logit_opacities[layer.index] = before[layer.index]
    share = held_share(avatar, open_body, 0.9)
    torch.testing.assert_close(share[layer.index], layer.dark.share)
    share[layer.index] = 0.0
    assert share.max() == 0.0
