"""What a training ends with, and that it is asked for."""

import copy

import pytest
import torch
from small_training import run, small_config

from gaussianmotion.avatar import cloth
from gaussianmotion.avatar.face import FaceLayer
from gaussianmotion.avatar.file import load_avatar
from gaussianmotion.avatar.gaussians import Avatar, spacing
from gaussianmotion.body.face_marks import load_marks
from gaussianmotion.body.skin import limb_share
from gaussianmotion.config.face import face_path
from gaussianmotion.testing.oracle import OraclePrior
from gaussianmotion.training import finish as ending
from gaussianmotion.training import loop
from gaussianmotion.training.finish import finish
from gaussianmotion.training.lookahead import draw_pose
from gaussianmotion.training.regions import NAMES, Seen, look_at


class Face(FaceLayer):
    """Some Gaussians that are held."""

    def __init__(self, index):
        self.index = index

    def follow(self, avatar):
        """Nobody comes or goes."""


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
    seen = look_at(layered, open_body, small_config(size=64), 0, draw_pose).pixels
    assert seen[1::2].mean() < 0.25 * seen[::2].mean()


def test_only_where_asked_for(layered, open_body):
    before = {name: value.clone() for name, value in layered.state_dict().items()}
    finish(layered, open_body, small_config(size=64), 0)
    assert all(torch.equal(value, before[name]) for name, value in layered.state_dict().items())
    finish(layered, open_body, small_config(size=64, smooth_surface=True), 0)
    changed = {
        name for name, value in layered.state_dict().items() if not value.equal(before[name])
    }
    assert {"means", "quats", "colours", "log_scales"} <= changed


def test_a_surface_is_wide_enough_to_be_drawn_without_blur(open_body):
    made = Avatar.on_body(open_body, 8000, 0.9, torch.Generator().manual_seed(0), False, even=True)
    with torch.no_grad():
        made.log_scales -= 1.5
    finish(made, open_body, small_config(size=64, smooth_surface=True), 0)
    apart = spacing(made.means.detach(), 8)
    wide = made.scales.detach().median(dim=1).values
    # Hands and feet bend within a disc, which is smaller there.
    enough = wide > 0.99 * (ending.GAPS * apart).clamp(max=ending.LARGEST)
    assert enough.float().mean() > 0.9


def test_covered_colours_do_not_come_through(layered, open_body):
    finish(layered, open_body, small_config(size=64, smooth_surface=True), 0)
    rgb = layered.rgb.detach()[::2]
    assert (rgb[:, 0] > 0.9).float().mean() > 0.9


@pytest.fixture
def told(layered, monkeypatch):
    """Of the avatar the trunk is a top, the legs are a bottom, all else is skin."""
    kinds = torch.zeros(len(layered), dtype=torch.long)
    for name, limb in {"top": "trunk", "bottom": "legs"}.items():
        kinds[limb_share(layered.smpl_weights, limb) > 0.9] = NAMES.index(name)
    asked = []

    def look(avatar, body, config, seed, condition, name):
        asked.append(name)
        found = look_at(avatar, body, config, seed, condition)
        one = torch.nn.functional.one_hot(kinds + 1, 1 + len(NAMES))
        return Seen(found.pixels, None if name is None else one * found.pixels[:, None])

    monkeypatch.setattr(ending, "look_at", look)
    monkeypatch.setattr(ending, "namer", lambda prior, *others: None if prior is None else naming)
    return asked


def naming(rgb, seen):
    """Nobody's pictures are looked at."""
    raise AssertionError


def test_regions_are_asked_for_by_garments_and_the_tone_of_a_face_alone(layered, open_body, told):
    prior, face = (
        OraclePrior(),
        FaceLayer(layered.means, open_body, load_marks(face_path("man-1")), 1.0, tone=1.0),
    )
    toned = {"face": {"contrast": 1.0, "tone": 1.0}}
    for keys, whose in (
        ({}, None),
        ({"smooth_surface": True}, None),
        ({"garments": True}, None),
        (toned | {"score": {"anneal_at": 0.5}}, face),
    ):
        finish(layered, open_body, small_config(size=64, **keys), 0, whose, prior=prior)
    assert told == [None, naming, naming]
    finish(layered, open_body, small_config(size=64, garments=True), 0)
    assert len(told) == 3  # without a prior nobody is asked


def test_skin_gets_the_tone_of_the_sampled_pictures(layered, open_body, told, monkeypatch):
    light = torch.tensor([0.87, 0.68, 0.56])
    monkeypatch.setattr(ending, "sampled_palette", lambda *others: {"skin": light})
    face = FaceLayer(layered.means, open_body, load_marks(face_path("man-1")), 1.0, tone=1.0)
    config = small_config(
        size=64, garments=True, face={"contrast": 1.0, "tone": 1.0}, score={"anneal_at": 0.5}
    )
    finish(layered, open_body, config, 0, face, prior=OraclePrior())
    hands = layered.smpl_weights[:, [22, 23]].sum(dim=1) > 0.9
    skin = layered.rgb[hands].log().mean(dim=0)
    torch.testing.assert_close(skin.exp(), light, atol=0.08, rtol=0)


def test_garments_without_a_smooth_surface_are_painted_and_cut_and_stay(layered, open_body, told):
    before = {name: value.clone() for name, value in layered.state_dict().items()}
    with torch.no_grad():
        layered.colours += 0.3 * torch.randn(4000, 1, generator=torch.Generator().manual_seed(1))
    finish(layered, open_body, small_config(size=64, garments=True), 0, prior=OraclePrior())
    changed = {
        name for name, value in layered.state_dict().items() if not value.equal(before[name])
    }
    assert changed == {"colours", "log_scales", "quats"}


def test_clothes_are_put_on_where_regions_are_known(layered, open_body, told, monkeypatch):
    trunk = limb_share(layered.smpl_weights, "trunk") > 0.9
    hands = layered.smpl_weights[:, [22, 23]].sum(dim=1) > 0.9
    bare, lifted = copy.deepcopy(layered), copy.deepcopy(layered)
    dressed = small_config(size=64, smooth_surface=True, garments=True)
    finish(lifted, open_body, dressed, 0, prior=OraclePrior())
    monkeypatch.setattr(cloth, "LIFT", 0.0)
    finish(layered, open_body, dressed, 0, prior=OraclePrior())
    finish(bare, open_body, small_config(size=64, smooth_surface=True), 0)
    chest = trunk & (torch.arange(4000) % 2 == 0)
    moved = (lifted.means - layered.means).norm(dim=1).detach()
    assert moved[chest].median().item() == pytest.approx(0.003, abs=1e-5)
    assert (moved[hands] == 0.0).all()
    painted = (layered.rgb - bare.rgb).abs().amax(dim=1) > 0.0
    assert painted[trunk].float().mean() > 0.9 > 0.1 > painted[hands].float().mean()


class Killed(BaseException):
    """In the ending."""


def test_a_kill_in_the_ending_repeats_no_step(tmp_path, open_body, monkeypatch):
    settings = small_config(smooth_surface=True, light=0.35, checkpoint_every=100)
    run(open_body, tmp_path / "whole", settings)

    def kill(*asked):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(loop, "finish", kill)
        with pytest.raises(Killed):
            run(open_body, tmp_path / "killed", settings)

    def step():
        pytest.fail("a step was trained again")

    run(open_body, tmp_path / "killed", settings, at=dict.fromkeys(range(24), step))
    both = [tmp_path / name / "avatar.safetensors" for name in ("whole", "killed")]
    assert both[0].read_bytes() == both[1].read_bytes()


def test_nothing_comes_or_goes_after_the_ending(tmp_path, open_body, monkeypatch):
    """Density control is due at the last step, and the face is found among those that stay."""
    lengths = []

    def end(avatar, body, config, seed, face, *others):
        before = face.index.clone()
        finish(avatar, body, config, seed, face, *others)
        lengths.append((len(avatar), len(before), len(face.index)))
        places = avatar.means[face.index].detach()
        assert (places[:, None] == face._places).all(dim=2).any(dim=1).all()

    monkeypatch.setattr(loop, "finish", end)
    settings = small_config(
        smooth_surface=True,
        gaussians=600,
        face={"contrast": 1.0, "points": 1.0},
        density={"start": 0.9, "stop": 1.0, "prune_stop": 1.0, "every": 24, "prune_scale": 0.016},
    )
    run(open_body, tmp_path, settings)
    avatar, _ = load_avatar(tmp_path / "avatar.safetensors")
    ((ended, before, after),) = lengths
    assert len(avatar) == ended != 600
    assert 0 < after < before


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
    finish(layered, open_body, small_config(size=64, smooth_surface=True), 0, Face(held))
    for name in ("means", "quats", "colours", "logit_opacities"):
        assert torch.equal(getattr(layered, name)[held], before[name]), name
    assert (layered.log_scales[held] >= before["log_scales"]).all()
    apart = spacing(layered.means, 8)[held]
    assert (layered.scales[held].amax(dim=1) >= (0.59 * apart).clamp(max=0.0099)).all()
