"""What is put right between steps, when, and of whom."""

import pytest
import torch

from gaussianmotion.avatar.gaussians import Avatar
from gaussianmotion.body.skin import limb_share
from gaussianmotion.config import TrainConfig
from gaussianmotion.training.tidy import tidy


@pytest.fixture
def avatar(open_body):
    made = Avatar.on_body(open_body, 500, 0.9, torch.Generator().manual_seed(0), False)
    with torch.no_grad():
        made.log_scales -= 4.0
        made.smpl_weights.zero_()
    return made


def settings(**changes):
    return TrainConfig(**({"steps": 60, "close_gaps": 0.6, "score": {"anneal_at": 0.5}} | changes))


@pytest.mark.parametrize(
    ("finished", "weights", "gaps"),
    [(24, False, False), (25, True, False), (50, True, True), (51, False, False), (60, True, True)],
)
def test_weights_now_and_then_and_gaps_after_annealing(avatar, open_body, finished, weights, gaps):
    before = avatar.log_scales.detach().clone()
    tidy(avatar, open_body, settings(), finished, avatar.means.detach())
    assert bool(avatar.smpl_weights.any()) == weights
    assert torch.equal(avatar.log_scales, before) != gaps


def test_without_the_key_sizes_are_as_learnt(avatar, open_body):
    before = avatar.log_scales.detach().clone()
    tidy(avatar, open_body, settings(close_gaps=0.0), 60, avatar.means.detach())
    assert torch.equal(avatar.log_scales, before)


def test_none_grows_so_large_that_it_would_be_pruned(avatar, open_body):
    density = {"enabled": True, "prune_scale": 0.003}
    tidy(avatar, open_body, settings(close_gaps=1.0, density=density), 60, avatar.means.detach())
    assert avatar.scales.amax().item() == pytest.approx(0.003)


def test_none_grows_far_beyond_what_the_loss_on_scales_leaves_alone(avatar, open_body):
    tidy(
        avatar,
        open_body,
        settings(close_gaps=1.0, loss={"scale_threshold": 0.004}),
        60,
        avatar.means.detach(),
    )
    assert avatar.scales.amax().item() == pytest.approx(0.006)


def test_what_has_sunk_goes_back_where_it_began(avatar, open_body):
    began = avatar.means.detach().clone()
    sunk = (limb_share(open_body.nearest_weights(began), "trunk") > 0.9).nonzero()[:, 0]
    with torch.no_grad():
        avatar.means -= 0.01 * open_body.normals[open_body.nearest(began)]
    tidy(avatar, open_body, settings(), 25, began)
    assert not torch.equal(avatar.means[sunk], began[sunk])  # the key is not set
    tidy(avatar, open_body, settings(keep_outside=True), 26, began)
    assert not torch.equal(avatar.means[sunk], began[sunk])  # not now
    tidy(avatar, open_body, settings(keep_outside=True), 50, began)
    assert torch.equal(avatar.means[sunk], began[sunk])
