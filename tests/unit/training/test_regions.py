"""Skin and hair of an avatar, as the prior that ships sees them."""

import copy
import signal

import pytest
import torch
from small_training import Interrupted, small_config

from gaussianmotion.avatar.complexion import Shown
from gaussianmotion.avatar.gaussians import Avatar
from gaussianmotion.body.face import on_face
from gaussianmotion.body.skin import limb_share
from gaussianmotion.config import PriorConfig
from gaussianmotion.config.stages import TrainSettings
from gaussianmotion.guidance.prior import load_prior
from gaussianmotion.testing.oracle import OraclePrior
from gaussianmotion.training import finish, loop, palette, regions
from gaussianmotion.training.lookahead import draw_pose
from gaussianmotion.training.regions import Seen, look_at, namer

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
    legs = limb_share(weights, "legs") > 0.5
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


@pytest.fixture(autouse=True)
def fewer_pictures(monkeypatch):
    monkeypatch.setattr(regions, "PICTURES", 16)
    monkeypatch.setattr(palette, "PICTURES", 2)
    monkeypatch.setattr(palette, "STEPS", 2)


def pose(body, views):
    return draw_pose(body, views, "joint", channels=6)


def seen(prior, avatar, body, config, prompt=PROMPT):
    name = namer(prior, prompt, config, 0)
    return Shown.of_sums(look_at(avatar, body, config, 0, pose, name).regions)


@pytest.mark.parametrize("prompt", [PROMPT, "a person", "a man in a red sweater"])
def test_brown_trousers_are_no_skin_and_hands_are(prior, avatar, open_body, config, prompt):
    shown = seen(prior, avatar, open_body, config, prompt)
    weights = avatar.smpl_weights
    hands = weights[:, [22, 23]].sum(1) > 0.8
    thighs = weights[:, [1, 2]].sum(1) > 0.8
    chest = weights[:, [6, 9]].sum(1) > 0.8
    assert shown.skin[hands].mean() > 0.6
    assert shown.skin[thighs].mean() < 0.05
    assert shown.skin[chest].mean() < 0.1
    assert shown.hair[weights[:, 15] < 0.2].mean() < 0.02


def test_equal_seeds_see_the_same(prior, avatar, open_body, config, monkeypatch):
    monkeypatch.setattr(regions, "PICTURES", 4)
    first, again = (seen(prior, avatar, open_body, config) for _ in range(2))
    assert torch.equal(again.skin, first.skin)
    assert torch.equal(again.hair, first.hair)


def test_hair_is_where_it_is_painted_and_a_bald_man_has_none(
    prior, avatar, open_body, config, monkeypatch
):
    monkeypatch.setattr(regions, "PICTURES", 32)
    haired = copy.deepcopy(avatar)
    head = avatar.smpl_weights[:, 15] > 0.8
    eyes = on_face(avatar.means.detach(), open_body)
    top = head & ((eyes[:, 1] > 1.0) | (eyes[:, 2] < -2.0))
    with torch.no_grad():
        haired.colours[top] = torch.tensor((0.06, 0.05, 0.05)).logit()
    shown = seen(prior, haired, open_body, config, "a man with short black hair in a red sweater")
    front = head & (eyes[:, 1] < 0.0) & (eyes[:, 2] > -0.5)
    assert shown.hair[top].mean() > 0.4 > 0.05 > shown.hair[front].mean()
    bald = seen(prior, avatar, open_body, config, "a bald man in a red sweater")
    assert bald.hair.mean() < 0.01


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_training_ends_with_it_whether_it_was_stopped_or_not(
    prior, open_body, tmp_path, monkeypatch
):
    """The last step asks the prior once more: a stop before or a kill after it changes nothing."""
    monkeypatch.setattr(regions, "PICTURES", 4)
    settings = small_config(
        steps=3,
        batch=2,
        size=128,
        gaussians=1500,
        pose_guidance=True,
        face={"contrast": 1.0, "tone": 1.0},
        smooth_surface=True,
        garments=True,
        score={"anneal_at": 0.5},
        density={"start": 0.9, "stop": 0.95},
    )

    def trained(folder, condition=pose, **others):
        loop.train(settings, "someone", PROMPT, 0, folder, prior, False, condition, 1, **others)
        return (folder / "avatar.safetensors").read_bytes()

    whole = trained(tmp_path / "whole")
    stop = Interrupted(pose, {1: lambda: signal.raise_signal(signal.SIGINT)})
    with pytest.raises(SystemExit):
        trained(tmp_path / "cut", condition=stop)
    assert trained(tmp_path / "cut") == whole
    assert trained(tmp_path / "kept", keep=True) == whole
    (tmp_path / "kept/avatar.safetensors").unlink()
    assert trained(tmp_path / "kept") == whole  # from the finished checkpoint
    monkeypatch.setattr(finish, "look_at", lambda avatar, *asked: Seen(avatar.opacities, None))
    assert trained(tmp_path / "without") != whole


def test_without_anything_that_names_regions_pixels_are_counted_alone(
    prior, avatar, open_body, config
):
    for nobody in (None, OraclePrior()):
        assert namer(nobody, PROMPT, config, 0) is None
    found = look_at(avatar, open_body, config, 0, pose)
    assert found.regions is None
    assert (found.pixels > 0.0).float().mean() > 0.5
    named = look_at(avatar, open_body, config, 0, pose, namer(prior, PROMPT, config, 0))
    torch.testing.assert_close(named.pixels, found.pixels, atol=1e-2, rtol=1e-3)
    torch.testing.assert_close(named.regions.sum(dim=1), named.pixels)
