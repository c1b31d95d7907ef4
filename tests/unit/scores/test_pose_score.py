"""Pose and orientation from all sides, and the ceiling that is worked out once."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from painted import person, subject

from gaussianmotion.body import Body
from gaussianmotion.config import Config, RenderConfig
from gaussianmotion.pipeline.stage import narrow
from gaussianmotion.rendering.subject import Subject, load_subject
from gaussianmotion.scores.pose import posed_frames
from gaussianmotion.scores.pose.detector import NAMES, PoseDetector
from gaussianmotion.scores.pose.mannequin import save_mannequin
from gaussianmotion.scores.pose.orientation import agreement, facing
from gaussianmotion.scores.pose.pose_score import SCORE, PoseSettings

CONFIG = Config(render=RenderConfig(size=128), threads=1)
SETTINGS = narrow(CONFIG, PoseSettings)


def standing(yaw: float) -> np.ndarray:
    """Twelve joints of who has turned to their own left by ``yaw`` degrees, camera's axes."""
    joints = np.zeros((1, len(NAMES), 3))
    side = np.array([np.cos(np.radians(yaw)), 0.0, np.sin(np.radians(yaw))])
    joints[:, 0::2], joints[:, 1::2] = 0.2 * side, -0.2 * side
    return joints


def test_facing_direction_of_known_joints():
    assert facing(standing(0.0)) == pytest.approx([0.0])  # their left is at the picture's right
    assert facing(standing(90.0)) == pytest.approx([90.0])  # turned left: the right side is seen
    assert abs(facing(standing(180.0))) == pytest.approx([180.0])


def test_orientation_counts_quarters_and_unseen_people_as_wrong():
    truth = np.array([0.0, 170.0, -170.0, 90.0, -90.0])
    found = np.array([40.0, -170.0, 0.0, 90.0, -90.0])
    seen = np.array([True, True, True, True, False])
    shares = agreement(found, truth, seen)
    assert shares == {"orientation": 0.6, "front": 1.0, "right": 1.0, "back": 0.5, "left": 0.0}
    assert agreement(found[:1], truth[:1], seen[:1])["back"] is None


def test_frames_show_all_sides_of_different_moments(open_body: Body):
    who = subject(person(open_body), open_body)
    azimuths, moments = [], []
    for number, motion in enumerate(posed_frames.MOTIONS):
        poses, cameras = posed_frames.shots(who, motion, 15.0 * number, SETTINGS)
        azimuths += (cameras.azimuth % 360.0).tolist()
        moments.append(poses)
        corners = cameras.project(open_body.posed_vertices(poses))[..., :2]
        assert corners.min() > 0
        assert corners.max() < posed_frames.SIZE
    assert sorted(round(a) for a in azimuths) == list(range(0, 360, 15))
    assert len(torch.unique(torch.cat(moments), dim=0)) == 2 * posed_frames.FRAMES


def test_score_with_its_ceiling_and_cache(open_body: Body, tmp_path: Path, monkeypatch):
    pytest.importorskip("ai_edge_litert")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(posed_frames, "FRAMES", 4)
    save_mannequin(tmp_path / "avatar.safetensors", open_body, CONFIG, 8000)
    score = SCORE(tmp_path, CONFIG, "cpu")
    assert (score.protocol, score.n, score.model) == ("pose-1", 8, "pose_landmark_full")
    assert len(score.model_digest) == 64
    assert score.values["pck"].value > 0.85
    assert score.values["orientation"].value >= 0.75
    assert score.values["torso_error"].value < 0.2
    (cached,) = (tmp_path / "cache/gaussianmotion").glob("pose_ceiling_*.json")
    assert json.loads(cached.read_text()) == score.details["ceiling"]

    # What is in the cache is taken, and made again where it is damaged.
    cached.write_text(json.dumps(score.details["ceiling"] | {"pck": 0.5}))
    assert SCORE(tmp_path, CONFIG, "cpu").details["ceiling"]["pck"] == 0.5
    cached.write_text("{")
    again = SCORE(tmp_path, CONFIG, "cpu")
    assert again.details["ceiling"] == score.details["ceiling"]
    assert again == score


def test_the_ceiling_is_one_whatever_the_avatar_was_trained_with(
    open_body: Body, tmp_path: Path, monkeypatch
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    measured: list[Subject] = []
    monkeypatch.setattr(
        posed_frames, "measure", lambda subject, *_: measured.append(subject) or {"pck": 1.0}
    )
    save_mannequin(tmp_path / "avatar.safetensors", open_body, CONFIG, 500)
    scored = load_subject(tmp_path / "avatar.safetensors")
    detector = object.__new__(PoseDetector)
    detector.id = "none"
    for compensate, close_ups in ((False, False), (True, False), (False, True)):
        subject = replace(scored, compensate=compensate, close_ups=close_ups)
        posed_frames.ceiling(subject, detector, SETTINGS)
    assert {(subject.compensate, subject.close_ups) for subject in measured} == {(False, False)}


def test_avatar_turned_round_has_the_wrong_orientation(open_body: Body, monkeypatch):
    pytest.importorskip("ai_edge_litert")
    monkeypatch.setattr(posed_frames, "FRAMES", 4)
    who = subject(person(open_body), open_body)
    real = posed_frames.draw_sequence

    def from_behind(subject, poses, still, cameras, *rest):
        half_turn = torch.diag(torch.tensor([-1.0, 1.0, -1.0, 1.0]))
        turned = type(cameras)(**{**vars(cameras), "viewmats": cameras.viewmats @ half_turn})
        return real(subject, poses, still, turned, *rest)

    monkeypatch.setattr(posed_frames, "draw_sequence", from_behind)
    found = posed_frames.measure(who, posed_frames.PoseDetector(), SETTINGS)
    assert found["orientation"] < 0.25
    assert found["left_right"] < 0.4


def test_person_whom_nobody_sees_has_no_error_but_no_joint_right(
    open_body: Body, tmp_path: Path, monkeypatch
):
    pytest.importorskip("ai_edge_litert")
    monkeypatch.setattr(posed_frames, "FRAMES", 4)
    avatar = person(open_body)
    avatar.logit_opacities.fill_(-20.0)
    found = posed_frames.measure(subject(avatar, open_body), posed_frames.PoseDetector(), SETTINGS)
    assert found["person_found"] == 0.0
    assert (found["pck"], found["orientation"], found["mean_error_torsos"]) == (0.0, 0.0, None)
