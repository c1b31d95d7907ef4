"""Shards are checked when read; colours are told apart as people do."""

from pathlib import Path

import numpy as np
import pytest
from prior_fakes import PALETTE, write_fakes

from gaussianmotion.runtime.errors import UserError
from gaussianmotion.synthesis.pictures.data import load_shard, load_shards, read_palette
from gaussianmotion.synthesis.pictures.garment_colours import (
    calibrate,
    nearest_colour,
    palette_looks,
    region_look,
)
from gaussianmotion.synthesis.prior.metrics import foreground, names_colour, overlap


def test_a_dataset_reads_back(tmp_path: Path) -> None:
    write_fakes(tmp_path, count=6, per_shard=4)
    data = load_shards(tmp_path, limit=5)
    assert len(data) == 5
    assert data.images.shape == (5, 128, 128, 3)
    assert list(data.captions2) == list(data.captions)
    assert read_palette(tmp_path) == PALETTE


def test_damaged_datasets_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no shard_\*\.npz"):
        load_shards(tmp_path)
    with pytest.raises(UserError, match="no readable palette"):
        read_palette(tmp_path)
    write_fakes(tmp_path, count=2, per_shard=2)
    path = tmp_path / "shard_0000.npz"
    arrays = dict(np.load(path))
    np.savez(path, **{**arrays, "masks": arrays["masks"][:, :64]})
    with pytest.raises(UserError, match="array masks"):
        load_shard(path)
    del arrays["visible"]
    np.savez(path, **arrays)
    with pytest.raises(UserError, match="array visible is missing"):
        load_shard(path)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(UserError, match="damaged"):
        load_shard(path)


@pytest.mark.parametrize("name", list(PALETTE))
def test_every_colour_is_recognised_under_shading(name: str) -> None:
    shade = np.linspace(0.75, 1.0, 400)[:, None]
    patch = (np.array(PALETTE[name]) / 255.0 * shade).reshape(20, 20, 3)
    look = region_look(patch, np.ones((20, 20), bool))
    assert look is not None
    assert nearest_colour(look, palette_looks(PALETTE)) == name


def test_a_region_too_small_has_no_colour() -> None:
    assert region_look(np.zeros((8, 8, 3)), np.eye(8, dtype=bool)) is None


def test_calibration_takes_the_look_of_renders() -> None:
    seen = np.array([40.0, 5.0, 5.0])
    looks = calibrate(PALETTE, [("red", seen)] * 3 + [("blue", seen)] * 2)
    np.testing.assert_array_equal(looks["red"], seen)
    np.testing.assert_array_equal(looks["blue"], palette_looks(PALETTE)["blue"])


def test_foreground_is_what_differs_from_the_plain_ground() -> None:
    image = np.full((32, 32, 3), 0.5)
    image[10:20, 12:18] = (0.9, 0.1, 0.1)
    mask = np.zeros((32, 32), bool)
    mask[10:20, 12:18] = True
    assert overlap(foreground(image), mask) == 1.0
    assert overlap(mask, np.zeros_like(mask)) == 0.0


def test_a_caption_names_a_colour_by_any_of_its_words() -> None:
    assert names_colour("a woman in a dark blue dress", "navy")
    assert not names_colour("a woman in a dress", "navy")
    assert not names_colour("a woman in a dress", None)
