"""Trainings that are lost although every number is finite, and those that took no step."""

import pytest
import torch
from small_training import run, small_config
from test_training_loop import Overflowing

from gaussianmotion.avatar.file import load_avatar
from gaussianmotion.avatar.limits import GROUPS, overshoot
from gaussianmotion.config import LearningRates
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.training.divergence import refuse_lost
from gaussianmotion.training.optimiser import make_optimiser


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"lr": {"means": 1e6}}, r"at step 1: .* than it is tall; lower train.lr.means \(now 1e"),
        ({"lr": {"means": 1.0}}, r"lower train\.lr\.means \(now 1\)"),
        ({"lr": {"colours": 1e9}}, r"colours are exactly 0 or 1; lower train\.lr\.colours"),
        ({"lr": {"opacities": 1e12}}, r"opacities are exactly 0 or 1; lower train\.lr\.opacities"),
        ({"lr": {"quats": 1e18}}, r"too long to turn any more; lower train\.lr\.quats"),
        ({"lr": {"scales": 100.0}}, r"times as large as the body; lower train\.lr\.scales"),
        ({"lr": {"skinning": 1e6}}, r"lower train\.lr\.skinning"),
        ({"lr": {"skinning": 0.1}}, r"follow other joints than .*; lower train\.lr\.skinning"),
        ({"opacity": 0.001}, r"nothing can be seen at the start .* raise train\.opacity"),
        ({"lr": {"opacities": 20.0}, "steps": 1}, None),
    ],
)
def test_a_lost_training_names_the_step_and_the_key(tmp_path, open_body, keys, message):
    if message is None:  # what is merely bad is the user's
        assert run(open_body, tmp_path, small_config(**keys)).exists()
        return
    with pytest.raises(UserError, match=message):
        run(open_body, tmp_path, small_config(**keys))
    assert not (tmp_path / "avatar.safetensors").exists()
    assert not (tmp_path / "run.json").exists()


def test_one_step_that_is_lost_leaves_no_avatar(tmp_path, open_body):
    with pytest.raises(UserError, match="diverged at step 1: Gaussians are further"):
        run(open_body, tmp_path, small_config(steps=1, lr={"means": 1e6}))
    assert not (tmp_path / "avatar.safetensors").exists()


def test_a_checkpoint_is_never_of_a_lost_state(tmp_path, open_body):
    with pytest.raises(UserError, match="diverged at step 1"):
        run(open_body, tmp_path, small_config(checkpoint_every=1, lr={"means": 1e6}))
    assert not (tmp_path / "checkpoint.pt").exists()


def test_a_state_with_a_single_nan_is_lost(tmp_path, open_body):
    avatar, _ = load_avatar(run(open_body, tmp_path, small_config(steps=1)))
    with torch.no_grad():
        avatar.colours[0, 0] = torch.nan
    with pytest.raises(UserError, match="colours"):
        refuse_lost(avatar, open_body, 1, small_config().train, tmp_path / "checkpoint.pt")


@pytest.mark.parametrize(("end", "taken"), [(100, "none"), (6, "only 4")])
def test_fewer_steps_than_ten_in_a_row_that_are_not_finite(tmp_path, open_body, end, taken):
    broken = Overflowing()
    broken.first, broken.end = 1, end
    with pytest.raises(UserError, match=f"of 9 steps {taken} could be taken"):
        run(open_body, tmp_path, small_config(steps=9), prior=broken)
    assert not (tmp_path / "avatar.safetensors").exists()


def test_a_finished_training_is_far_from_every_limit(finished, open_body):
    avatar, _ = load_avatar(finished / "avatar.safetensors")
    assert (overshoot(avatar, open_body) < 0.2).all()


def test_every_group_of_the_optimiser_has_a_limit(finished, open_body):
    avatar, _ = load_avatar(finished / "avatar.safetensors")
    groups = make_optimiser(avatar, LearningRates()).param_groups
    assert {group["name"] for group in groups} == set(GROUPS)
    assert {key.rpartition(".")[2] for key, _ in GROUPS.values()} <= set(LearningRates.model_fields)
    with torch.no_grad():
        for index, group in enumerate(groups):
            for parameter in group["params"]:
                kept = parameter.clone()
                parameter.fill_(1e12)
                shares = overshoot(avatar, open_body)
                parameter.copy_(kept)
                assert int(shares.argmax()) == index
                assert shares[index] > 1.0
