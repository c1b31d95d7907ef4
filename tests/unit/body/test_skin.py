"""Colours of skins, and which blend weights are hands'."""

import pytest
import torch

from gaussianmotion.body.face import on_face
from gaussianmotion.body.skin import DARK, LIGHT, hand_share, nearest_tone, throat_share

DARKEST, LIGHTEST = torch.tensor(DARK).log(), torch.tensor(LIGHT).log()


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_a_tone_that_skins_have_is_left_alone(share: float) -> None:
    tone = torch.lerp(DARKEST, LIGHTEST, share)
    torch.testing.assert_close(nearest_tone(tone), tone)


def test_what_is_darker_or_lighter_than_any_skin_becomes_the_last_one() -> None:
    torch.testing.assert_close(nearest_tone(torch.full((3,), 0.05).log()), DARKEST)
    torch.testing.assert_close(nearest_tone(torch.ones(3).log()), LIGHTEST)


def test_grey_becomes_warm_and_red_becomes_brown() -> None:
    grey = nearest_tone(torch.tensor([0.5, 0.5, 0.5]).log()).exp()
    assert grey[0] > grey[1] > grey[2]
    red = torch.tensor([0.75, 0.35, 0.3])
    brown = nearest_tone(red.log()).exp()
    assert brown[0] / brown[1] < 0.85 * red[0] / red[1]


def test_hands_are_what_follows_the_joints_of_the_hands() -> None:
    weights = torch.zeros(3, 24)
    weights[0, 22], weights[0, 20] = 0.7, 0.3
    weights[1, 23] = 1.0
    weights[2, 15] = 1.0
    assert hand_share(weights).tolist() == pytest.approx([0.7, 1.0, 0.0])


def test_a_throat_is_below_the_chin_in_front_and_above_collars(open_body) -> None:
    share = throat_share(on_face(open_body.vertices, open_body))
    owner = open_body.weights.argmax(dim=1)
    inside = share > 0.5
    assert inside.sum() > 20
    assert torch.isin(owner[inside], torch.tensor([12, 15])).all()  # neck and head
    # Nothing of what is lower than a quarter of a head below the chin, nor of the nape.
    _, right_eye, left_eye, _, _ = open_body.vertices[open_body.landmarks]
    eyes = 0.5 * (right_eye + left_eye)
    found = open_body.vertices[share > 0.0]
    assert (found[:, 1] > eyes[1] - 0.15).all()
    assert (found[:, 1] < eyes[1] - 0.06).all()
    assert (found[:, 2] > eyes[2] - 0.14).all()
