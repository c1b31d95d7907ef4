"""Cameras: which side is which, which way is up."""

import pytest
import torch

from gaussianmotion.camera import orbit, turntable_azimuths, view_word

LEFT_HAND = torch.tensor([[[0.6, 1.4, 0.0]]])


def camera_at(azimuth: float, elevation: float = 0.0):
    one = torch.ones(1)
    return orbit(azimuth * one, elevation * one, 3 * one, 50 * one, torch.zeros(1, 3), 128)


def test_front_view_shows_the_persons_left_at_the_images_right():
    u, v, depth = camera_at(0.0).project(LEFT_HAND)[0, 0]
    assert u > 64
    assert v < 64
    assert depth == pytest.approx(3.0)


def test_azimuth_grows_toward_the_persons_left():
    depth_left = camera_at(90.0).project(LEFT_HAND)[0, 0, 2]
    assert depth_left == pytest.approx(3.0 - 0.6, abs=1e-5)


def test_elevated_camera_looks_down_on_the_target():
    cameras = camera_at(0.0, 30.0)
    position = -cameras.viewmats[0, :3, :3].T @ cameras.viewmats[0, :3, 3]
    assert position[1] == pytest.approx(1.5, abs=1e-5)
    centre = cameras.project(torch.zeros(1, 1, 3))[0, 0]
    assert centre[:2].tolist() == pytest.approx([64.0, 64.0], abs=1e-4)


def test_world_to_camera_is_a_rotation_without_reflection():
    rotation = camera_at(37.0, -12.0).viewmats[0, :3, :3]
    assert torch.allclose(rotation @ rotation.T, torch.eye(3), atol=1e-6)
    assert torch.linalg.det(rotation) == pytest.approx(1.0, abs=1e-6)


def test_turntable_leaves_out_the_endpoint():
    azimuths = turntable_azimuths(10)
    assert azimuths[0] == -180.0
    assert len(set((azimuths % 360).tolist())) == 10


@pytest.mark.parametrize(
    ("azimuth", "word"),
    [
        (0, "front view"),
        (-45, "front view"),
        (46, "side view"),
        (-134, "side view"),
        (135, "back view"),
        (90, "side view"),
        (-90, "side view"),
        (180, "back view"),
        (-180, "back view"),
        (270, "side view"),
        (361, "front view"),
    ],
)
def test_view_words_follow_the_real_azimuth(azimuth: float, word: str):
    assert view_word(float(azimuth)) == word
