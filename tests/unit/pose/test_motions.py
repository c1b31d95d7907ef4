"""Motion files: the bundled clips as people would judge them, foreign files, and bad ones."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from gaussianmotion.body import Body
from gaussianmotion.body.joints import INDEX
from gaussianmotion.body.rotation import to_quaternion
from gaussianmotion.pose.motion import Motion, bundled_motions, load_motion
from gaussianmotion.rendering.filming import heading

CLIPS = bundled_motions()
# These start on the floor.
LYING = ("crawl", "rise_from_back", "rise_from_front")


def forward(motion: Motion) -> torch.Tensor:
    """Where the pelvis looks, (T, 3)."""
    w, x, y, z = to_quaternion(motion.poses[:, 0]).unbind(-1)
    return torch.stack([2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)], -1)


def test_the_clips_that_people_ask_for_are_bundled() -> None:
    assert {"walk", "run", "dance", "kick", "punch", "jump", "cartwheel"} <= set(CLIPS)


@pytest.mark.parametrize("name", CLIPS)
def test_a_clip_starts_at_the_origin_facing_z(name: str, open_body: Body) -> None:
    motion = load_motion(name)
    assert motion.fps == 30
    assert "pybullet" in motion.source or name == "idle"
    assert torch.isfinite(motion.poses).all()
    assert motion.translation[0, [0, 2]].abs().max() < 1e-6
    if name in LYING:
        assert abs(heading(motion.poses if motion.cyclic else motion.poses[:1])) < 25
    else:
        ahead = forward(motion)[0]
        assert abs(math.degrees(math.atan2(ahead[0], ahead[2]))) < 25
    joints = open_body.posed_joints(motion.poses[:1], motion.translation[:1])[0]
    rise = joints[INDEX["head"], 1] - joints[INDEX["pelvis"], 1]
    assert rise < 0.3 if name in LYING else rise > 0.3
    assert joints[INDEX["left_hip"], 0] > joints[INDEX["right_hip"], 0]


@pytest.mark.parametrize("name", CLIPS)
def test_a_clip_stands_on_the_floor_and_does_not_jerk(name: str, open_body: Body) -> None:
    motion = load_motion(name)
    lowest = torch.cat(
        [
            open_body.posed_vertices(pose[None], move[None])[..., 1].amin(1)
            for pose, move in zip(motion.poses, motion.translation, strict=True)
        ]
    )
    height = lowest - open_body.floor
    assert height.min() > -0.01
    assert height.quantile(0.3) < 0.01
    if name in ("jump", "backflip", "spinkick"):
        assert height.max() > 0.15
    if name in ("walk", "kick", "punch", "cartwheel"):
        assert height.max() < 0.02
    turns = to_quaternion(motion.poses)
    cosine = (turns[1:] * turns[:-1]).sum(-1).abs().clamp(max=1)
    assert torch.rad2deg(2 * cosine.acos()).max() < 60  # degrees in a 30th of a second


@pytest.mark.parametrize("name", ["walk", "run", "kick", "jump"])
def test_knees_bend_backward_and_elbows_forward(name: str, open_body: Body) -> None:
    motion = load_motion(name)
    transforms = open_body.transforms(motion.poses)
    joints = open_body.posed_joints(motion.poses)
    for side in ("left", "right"):
        hip, knee, ankle, shoulder, elbow, wrist = (
            INDEX[f"{side}_{part}"]
            for part in ("hip", "knee", "ankle", "shoulder", "elbow", "wrist")
        )
        thigh = transforms[:, hip, :3, :3]
        shin = (thigh.mT @ (joints[:, ankle] - joints[:, knee])[..., None])[..., 0]
        assert shin[:, 2].max() < 0.05
        arm = transforms[:, shoulder, :3, :3]
        forearm = (arm.mT @ (joints[:, wrist] - joints[:, elbow])[..., None])[..., 0]
        assert forearm[:, 2].min() > -0.05


@pytest.mark.parametrize("name", ["walk", "run"])
def test_arms_swing_against_the_legs_and_the_person_goes_forward(
    name: str, open_body: Body
) -> None:
    motion = load_motion(name)
    joints = open_body.posed_joints(motion.poses)[..., 2]

    def apart(part: str) -> np.ndarray:
        return (joints[:, INDEX[f"left_{part}"]] - joints[:, INDEX[f"right_{part}"]]).numpy()

    assert np.corrcoef(apart("wrist"), apart("ankle"))[0, 1] < -0.7
    travelled = motion.translation[-1] - motion.translation[0]
    assert travelled[2] > 1.0
    assert abs(float(travelled[0])) < 0.1


@pytest.mark.parametrize("name", [name for name in CLIPS if load_motion(name).cyclic])
def test_a_cyclic_clip_closes_and_loops(name: str) -> None:
    motion = load_motion(name)
    torch.testing.assert_close(motion.poses[-1], motion.poses[0], atol=2e-3, rtol=0)
    looped = motion.loop(4.0)
    assert looped.seconds >= 4.0
    assert looped.seconds < 4.0 + motion.seconds
    period = len(motion) - 1
    assert (len(looped) - 1) % period == 0
    step = motion.translation[-1] - motion.translation[0]
    moved = looped.translation[period] - looped.translation[0]
    torch.testing.assert_close(moved[[0, 2]], step[[0, 2]])
    # No jump where two cycles meet: not more than elsewhere.
    speed = (looped.translation[1:] - looped.translation[:-1]).norm(dim=-1)
    assert speed[period - 1 : period + 1].max() <= 1.5 * speed[:period].max()


def test_a_clip_that_is_no_cycle_is_not_looped() -> None:
    motion = load_motion("kick")
    assert motion.loop(10.0) is motion


def test_resampling_keeps_ends_and_duration_and_goes_the_short_way() -> None:
    motion = load_motion("walk")
    for fps in (12, 25, 30, 60):
        other = motion.resample(fps)
        assert other.fps == fps
        assert abs(other.seconds - motion.seconds) <= 0.5 / fps + 1e-6
        torch.testing.assert_close(other.translation[[0, -1]], motion.translation[[0, -1]])
        ends = to_quaternion(other.poses[[0, -1]]), to_quaternion(motion.poses[[0, -1]])
        torch.testing.assert_close((ends[0] * ends[1]).sum(-1).abs(), torch.ones(2, 24))
    same = motion.resample(30)
    torch.testing.assert_close(same.poses, motion.poses, atol=1e-5, rtol=0)
    turns = torch.tensor([[0.0, math.radians(170), 0.0], [0.0, math.radians(-170), 0.0]])
    poses = torch.zeros(2, 24, 3)
    poses[:, 0] = turns
    half = Motion("turn", 1.0, poses, torch.zeros(2, 3), "test").resample(2.0).poses[1, 0]
    assert float(half.norm()) == pytest.approx(math.pi, abs=1e-4)


@pytest.mark.parametrize("width", [66, 72, 156, 165])
def test_all_widths_of_the_smpl_family_are_read(width: int, tmp_path: Path) -> None:
    poses = np.full((5, width), 0.1)
    path = tmp_path / "m.npz"
    np.savez(path, poses=poses, trans=np.zeros((5, 3)), mocap_frame_rate=60.0, up_axis="y")
    read = load_motion(path)
    assert read.poses.shape == (5, 24, 3)
    assert (read.poses[:, :22] == np.float32(0.1)).all()
    assert (read.poses[:, 22:] == (np.float32(0.1) if width == 72 else 0)).all()


def test_root_and_body_in_two_arrays_are_read(tmp_path: Path) -> None:
    path = tmp_path / "stageii.npz"
    np.savez(
        path,
        root_orient=np.full((4, 3), 0.2),
        pose_body=np.full((4, 63), 0.1),
        trans=np.zeros((4, 3)),
        mocap_frame_rate=30.0,
        up_axis="y",
    )
    read = load_motion(path)
    assert (read.poses[:, 0] == np.float32(0.2)).all()
    assert (read.poses[:, 1:22] == np.float32(0.1)).all()


def test_idle_stands_calmly_with_its_feet_in_their_places(open_body: Body) -> None:
    motion = load_motion("idle")
    assert motion.cyclic
    joints = open_body.posed_joints(motion.poses, motion.translation)
    for foot in ("left_ankle", "right_ankle", "left_foot", "right_foot"):
        place = joints[:, INDEX[foot]]
        assert (place - place[0]).norm(dim=-1).max() < 2e-3, foot
    moved = joints[:, INDEX["head"]]
    assert 0.01 < (moved - moved.mean(dim=0)).norm(dim=-1).max() < 0.10
    speed = joints.diff(dim=0).norm(dim=-1) * motion.fps
    assert speed.max() < 0.15
    # From the last frame on as before: neither place nor speed jumps.
    around = torch.cat([joints[-4:-1], joints[:4]])
    change = around.diff(dim=0).diff(dim=0).norm(dim=-1) * motion.fps**2
    assert change.max() < 1.0


def test_knees_and_elbows_of_idle_bend_as_knees_and_elbows_do(open_body: Body) -> None:
    motion = load_motion("idle")
    poses = torch.rad2deg(motion.poses)
    for side in ("left", "right"):
        knee = poses[:, INDEX[f"{side}_knee"], 0]
        assert knee.min() > 1.0, "a knee that is quite straight snaps"
        assert knee.max() < 25.0


@pytest.mark.parametrize(
    ("name", "starts"), [("rise_from_back", 1.0), ("rise_from_front", -1.0), ("crawl", -1.0)]
)
def test_who_lies_or_crawls_is_bundled_so(name: str, starts: float) -> None:
    look = forward(load_motion(name))
    assert look[0, 1] * starts > 0.6
    if name.startswith("rise"):
        assert abs(look[-1, 1]) < 0.4
