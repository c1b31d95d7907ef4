"""Every layout gives back the motion that it was written from, joint by joint."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from bvh_writer import bvh
from motion_writers import (
    Rotation,
    aist,
    amass_smplh,
    amass_smplx,
    gvhmr,
    joints_of,
    mdm_results,
    mdm_smpl,
    motion_x,
    ours,
    tram,
    wham,
)

from gaussianmotion.body import Body
from gaussianmotion.body.joints import INDEX, PARENTS
from gaussianmotion.body.poses import arms_down_pose, star_pose
from gaussianmotion.body.rotation import multiply, to_quaternion
from gaussianmotion.config.motion import MotionFile
from gaussianmotion.pose.files.directions import swing
from gaussianmotion.pose.files.inverse_kinematics import leg_length, text_to_motion_rest
from gaussianmotion.pose.motion import Motion, load_motion

CLIPS = ["walk", "kick", "cartwheel", "roll"]
CONJUGATE = torch.tensor([1.0, -1.0, -1.0, -1.0])


def degrees_apart(a: Motion, b: Motion, joints: int = 22) -> torch.Tensor:
    """Angle between rotations, degrees, shape (T, joints)."""
    first, second = to_quaternion(a.poses[:, :joints]), to_quaternion(b.poses[:, :joints])
    turn = multiply(first * CONJUGATE, second)
    return torch.rad2deg(2 * torch.atan2(turn[..., 1:].norm(dim=-1), turn[..., 0].abs()))


def metres_apart(a: Motion, b: Motion, body: Body) -> torch.Tensor:
    """Distance between joints without hands, metres, shape (T, 22)."""
    first = body.posed_joints(a.poses, a.translation)
    return (first - body.posed_joints(b.poses, b.translation))[:, :22].norm(dim=-1)


@pytest.mark.parametrize("clip", CLIPS)
@pytest.mark.parametrize(
    ("write", "options", "layout"),
    [
        (ours, {}, "SMPL .npz that says its up axis"),
        (amass_smplh, {}, "AMASS, SMPL-H"),
        (amass_smplx, {}, "AMASS, SMPL-X"),
        (motion_x, {"up": "y"}, "Motion-X"),
        (gvhmr, {}, "GVHMR"),
        (wham, {"fps": 30}, "WHAM"),
        (tram, {"fps": 30}, "TRAM"),
        (aist, {"fps": 30}, "AIST++"),
        (mdm_smpl, {"fps": 30}, "MDM's SMPL parameters"),
    ],
)
def test_rotations_come_back(
    write, options: dict, layout: str, clip: str, open_body: Body, tmp_path: Path
) -> None:
    motion = load_motion(clip)
    read = load_motion(MotionFile(path=write(motion, tmp_path / "clip"), **options))
    assert (read.layout, read.fps, len(read)) == (layout, 30.0, len(motion))
    assert degrees_apart(motion, read).max() < 0.1
    assert metres_apart(motion, read, open_body).max() < 0.01


@pytest.mark.parametrize("clip", CLIPS)
def test_joints_of_our_skeleton_come_back(clip: str, open_body: Body, tmp_path: Path) -> None:
    motion = load_motion(clip)
    np.save(tmp_path / "joints.npy", joints_of(motion, open_body.rest_joints.double().numpy()))
    read = load_motion(MotionFile(path=tmp_path / "joints.npy", fps=30))
    assert read.layout == "HumanML3D joints"
    assert metres_apart(motion, read, open_body).max() < 0.02
    # What positions do not tell, the turn of a straight limb about itself, stays near.
    assert degrees_apart(motion, read).median() < 6.0


@pytest.mark.parametrize("clip", CLIPS)
def test_joints_of_a_text_to_motion_model_give_its_pose(
    clip: str, open_body: Body, tmp_path: Path
) -> None:
    motion = load_motion(clip)
    rest = text_to_motion_rest()
    np.save(tmp_path / "joints.npy", joints_of(motion, rest) * 0.01)  # whatever the unit is
    read = load_motion(MotionFile(path=tmp_path / "joints.npy", fps=30))
    whole = degrees_apart(motion, read)
    for joint in ("pelvis", "spine3"):  # which several joints tell
        assert whole[:, INDEX[joint]].max() < 12.0, joint
    still = [replace(m, translation=torch.zeros_like(m.translation)) for m in (motion, read)]
    assert metres_apart(*still, open_body).max() < 0.035  # no skeleton is quite the other
    # On the skeleton that the file was made with, joints are where they were.
    written, again = (joints_of(m, rest) for m in still)
    assert np.linalg.norm(written - again, axis=-1).max() < 0.02


def test_steps_are_as_long_as_our_legs_make_them(open_body: Body, tmp_path: Path) -> None:
    """Feet would slide on a body with longer legs, if it went no further."""
    walk, rest = load_motion("walk"), text_to_motion_rest()
    legs = leg_length(open_body.rest_joints[:22].double().numpy()) / leg_length(rest)
    np.save(tmp_path / "joints.npy", joints_of(walk, rest))
    read = load_motion(MotionFile(path=tmp_path / "joints.npy", fps=30))
    gone, expected = (m.translation[-1, 2] - m.translation[0, 2] for m in (read, walk))
    assert gone == pytest.approx(float(expected) * legs, rel=0.01)


def test_a_sample_of_a_model_is_cut_at_its_length(open_body: Body, tmp_path: Path) -> None:
    motion = load_motion("walk")
    joints = joints_of(motion, open_body.rest_joints.double().numpy())
    path = mdm_results(joints, tmp_path / "results", samples=3)
    read = load_motion(MotionFile(path=path, take=2, fps=30))
    assert (len(read), read.source) == (len(motion), "a person moves, 2")
    assert metres_apart(motion, read, open_body).max() < 0.02


@pytest.mark.parametrize("clip", CLIPS)
@pytest.mark.parametrize(
    "variant",
    [
        {},
        {"scale": 1.0},
        {"scale": 39.37, "newline": "\r\n"},
        {"inner_positions": True},
        {"rest_pose": arms_down_pose().double().numpy()},
        {"rest_pose": star_pose().double().numpy()},
    ],
    ids=["centimetres", "metres", "inches and CRLF", "inner positions", "arms down", "star"],
)
def test_bvh_comes_back(variant: dict, clip: str, open_body: Body, tmp_path: Path) -> None:
    motion = load_motion(clip)
    read = load_motion(bvh(motion, tmp_path / "clip", open_body, **variant))
    assert (read.layout, read.fps, len(read)) == ("BVH", 30.0, len(motion))
    assert degrees_apart(motion, read).max() < 1.0
    assert metres_apart(motion, read, open_body).max() < 0.02


def test_a_text_to_motion_models_bvh_keeps_its_rotations(open_body: Body, tmp_path: Path) -> None:
    """MoMask's skeleton is SMPL's: built otherwise than ours, but in the same rest pose."""
    motion, rest = load_motion("dance"), np.zeros((24, 3))
    rest[:22] = text_to_motion_rest()
    rest[22:] = rest[20:22] * 1.15  # hands, which a BVH file of 22 joints does not have
    read = load_motion(bvh(motion, tmp_path / "clip", open_body, rest=rest, scale=1.0))
    assert degrees_apart(motion, read).max() < 1.0


def along_one_axis(body: Body, twist: float) -> np.ndarray:
    """A rest pose (24, 3) in which every bone lies along x, as in LaFAN1, twisted about itself."""
    rest, world = body.rest_joints.double().numpy(), []
    ends = {parent: joint for joint, parent in reversed(list(enumerate(PARENTS)))}
    ends |= {0: INDEX["spine1"], 9: INDEX["neck"], 20: INDEX["left_hand"], 21: INDEX["right_hand"]}
    for joint, parent in enumerate(PARENTS):
        turn = world[parent] if parent >= 0 else Rotation.identity()
        if joint in ends:
            own = Rotation.from_rotvec([twist * ((joint * 37) % 7 - 3) / 3, 0.0, 0.0])
            turn = own * swing(rest[ends[joint]] - rest[joint], np.array([1.0, 0.0, 0.0]))
        world.append(turn)
    local = [world[p].inv() * world[j] if p >= 0 else world[j] for j, p in enumerate(PARENTS)]
    return np.stack([turn.as_rotvec() for turn in local])


@pytest.mark.parametrize("clip", ["walk", "kick", "dance", "crawl"])
@pytest.mark.parametrize("twist", [0.0, 1.5])
def test_a_rest_pose_that_is_none_is_told_by_the_motion(
    twist: float, clip: str, open_body: Body, tmp_path: Path
) -> None:
    motion = load_motion(clip)
    rest_pose = along_one_axis(open_body, twist)
    read = load_motion(bvh(motion, tmp_path / "clip", open_body, rest_pose=rest_pose))
    assert metres_apart(motion, read, open_body).max() < 0.02
    apart = degrees_apart(motion, read)
    assert apart.median() < 2.0
    assert apart.max() < 20.0
