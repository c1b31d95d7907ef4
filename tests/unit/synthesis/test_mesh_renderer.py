"""The mesh renderer draws the right colours at the right places."""

import numpy as np
import pytest

from gaussianmotion.synthesis.pictures.mesh_renderer import (
    Light,
    TexturedMesh,
    look_at,
    project,
    render,
)

WHITE = np.full((1, 4, 4, 4), 255, np.uint8)
FLAT = Light(np.array([0.0, 0.0, 1.0]), ambient=1.0, diffuse=0.0)


def square(z=0.0, half=0.5, tint=(1.0, 0.0, 0.0), cut=(1, 1, 1, 1), region=3, bias=0.0, x=0.0):
    corners = [[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]]
    return TexturedMesh(
        vertices=(np.array(corners) * half + (x, 0, z)).astype(np.float32),
        faces=np.array([[0, 1, 2], [0, 2, 3]], np.int32),
        uvs=np.array([[[0, 0], [1, 0], [1, 1]], [[0, 0], [1, 1], [0, 1]]], np.float32),
        cut=np.array(cut, np.float32),
        texture=np.zeros(2, np.int32),
        tint=np.tile(np.array(tint, np.float32), (2, 1)),
        region=np.full(2, region, np.uint8),
        bias=np.full(2, bias, np.float32),
    )


def both(a, b):
    joined = {
        key: np.concatenate([getattr(a, key), getattr(b, key)])
        for key in ("vertices", "uvs", "cut", "texture", "tint", "region", "bias")
    }
    return TexturedMesh(faces=np.concatenate([a.faces, b.faces + len(a.vertices)]), **joined)


def draw(surface, textures=WHITE, azimuth=0.0, size=32, light=FLAT):
    view = look_at(np.zeros(3), float(azimuth), 0.0, 2.0)
    return render(surface, textures, view, 53.13, size, np.ones(3), light)


def test_square_covers_its_projection():
    image, mask, regions, depth = draw(square())
    # Half a metre at two metres and a half-width of one metre: a quarter of the pixels.
    assert (mask == 255).sum() == 16 * 16
    assert (regions == 3).sum() == 16 * 16
    np.testing.assert_array_equal(image[16, 16], [255, 0, 0])
    np.testing.assert_array_equal(image[1, 1], [255, 255, 255])
    assert depth[32, 32] == pytest.approx(2.0, rel=1e-5)


def test_nearer_surface_wins_unless_the_bias_says_otherwise():
    red, blue = square(z=0.0), square(z=0.01, tint=(0.0, 0.0, 1.0))
    assert draw(both(red, blue))[0][16, 16, 2] == 255
    red.bias[:] = 0.02
    assert draw(both(red, blue))[0][16, 16, 0] == 255


def test_cut_field_trims_in_the_middle_of_a_face():
    _, mask, _, _ = draw(square(cut=(-1, -1, 1, 1)))  # positive above the middle
    assert mask[10, 16] == 255
    assert mask[22, 16] == 0


def test_transparent_texels_are_not_drawn():
    texture = WHITE.copy()
    texture[..., 3] = 0
    assert draw(square(), texture)[1].max() == 0


def test_edges_are_averaged():
    _, mask, _, _ = draw(square(half=0.54))
    assert set(np.unique(mask)) - {0, 255}


def test_azimuth_grows_toward_the_persons_left():
    left_shoulder = np.array([0.2, 0.0, 0.0])
    front = project(left_shoulder, look_at(np.zeros(3), 0.0, 0.0, 2.0), 100.0, 128)
    back = project(left_shoulder, look_at(np.zeros(3), 180.0, 0.0, 2.0), 100.0, 128)
    side = project(left_shoulder, look_at(np.zeros(3), 90.0, 0.0, 2.0), 100.0, 128)
    assert front[0] > 64 > back[0]  # the person's left is at the right of a frontal image
    assert side[2] < 2.0  # and nearest to a camera at their left


def test_image_is_upright():
    head = project(np.array([0.0, 0.5, 0.0]), look_at(np.zeros(3), 30.0, 10.0, 2.0), 100.0, 128)
    assert head[1] < 64


def test_face_turned_to_the_light_is_brighter():
    light = Light(np.array([0.0, 0.0, 1.0]), ambient=0.5, diffuse=0.5)
    away = Light(np.array([0.0, 0.0, -1.0]), ambient=0.5, diffuse=0.5)
    assert draw(square(), light=light)[0][16, 16, 0] == 255
    assert draw(square(), light=away)[0][16, 16, 0] == 128
