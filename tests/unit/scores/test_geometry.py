"""Geometry scores tell wrong avatars from right ones."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from painted import part, person, subject, with_ball, with_hole, with_two_faces

from gaussianmotion.avatar.gaussians import Avatar
from gaussianmotion.body import Body
from gaussianmotion.config import Config, RenderConfig
from gaussianmotion.runtime.digest import file_sha256
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.scores.geometry.consistency import front_back, left_right
from gaussianmotion.scores.geometry.geometry_score import SCORE
from gaussianmotion.scores.geometry.holes import hole_share, near_side
from gaussianmotion.scores.geometry.judged_views import head_views, standing_views, unseen_views
from gaussianmotion.scores.geometry.silhouette import body_depth, overlap
from gaussianmotion.scores.geometry.splat_cloud import floaters, splat_sizes
from gaussianmotion.scores.pose.mannequin import save_mannequin
from gaussianmotion.scores.score_file import read_score

SETTINGS = RenderConfig(size=128)
Shape = Callable[[Avatar], dict[str, float]]


@pytest.fixture(scope="module")
def shape(open_body: Body) -> Shape:
    """Silhouettes and holes of an avatar in the unseen poses."""

    def of(avatar: Avatar) -> dict[str, float]:
        who = subject(avatar, open_body)
        views = unseen_views(who, SETTINGS)
        depth = body_depth(open_body, views)
        body = np.isfinite(depth)
        near = near_side(who, views, depth, SETTINGS)
        return overlap(views.person, body, views.metres) | {
            "holes": hole_share(near, body, views.metres)
        }

    return of


@pytest.fixture(scope="module")
def right(open_body: Body, shape: Shape) -> dict[str, float]:
    """Of the mannequin."""
    return shape(person(open_body))


def test_shares_of_overlapping_silhouettes():
    body = np.zeros((1, 10, 40), bool)
    body[:, :, 5:15] = True
    avatar = np.roll(body, 5, axis=2)
    avatar[:, :, 39] = True  # 25 pixels from the body
    shares = overlap(avatar, body, 0.01)
    # Without two columns on both sides of the body's outlines, of columns 5 to 14: of 7 to 12 the
    # avatar has 10, 11 and 12; beyond, it has 17 to 19 and 39.
    assert shares["silhouette_iou"] == pytest.approx(3 / 10)
    assert shares["coverage"] == 0.5
    assert shares["spill"] == pytest.approx(10 / 110)
    nobody = overlap(np.zeros_like(body), body, 0.01)
    assert nobody == {"silhouette_iou": 0.0, "coverage": 0.0, "spill": 0.0}


def test_mannequin_covers_its_body_in_unseen_poses(right):
    assert right["coverage"] > 0.99
    assert right["silhouette_iou"] > 0.97
    assert right["spill"] == 0.0
    assert right["holes"] < 0.006


def test_wide_splats_and_wrong_skinning_lower_the_overlap(open_body, shape, right):
    wide = person(open_body)
    wide.log_scales += 1.0
    assert shape(wide)["silhouette_iou"] < right["silhouette_iou"] - 0.05
    # Arms that stay with the trunk, wherever the body's arms go.
    stiff = person(open_body)
    arms = part(stiff, *(f"{s}_{p}" for s in ("left", "right") for p in ("shoulder", "elbow")))
    stiff.smpl_weights[arms] = 0.0
    stiff.smpl_weights[arms, 9] = 1.0
    found = shape(stiff)
    assert found["silhouette_iou"] < right["silhouette_iou"] - 0.06
    assert found["coverage"] < 0.97
    assert found["spill"] > 0.02


def test_fading_at_the_rim_does_not_raise_the_overlap(open_body, shape, right):
    faint = person(open_body)
    faint.logit_opacities.fill_(-1.4)
    assert shape(faint)["silhouette_iou"] <= right["silhouette_iou"] + 0.005


def test_hole_in_the_chest_is_seen_although_the_back_fills_the_picture(open_body, shape, right):
    found = shape(with_hole(person(open_body), open_body))
    assert found["coverage"] == pytest.approx(right["coverage"], abs=1e-3)
    assert found["holes"] > right["holes"] + 0.01


def test_floaters_are_what_is_not_connected(open_body):
    assert floaters(person(open_body), open_body) == (0.0, 0)
    top = float(open_body.vertices[:, 1].max())
    share, sets = floaters(with_ball(person(open_body), (0.0, top + 0.4, 0.0)), open_body)
    assert 0.02 < share < 0.06
    assert sets >= 1
    # On the head it is a hat, or a bun.
    assert floaters(with_ball(person(open_body), (0.0, top + 0.05, 0.0)), open_body)[0] == 0.0
    faint = with_ball(person(open_body), (0.0, top + 0.4, 0.0))
    faint.logit_opacities[part(faint, "left_elbow")] = -6.0
    assert floaters(faint, open_body)[0] == 0.0


def test_a_gaussian_that_flew_off_is_a_floater_and_needs_no_memory(open_body):
    avatar = person(open_body)
    avatar.means[0] = torch.tensor([1e6, 0.0, 0.0])
    share, sets = floaters(avatar, open_body)
    assert share > 0.0
    assert sets == 1


def test_sizes_are_of_the_largest_axis():
    scales = np.full((100, 3), 0.001, np.float32)
    scales[:, 1] = np.linspace(0.002, 0.004, 100)
    sizes = splat_sizes(scales)
    assert sizes["splats"] == 100.0
    assert sizes["splat_size_median"] == pytest.approx(0.003, rel=1e-4)
    assert sizes["splat_size_p99"] == pytest.approx(0.00398, rel=1e-2)


def test_half_of_another_colour_is_lopsided(open_body):
    avatar = person(open_body)
    colours, outlines = left_right(standing_views(subject(avatar, open_body), SETTINGS))
    assert colours < 3.0
    assert outlines > 0.95
    avatar.colours[avatar.means[:, 0] > 0] = torch.tensor([-2.0, 1.0, -2.0])
    assert left_right(standing_views(subject(avatar, open_body), SETTINGS))[0] > 30.0


def test_second_face_is_told_from_the_back_of_a_head(open_body):
    contrast, behind = front_back(
        head_views(subject(person(open_body), open_body), SETTINGS), open_body
    )
    twofold = subject(with_two_faces(person(open_body)), open_body)
    same, face = front_back(head_views(twofold, SETTINGS), open_body)
    assert contrast > 25.0
    assert behind < 0.25
    assert same < 0.5 * contrast
    assert face > 0.6


def test_invisible_avatar_has_the_worst_values_and_no_error(open_body, shape):
    avatar = person(open_body)
    avatar.logit_opacities.fill_(-20.0)
    found = shape(avatar)
    assert found["coverage"] == 0.0
    assert found["holes"] == 1.0
    who = subject(avatar, open_body)
    assert front_back(head_views(who, SETTINGS), open_body) == (0.0, 1.0)
    assert left_right(standing_views(who, SETTINGS)) == (0.0, 0.0)
    assert floaters(avatar, open_body) == (0.0, 0)


def test_score_file_says_what_was_measured(open_body, tmp_path: Path):
    config = Config(render=SETTINGS, threads=1)
    avatar = save_mannequin(tmp_path / "avatar.safetensors", open_body, config, 4000)
    SCORE(tmp_path, config, "cpu").write(tmp_path / "geometry.json")
    score = read_score(tmp_path / "geometry.json")
    assert set(score.values) == {measure.name for measure in SCORE.measures}
    assert (score.protocol, score.n, score.status) == ("geometry-1", 18, "ok")
    assert score.inputs == {"avatar.safetensors": file_sha256(avatar)}
    assert score.details["render"]["backend"] == "numba"
    again = SCORE(tmp_path, config, "cpu")
    same = {name: value for name, value in score.values.items() if name != "render_ms"}
    assert {name: again.values[name] for name in same} == same


def test_run_without_avatar_is_one_line(tmp_path: Path):
    with pytest.raises(UserError, match="no avatar"):
        SCORE(tmp_path, Config(), "cpu")
