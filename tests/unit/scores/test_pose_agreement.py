"""The pose detector's verdict: right poses agree, wrong ones do not."""

import json
import sys

import numpy as np
import pytest
import torch

from gaussianmotion.body.joints import INDEX
from gaussianmotion.body.poses import a_pose
from gaussianmotion.config import Config, RenderConfig
from gaussianmotion.pose.motion import Motion
from gaussianmotion.rendering.filming import prepare
from gaussianmotion.runtime.errors import UserError
from gaussianmotion.scores.pose import pose_agreement as module
from gaussianmotion.scores.pose.detector import NAMES, PoseDetector
from gaussianmotion.scores.pose.mannequin import save_mannequin
from gaussianmotion.scores.pose.pose_agreement import compare, pose_agreement

TORSO = np.full(2, 50.0)
SEEN = np.ones(2, bool)


@pytest.fixture
def truth() -> np.ndarray:
    points = np.zeros((2, 12, 2))
    points[:, 0::2, 0], points[:, 1::2, 0] = 140.0, 60.0  # the person's left is at the right
    points[..., 1] = np.repeat(np.arange(6) * 30.0, 2)
    return points


def raising(right_arm: float) -> Motion:
    """Left arm goes up from the A-pose, the right one stays."""
    poses = a_pose().repeat(6, 1, 1)
    poses[:, INDEX["left_shoulder"], 2] += torch.linspace(0.0, 1.6, 6)
    poses[:, INDEX["right_shoulder"], 2] -= torch.linspace(0.0, right_arm, 6)
    return Motion("raising", 8.0, poses, torch.zeros(6, 3), "made here")


def test_perfect_and_shifted_joints(truth):
    perfect = compare(truth, truth, TORSO, SEEN)
    assert (perfect["pck"], perfect["mean_error_torsos"], perfect["left_right"]) == (1.0, 0.0, 1.0)
    assert (perfect["frames"], perfect["left_right_pairs"]) == (2, 12)
    shifted = truth.copy()
    shifted[:, NAMES.index("left_wrist"), 1] += 25.0  # half a torso
    result = compare(shifted, truth, TORSO, SEEN)
    assert result["pck"] == round(11 / 12, 4)
    assert result["mean_error_torsos"] == round(0.5 / 12, 4)
    assert result["joints"]["left_wrist"] == {"pck": 0.0, "mean_error_torsos": 0.5}
    assert result["joints"]["right_wrist"] == {"pck": 1.0, "mean_error_torsos": 0.0}


def test_exchanged_sides_are_noticed(truth):
    exchanged = truth[:, [1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10]]
    assert compare(exchanged, truth, TORSO, SEEN)["left_right"] == 0.0
    profile = truth.copy()
    profile[:, 0::2] = profile[:, 1::2] + 2.0  # in profile nobody can tell
    assert compare(profile, profile, TORSO, SEEN)["left_right"] is None


def test_unseen_person_counts_as_wrong(truth):
    result = compare(truth, truth, TORSO, np.array([True, False]))
    assert (result["pck"], result["person_found"], result["left_right"]) == (0.5, 0.5, 0.5)
    nobody = compare(truth, truth, TORSO, np.zeros(2, bool))
    assert (nobody["pck"], nobody["mean_error_torsos"]) == (0.0, None)


def test_missing_runtime_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    with pytest.raises(UserError, match=r"pip install 'gaussianmotion\[pose\]'"):
        PoseDetector()


def test_missing_or_damaged_model_is_one_line(tmp_path):
    pytest.importorskip("ai_edge_litert")
    with pytest.raises(UserError, match="missing"):
        PoseDetector(tmp_path / "none.tflite")
    (tmp_path / "bad.tflite").write_bytes(b"no model")
    with pytest.raises(UserError, match="damaged"):
        PoseDetector(tmp_path / "bad.tflite")


def test_detector_agrees_with_the_pose_drawn_and_not_with_another(open_body, tmp_path, monkeypatch):
    pytest.importorskip("ai_edge_litert")
    avatar = tmp_path / "avatar.safetensors"
    save_mannequin(avatar, open_body, Config(), 8000)
    settings = RenderConfig(fps=8)
    right = pose_agreement(avatar, raising(0.0), tmp_path / "right.json", settings, frames=3)
    assert json.loads((tmp_path / "right.json").read_text()) == right
    assert right["frames"] == 3
    assert right["pck"] > 0.95
    assert right["left_right"] > 0.95
    assert right["mean_error_torsos"] < 0.12
    assert right["ceiling"]["pck"] > 0.95

    # The same person drawn with the right arm up too, which nobody asked for.
    drawn = prepare(raising(1.6), settings)
    real = module.draw_sequence

    def other_pose(subject, poses, *rest):
        return real(subject, drawn.poses[[0, 2, 5]], *rest)

    monkeypatch.setattr(module, "draw_sequence", other_pose)
    wrong = pose_agreement(avatar, raising(0.0), tmp_path / "wrong.json", settings, frames=3)
    assert wrong["joints"]["right_wrist"]["pck"] < 0.5
    assert wrong["joints"]["left_wrist"]["pck"] > 0.9


def test_too_few_frames_are_refused(tmp_path):
    with pytest.raises(UserError, match="at least 2 frames"):
        pose_agreement(tmp_path / "a", "walk", tmp_path / "o.json", RenderConfig(), frames=1)
