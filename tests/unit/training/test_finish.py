"""What a training ends with, and that it is asked for."""

import pytest
import torch
from small_training import run, small_config

from gaussianmotion.avatar.file import load_avatar
from gaussianmotion.avatar.gaussians import Avatar, spacing
from gaussianmotion.body.skin import limb_share
from gaussianmotion.training.finish import finish, shares


@pytest.fixture
def layered(open_body):
    """A red layer 2 cm over a green one."""
    made = Avatar.on_body(open_body, 4000, 0.95, torch.Generator().manual_seed(0), False, even=True)
    out = open_body.normals[open_body.nearest(made.means)]
    over = torch.arange(4000) % 2 == 0
    red, green = torch.tensor([4.0, -4.0, -4.0]), torch.tensor([-4.0, 4.0, -4.0])
    with torch.no_grad():
        made.means[over] += 0.02 * out[over]
        made.log_scales += 0.5  # no gaps
        made.colours.copy_(torch.where(over[:, None], red, green))
    return made


def test_what_is_covered_is_hardly_seen(layered, open_body):
    seen = shares(layered, open_body, small_config(size=64).train, "numba", 0)
    assert seen[1::2].mean() < 0.25 * seen[::2].mean()


def test_only_where_asked_for(layered, open_body):
    before = {name: value.clone() for name, value in layered.state_dict().items()}
    finish(layered, open_body, small_config(size=64).train, "numba", 0)
    assert all(torch.equal(value, before[name]) for name, value in layered.state_dict().items())
    finish(layered, open_body, small_config(size=64, smooth_surface=True).train, "numba", 0)
    changed = {
        name for name, value in layered.state_dict().items() if not value.equal(before[name])
    }
    assert {"means", "quats", "colours"} <= changed
    assert "log_scales" not in changed


def test_covered_colours_do_not_come_through(layered, open_body):
    finish(layered, open_body, small_config(size=64, smooth_surface=True).train, "numba", 0)
    rgb = layered.rgb.detach()[::2]
    assert (rgb[:, 0] > 0.9).float().mean() > 0.9


def test_a_trained_avatar_has_nothing_below_its_skin(tmp_path, open_body):
    run(open_body, tmp_path, small_config(keep_outside=True, smooth_surface=True))
    avatar, _ = load_avatar(tmp_path / "avatar.safetensors")
    # Points on the surface measure some millimetres either way, most in folds.
    assert open_body.heights(avatar.means).quantile(0.02) > -0.004


def test_a_held_face_is_widened_where_few_meet_many_and_else_stays(layered, open_body):
    held = (limb_share(layered.smpl_weights, "head") > 0.9).nonzero()[:, 0]
    with torch.no_grad():
        layered.log_scales[held] -= 2.0
    before = {name: value[held].clone() for name, value in layered.state_dict().items()}
    finish(layered, open_body, small_config(size=64, smooth_surface=True).train, "numba", 0, held)
    for name in ("means", "quats", "colours", "logit_opacities"):
        assert torch.equal(getattr(layered, name)[held], before[name]), name
    assert (layered.log_scales[held] >= before["log_scales"]).all()
    apart = spacing(layered.means, 8)[held]
    assert (layered.scales[held].amax(dim=1) >= (0.59 * apart).clamp(max=0.0099)).all()
