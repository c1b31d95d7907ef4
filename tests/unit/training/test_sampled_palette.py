"""The colours of garments in the pictures that a prior draws of a sentence."""

import pytest
import torch
from small_training import small_config

from gaussianmotion.config import PriorConfig
from gaussianmotion.guidance.prior import load_prior
from gaussianmotion.pose.condition import condition_image
from gaussianmotion.testing.oracle import OraclePrior
from gaussianmotion.training import palette
from gaussianmotion.training.palette import sampled_palette
from gaussianmotion.training.regions import namer

RED, RED_IN_SHADE = torch.tensor([0.8, 0.1, 0.1]), torch.tensor([0.7, 0.05, 0.1])
BLUE = torch.tensor([0.1, 0.2, 0.8])
PROMPT = "a man in a green sweater and red trousers"


def pose(body, views):
    return condition_image(body, views.poses, views.cameras, 6, "joint")


@pytest.fixture(scope="module")
def prior():
    shipped = {"model": "resources/prior", "controlnet": "resources/prior/controlnet"}
    return load_prior(PriorConfig(**shipped, dtype="float32", engine="torch"), "cpu")


def asked(prior, body, seed=0, posed=True):
    config = small_config(size=128, batch=4, pose_guidance=posed)
    name = namer(prior, PROMPT, config, seed)
    return sampled_palette(prior, name, PROMPT, body, config, seed, pose)


def test_a_green_sweater_is_green_and_red_trousers_are_red(prior, open_body, monkeypatch):
    monkeypatch.setattr(palette, "STEPS", 8)
    found = asked(prior, open_body)
    assert found["top"].argmax() == 1
    assert found["bottom"].argmax() == 0
    assert "dress" not in found
    assert "hat" not in found
    assert found["skin"][0] > found["skin"][1] > found["skin"][2]


def test_equal_seeds_draw_the_same(prior, open_body, monkeypatch):
    monkeypatch.setattr(palette, "PICTURES", 4)
    monkeypatch.setattr(palette, "STEPS", 3)
    monkeypatch.setattr(palette, "ENOUGH", 1)
    first, again, other = (asked(prior, open_body, seed) for seed in (1, 1, 2))
    assert first
    assert {name: colour.tolist() for name, colour in first.items()} == {
        name: colour.tolist() for name, colour in again.items()
    }
    assert any(not torch.equal(colour, other.get(name, -colour)) for name, colour in first.items())


def test_without_poses_no_colours_are_believed(prior, open_body):
    assert asked(prior, open_body, posed=False) == {}


@pytest.mark.parametrize("nobody", [None, OraclePrior()])
def test_a_prior_that_names_no_regions_knows_no_garments(nobody, open_body):
    assert asked(nobody, open_body) == {}


@pytest.mark.parametrize(
    ("colours", "agreed"),
    [
        ([(50, RED), (60, RED_IN_SHADE), (40, BLUE)], RED),
        ([(50, RED), (50, BLUE), (50, RED), (50, BLUE)], None),  # no more than half
        ([(50, RED), (50, RED)], None),  # too few
        ([(50, RED), (50, RED), (5000, BLUE)], BLUE),  # a close-up
    ],
)
def test_what_most_pictures_have_is_taken(colours, agreed):
    found = palette._agreed(colours, palette.AGREE["top"])
    if agreed is None:
        assert found is None
    else:
        torch.testing.assert_close(found, agreed, atol=0.1, rtol=0)


def test_skin_is_what_more_have_and_no_mixture():
    """Light in some pictures and dark in others: one of both, however near they are to half."""
    light, dark, between = (
        torch.tensor(rgb) for rgb in ([0.9, 0.75, 0.65], [0.2, 0.1, 0.07], [0.5, 0.35, 0.3])
    )
    pictures = [(90, dark), (100, light), (100, light), (90, dark), (20, between)]
    found = palette._agreed(pictures, palette.AGREE["skin"])
    torch.testing.assert_close(found, light, atol=0.03, rtol=0)
    assert palette._agreed(pictures, palette.AGREE["top"]) is None
