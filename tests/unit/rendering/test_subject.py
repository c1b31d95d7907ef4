"""What an avatar file says is enough to draw it, and what is missing is said in one line."""

import dataclasses

import numpy as np
import pytest
import torch

from gaussianmotion.avatar.file import load_avatar, save_avatar
from gaussianmotion.body.poses import a_pose
from gaussianmotion.config import BodyConfig
from gaussianmotion.rendering.cameras import fitted_orbit
from gaussianmotion.rendering.frame import draw, draw_layers
from gaussianmotion.rendering.subject import load_subject
from gaussianmotion.runtime.errors import UserError

SHIPPED = BodyConfig().path


def rewritten(avatar_path, tmp_path, **changes):
    avatar, metadata = load_avatar(avatar_path)
    save_avatar(tmp_path / "other.safetensors", avatar, metadata.model_copy(update=changes))
    return tmp_path / "other.safetensors"


def test_another_body_is_refused(avatar_path, tmp_path):
    other = rewritten(avatar_path, tmp_path, body_id="smpl.npz:0123456789ab")
    with pytest.raises(UserError, match=r"trained on body smpl.npz:0123456789ab"):
        load_subject(other)


def test_missing_body_is_one_line(avatar_path, tmp_path):
    with pytest.raises(UserError, match="nowhere"):
        load_subject(avatar_path, body_path=tmp_path / "nowhere.npz")


def test_the_body_that_ships_is_found_from_any_folder(avatar_path, tmp_path, monkeypatch):
    path = rewritten(avatar_path, tmp_path, config={"body": {"path": str(SHIPPED)}})
    monkeypatch.chdir(tmp_path)
    assert load_subject(path).body.id.startswith("open_body.npz")


def test_another_body_that_is_not_there_asks_for_no_option(avatar_path, tmp_path):
    path = rewritten(avatar_path, tmp_path, config={"body": {"path": "smpl/NEUTRAL.npz"}})
    with pytest.raises(UserError, match=r"the body smpl/NEUTRAL.npz, and there is no such file"):
        load_subject(path)


def test_configuration_of_another_version_is_said_to_be_one(avatar_path, tmp_path):
    other = rewritten(
        avatar_path, tmp_path, config={"train": {"colour_of_magic": 8}}, version="9.9"
    )
    with pytest.raises(UserError, match=r"another version of gaussianmotion \(9.9\)"):
        load_subject(other)


def test_blur_is_what_finer_pixels_lack(avatar_path):
    subject = load_subject(avatar_path)
    trained = 1.25 * subject.body.height / subject.training_size
    subject = dataclasses.replace(subject, close_ups=False)
    assert (subject.training_blur(trained) == 0.0).all()
    assert (subject.training_blur(2 * trained) == 0.0).all()
    lacking = torch.full((len(subject.avatar.means),), trained * (0.3 * 0.75) ** 0.5)
    torch.testing.assert_close(subject.training_blur(0.5 * trained), lacking)


def test_heads_that_were_trained_on_close_ups_are_blurred_less(avatar_path):
    subject = dataclasses.replace(load_subject(avatar_path), close_ups=True)
    blur = subject.training_blur(1e-4)
    head = subject.weights[:, 15]
    assert head.max() > 0.9
    assert blur[head > 0.9].max() < 0.5 * blur[head < 0.1].min()


def test_a_face_that_was_held_is_as_sharp_as_its_marks(avatar_path):
    subject = load_subject(avatar_path)
    assert subject.held_opacity is None
    points = subject.body.vertices[subject.body.landmarks[:3]]  # nose and eyes
    with torch.no_grad():
        subject.avatar.means[:3] = points
        subject.avatar.logit_opacities[:] = 1.0
        subject.avatar.logit_opacities[:2] = torch.tensor(0.9).logit()
    subject = dataclasses.replace(subject, close_ups=True, held_opacity=0.9)
    blur = subject.training_blur(1e-4)
    assert (blur[:2] == 0.0).all()
    assert (blur[2:] > 0.0).all()


@pytest.mark.parametrize(
    ("contrast", "even", "held"), [(0.0, True, None), (1.0, False, None), (1.0, True, 0.7)]
)
def test_whether_a_face_was_held_is_read_from_the_configuration(
    avatar_path, tmp_path, contrast, even, held
):
    train = {"face": {"contrast": contrast}, "even_start": even, "opacity": 0.7}
    _, metadata = load_avatar(avatar_path)
    config = metadata.config | {"train": train}
    assert load_subject(rewritten(avatar_path, tmp_path, config=config)).held_opacity == held


def test_a_surface_without_gaps_is_not_blurred(avatar_path, tmp_path):
    _, metadata = load_avatar(avatar_path)
    config = metadata.config | {"train": {"smooth_surface": True}}
    closed = load_subject(rewritten(avatar_path, tmp_path, config=config))
    assert not load_subject(avatar_path).closed
    assert closed.closed
    assert (closed.training_blur(1e-4) == 0.0).all()


def test_an_avatar_with_compensated_opacities_is_drawn_so_and_not_blurred(avatar_path, settings):
    subject = load_subject(avatar_path)
    assert not subject.compensate
    compensated = dataclasses.replace(subject, compensate=True)
    assert (compensated.training_blur(1e-3) == 0.0).all()
    pose = a_pose()[None]
    points = subject.body.posed_vertices(pose)[0]
    camera = fitted_orbit(points, torch.zeros(1), 0.0, 32, settings)
    plain, thinner = (
        draw_layers(who, pose, camera, settings.model_copy(update={"anti_alias": 0.0})).alpha
        for who in (subject, compensated)
    )
    assert thinner.mean() < 0.95 * plain.mean()


def test_anti_aliasing_closes_gaps_of_an_avatar_trained_on_coarse_pictures(avatar_path, settings):
    subject = dataclasses.replace(load_subject(avatar_path), training_size=48)
    with torch.no_grad():
        subject.avatar.log_scales -= 1.0  # small splats that coarse pixels would have joined
        subject.avatar.logit_opacities.fill_(3.0)
    pose = a_pose()[None]
    points = subject.body.posed_vertices(pose)[0]
    camera = fitted_orbit(points, torch.zeros(1), 0.0, 192, settings)
    magenta = torch.tensor([1.0, 0.0, 1.0]).expand(1, 192, 192, 3)

    def holes(anti_alias: float) -> float:
        config = settings.model_copy(update={"anti_alias": anti_alias})
        image = draw(subject, pose, camera, magenta, config)[0].astype(int)
        chest = image[70:100, 88:104]
        return float((np.minimum(chest[..., 0], chest[..., 2]) - chest[..., 1] > 128).mean())

    assert holes(1.0) < 0.2 * holes(0.0)
