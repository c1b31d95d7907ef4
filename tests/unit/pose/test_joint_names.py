"""Joint names of BVH files: every table knows its own skeleton, and a user can add one."""

from pathlib import Path

import pytest
import torch
from bvh_writer import bvh

from gaussianmotion.body import Body
from gaussianmotion.body.joints import JOINTS
from gaussianmotion.config.motion import MotionFile
from gaussianmotion.config.yaml_file import read_yaml
from gaussianmotion.pose.files.joint_names import SIDED, TABLES, find_joints
from gaussianmotion.pose.motion import load_motion
from gaussianmotion.runtime.errors import UserError

OWN = """
studio:
  pelvis: Root
  spine3: Chest
  neck: Neck
  head: Skull
  hip: "{Side}_Thigh"
  knee: "{Side}_Shin"
  ankle: "{Side}_Foot"
  shoulder: "{Side}_UpperArm"
  elbow: "{Side}_LowerArm"
  wrist: "{Side}_Hand"
"""


def names_of(table: dict) -> dict[str, str]:
    """What the table calls each of SMPL's joints, by its first choice."""
    names = {}
    for joint, choices in table.items():
        first = choices[0] if isinstance(choices, list) else choices
        sides = ("left", "right") if joint in SIDED else ("",)
        for side in sides:
            said = first.replace("{Side}", side.title()).replace("{side}", side)
            names[f"{side}_{joint}" if side else joint] = said.replace("{S}", side[:1].upper())
    return names


@pytest.mark.parametrize("name", list(read_yaml(TABLES)))
def test_a_table_knows_its_own_skeleton(name: str) -> None:
    names = names_of(read_yaml(TABLES)[name])
    listed = ["World", *names.values(), "LeftHandThumb1", "Toes_End"]
    found = find_joints(listed, Path("x.bvh"))
    assert {joint: listed[index] for joint, index in found.items()} == names


@pytest.mark.parametrize("name", list(read_yaml(TABLES)))
def test_limbs_move_the_same_on_every_skeleton(name: str, open_body: Body, tmp_path: Path) -> None:
    """Whatever joints of spine, neck and collars it lacks."""
    motion, names = load_motion("dance"), names_of(read_yaml(TABLES)[name])
    lacking = tuple(joint for joint in JOINTS[:22] if joint not in names)
    path = bvh(motion, tmp_path / "x", open_body, name=names.get, left_out=lacking)
    read = load_motion(path)
    joints = [open_body.posed_joints(m.poses, torch.zeros(len(m), 3)) for m in (motion, read)]
    bones = [(a, b) for side in ("left", "right") for a, b in (
        (f"{side}_hip", f"{side}_knee"), (f"{side}_knee", f"{side}_ankle"),
        (f"{side}_shoulder", f"{side}_elbow"), (f"{side}_elbow", f"{side}_wrist"),
    )]  # fmt: skip
    for start, end in bones:
        a, b = (
            torch.nn.functional.normalize(
                j[:, JOINTS.index(end)] - j[:, JOINTS.index(start)], dim=-1
            )
            for j in joints
        )
        assert torch.rad2deg((a - b).norm(dim=-1)).max() < 1.0, (start, end)


def test_a_user_adds_a_table(open_body: Body, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(OWN)
    names = names_of(read_yaml(tmp_path / "mine.yaml")["studio"])
    motion = load_motion("kick")
    lacking = tuple(joint for joint in JOINTS[:22] if joint not in names)
    path = bvh(motion, tmp_path / "x", open_body, name=names.get, left_out=lacking)
    with pytest.raises(UserError, match=r"no table knows its joints \(Root, "):
        load_motion(path)
    read = load_motion(MotionFile(path=path, joint_names=tmp_path / "mine.yaml"))
    knee = JOINTS.index("left_knee")
    torch.testing.assert_close(read.poses[:, knee], motion.poses[:, knee], atol=0.02, rtol=0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("studio: [a]", "studio: write joints and their names"),
        ("studio: {thigh: X}", "'thigh' is no joint; write one of pelvis"),
        ("studio: {hip: 3}", "hip: a name or a list of names"),
        ("a: {", "line 1"),
    ],
)
def test_a_wrong_table_is_explained(
    text: str, message: str, open_body: Body, tmp_path: Path
) -> None:
    (tmp_path / "mine.yaml").write_text(text)
    path = bvh(load_motion("kick"), tmp_path / "x", open_body)
    with pytest.raises(UserError, match=message):
        load_motion(MotionFile(path=path, joint_names=tmp_path / "mine.yaml"))
