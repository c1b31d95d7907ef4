"""Saturation, noise and sharpness answer to what they are named after, and not to each other."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import ndimage

from gaussianmotion.camera import orbit
from gaussianmotion.scores.geometry.appearance import noise, saturation, sharpness
from gaussianmotion.scores.geometry.colour import blur_within, chroma, inner, to_lab
from gaussianmotion.scores.geometry.judged_views import JudgedViews

SIZE, METRES = 128, 0.008


@pytest.fixture
def stripes() -> JudgedViews:
    """A disc with broad stripes of two blues, 12 pixels each."""
    rows, columns = np.indices((SIZE, SIZE))
    disc = np.hypot(rows - 64, columns - 64) < 56
    dark = (columns // 12 % 2 == 0)[..., None]
    colour = np.where(dark, [0.2, 0.3, 0.6], [0.4, 0.55, 0.9]) * disc[..., None]
    one = torch.ones(1)
    cameras = orbit(one, one, one, 40 * one, torch.zeros(1, 3), SIZE)
    return JudgedViews(
        colour=colour[None].astype(np.float32),
        alpha=disc[None].astype(np.float32),
        metres=METRES,
        poses=torch.zeros(1, 24, 3),
        cameras=cameras,
    )


def blurred(views: JudgedViews, sigma: float) -> JudgedViews:
    """As if drawn with wider splats; the outline stays."""
    colour = blur_within(views.colour[0], views.person[0], sigma)[None]
    return replace(views, colour=colour.astype(np.float32))


def speckled(views: JudgedViews, spread: float) -> JudgedViews:
    """Independent noise in each pixel."""
    extra = np.random.default_rng(0).normal(0.0, spread, views.colour.shape)
    return replace(views, colour=(views.colour + extra).clip(0.0, 1.0).astype(np.float32))


def test_lab_of_known_colours():
    colours = np.array([[0, 0, 0], [1, 1, 1], [0.5, 0.5, 0.5], [1, 0, 0]], np.float32)
    lab = to_lab(colours)
    expected = [[0, 0, 0], [100, 0, 0], [53.39, 0, 0], [53.24, 80.09, 67.2]]
    np.testing.assert_allclose(lab, expected, atol=0.05)
    assert chroma(lab)[3] == pytest.approx(104.55, abs=0.1)


def test_blur_takes_nothing_from_outside():
    image = np.full((20, 20, 3), 9.0, np.float32)
    inside = np.zeros((20, 20), bool)
    inside[5:15, 5:15] = True
    image[inside] = 2.0
    np.testing.assert_allclose(blur_within(image, inside, 3.0)[inside], 2.0, atol=1e-5)
    assert inner(inside, 2.0).sum() == 36


def test_desaturated_person_is_less_saturated_and_as_crisp(stripes):
    grey = stripes.colour.mean(axis=-1, keepdims=True)
    pale = replace(stripes, colour=grey + 0.5 * (stripes.colour - grey))
    assert 0.3 < saturation(pale) / saturation(stripes) < 0.7
    assert sharpness(pale)[1] == pytest.approx(sharpness(stripes)[1], rel=0.1)


def test_background_is_not_measured(stripes):
    green = np.where(stripes.person[..., None], stripes.colour, [0.0, 1.0, 0.0])
    other = replace(stripes, colour=green.astype(np.float32))
    assert saturation(other) == pytest.approx(saturation(stripes))
    assert noise(other) == pytest.approx(noise(stripes))
    assert sharpness(other) == pytest.approx(sharpness(stripes))


def test_noise_grows_with_speckle_and_hardly_with_edges(stripes):
    plain = replace(stripes, colour=0.5 * np.ones_like(stripes.colour))
    assert noise(plain) == pytest.approx(0.0, abs=1e-3)
    # 5 % of grey: L* moves by about 5, of which the blur itself keeps a little.
    speckle = replace(plain, colour=plain.colour + 0.05 * _grey_noise())
    assert noise(speckle) == pytest.approx(4.8, rel=0.15)
    calm, little, much = (noise(views) for views in (stripes, *_speckles(stripes)))
    assert calm < 0.3 * little
    assert little < 0.6 * much


def test_blur_lowers_sharpness_and_widens_edges(stripes):
    steep, wide = zip(
        *(sharpness(views) for views in (stripes, blurred(stripes, 1.0), blurred(stripes, 2.0))),
        strict=True,
    )
    assert steep[0] > 1.1 * steep[1] > 1.2 * steep[2]
    assert wide[0] < wide[1] < wide[2]
    # The stripes' edges are blurred by 2 pixels of 0.8 cm.
    assert wide[2] == pytest.approx(1.6, rel=0.2)


def test_a_little_speckle_is_no_sharpness(stripes):
    soft = blurred(stripes, 2.0)
    noisy = speckled(soft, 0.02)
    assert noise(noisy) > 3 * noise(soft)
    assert sharpness(noisy)[0] < sharpness(stripes)[0]
    assert sharpness(noisy)[0] == pytest.approx(sharpness(soft)[0], rel=0.1)


def test_picture_of_twice_the_size_has_nearly_the_same_values(stripes):
    large = JudgedViews(
        colour=ndimage.zoom(stripes.colour, (1, 2, 2, 1), order=0),
        alpha=ndimage.zoom(stripes.alpha, (1, 2, 2), order=0),
        metres=METRES / 2,
        poses=stripes.poses,
        cameras=stripes.cameras,
    )
    assert saturation(large) == pytest.approx(saturation(stripes), rel=0.01)
    assert sharpness(large)[0] == pytest.approx(sharpness(stripes)[0], rel=0.2)


def test_nobody_in_the_picture(stripes):
    empty = replace(stripes, alpha=np.zeros_like(stripes.alpha))
    assert (saturation(empty), noise(empty)) == (0.0, 0.0)
    assert sharpness(empty) == (0.0, 5.0)


def _grey_noise() -> np.ndarray:
    values = np.random.default_rng(1).normal(0.0, 1.0, (1, SIZE, SIZE, 1))
    return np.repeat(values, 3, axis=-1)


def _speckles(views: JudgedViews) -> tuple[JudgedViews, JudgedViews]:
    return speckled(views, 0.02), speckled(views, 0.06)
