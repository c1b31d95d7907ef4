"""Skin and hair of an avatar, as the prior that ships sees them."""

import pytest
import torch
from small_training import small_config

from gaussianmotion.avatar.gaussians import Avatar
from gaussianmotion.body.skin import LIMBS
from gaussianmotion.config import PriorConfig
from gaussianmotion.config.stages import TrainSettings
from gaussianmotion.guidance.prior import load_prior
from gaussianmotion.testing.oracle import OraclePrior
from gaussianmotion.training.lookahead import draw_pose
from gaussianmotion.training.regions import shown_by

SKIN, RED, BROWN = (0.7, 0.5, 0.4), (0.8, 0.1, 0.1), (0.35, 0.2, 0.12)
PROMPT = "a man in a red sweater and brown trousers"


@pytest.fixture(scope="module")
def config() -> TrainSettings:
    return small_config(
        size=128, batch=4, pose_guidance=True, face={"contrast": 1.0, "tone": 1.0}, opacity=0.9
    )


@pytest.fixture(scope="module")
def avatar(open_body):
    """A painted figure: skin on head, hands and feet, a sweater, trousers."""
    made = Avatar.on_body(open_body, 8000, 0.95, torch.Generator().manual_seed(0), False)
    weights = made.smpl_weights
    legs = weights[:, list(LIMBS["legs"])].sum(1) > 0.5
    bare = weights[:, [7, 8, 10, 11, 12, 15, 20, 21, 22, 23]].sum(1) > 0.5
    colours = torch.tensor(RED).expand(len(made), 3).clone()
    colours[legs] = torch.tensor(BROWN)
    colours[bare] = torch.tensor(SKIN)
    with torch.no_grad():
        made.colours.copy_(colours.logit())
    return made


@pytest.fixture(scope="module")
def prior():
    shipped = {"model": "resources/prior", "controlnet": "resources/prior/controlnet"}
    return load_prior(PriorConfig(**shipped, dtype="float32", engine="torch"), "cpu")


def seen(prior, avatar, body, config, seed=0):
    def condition(posed, views):
        return draw_pose(posed, views, "joint", prior.condition_channels)

    return shown_by(prior, PROMPT, avatar, body, config, condition, seed)


def test_brown_trousers_are_no_skin_and_hands_are(prior, avatar, open_body, config):
    shown = seen(prior, avatar, open_body, config)
    weights = avatar.smpl_weights
    hands = weights[:, [22, 23]].sum(1) > 0.8
    thighs = weights[:, [1, 2]].sum(1) > 0.8
    chest = weights[:, [6, 9]].sum(1) > 0.8
    assert shown.skin[hands].mean() > 0.6
    assert shown.skin[thighs].mean() < 0.05
    assert shown.skin[chest].mean() < 0.1
    head = weights[:, 15] > 0.8
    assert shown.hair[head].mean() > 0.2
    assert shown.hair[~head].mean() < 0.05
    again = seen(prior, avatar, open_body, config)
    assert torch.equal(again.skin, shown.skin)
    assert torch.equal(again.hair, shown.hair)


def test_nothing_is_asked_of_a_prior_without_regions_or_of_a_face_without_a_tone(
    prior, avatar, open_body, config
):
    oracle = OraclePrior()
    assert seen(oracle, avatar, open_body, config) is None
    toneless = small_config(size=128, face={"contrast": 1.0})
    assert seen(prior, avatar, open_body, toneless) is None
