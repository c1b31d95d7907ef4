"""Colour words are true in the picture."""

import itertools

import numpy as np
import pytest

from gaussianmotion.synthesis.people.palette import (
    GARMENT_COLOURS,
    TEXTURE_MEAN,
    standardise_luminance,
    tint,
)


def test_there_are_thirteen_distinct_colours():
    assert len(GARMENT_COLOURS) == 13
    for (a, x), (b, y) in itertools.combinations(GARMENT_COLOURS.items(), 2):
        assert np.linalg.norm(np.subtract(x, y)) > 55, (a, b)


@pytest.mark.parametrize("name", GARMENT_COLOURS)
def test_tinted_texture_has_the_colour_of_its_name(name):
    rng = np.random.default_rng(0)
    texture = rng.integers(0, 256, (64, 64, 4), dtype=np.uint8)
    texture[..., 3] = 255
    grey = standardise_luminance(texture, np.ones((64, 64), bool), 0.07)
    shown = np.minimum(grey[..., :3] * tint(GARMENT_COLOURS[name]), 255).mean((0, 1))
    palette = np.array(list(GARMENT_COLOURS.values()))
    nearest = np.linalg.norm(palette - shown, axis=1).argmin()
    assert list(GARMENT_COLOURS)[nearest] == name


def test_dark_and_bright_textures_become_equally_bright():
    rng = np.random.default_rng(1)
    for mean in (20, 120, 230):
        texture = np.full((64, 64, 4), 255, np.uint8)
        texture[..., :3] = np.clip(rng.normal(mean, 8, (64, 64, 1)), 0, 255)
        grey = standardise_luminance(texture, np.ones((64, 64), bool), 0.05)
        assert grey[..., 0].mean() / 255 == pytest.approx(TEXTURE_MEAN, abs=0.01)
