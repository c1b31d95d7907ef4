"""Up is what the format says, however the person stands, lies or hangs."""

from pathlib import Path

import numpy as np
import pytest
import torch
from motion_writers import amass_smplh, amass_smplx, gvhmr, motion_x, wham
from scipy.spatial.transform import Rotation

from gaussianmotion.body import Body
from gaussianmotion.body.joints import INDEX
from gaussianmotion.config.motion import MotionFile
from gaussianmotion.pose.floor import lowest_points
from gaussianmotion.pose.motion import Motion, load_motion
from gaussianmotion.runtime.errors import UserError


def posture(body: Body, root: Rotation, moved: tuple[float, float, float] = (0, 0, 0)) -> Motion:
    """A second of a straight body that is turned and carried along, on the floor; y up."""
    frames = 31
    poses = torch.zeros(frames, 24, 3)
    poses[:, 0] = torch.from_numpy(root.as_rotvec()).float()
    translation = torch.linspace(0, 1, frames)[:, None] * torch.tensor(moved).float()
    translation[:, 1] += body.floor - lowest_points(poses[:1], translation[:1], body)[0]
    return Motion("posture", 30.0, poses, translation, "made here")


def turned(*angles: tuple[str, float]) -> Rotation:
    rotation = Rotation.identity()
    for axis, degrees in angles:
        rotation = Rotation.from_euler(axis, degrees, degrees=True) * rotation
    return rotation


# In our axes (y up, +z ahead). AMASS's +y is our -z.
POSTURES = {
    "stands": turned(),
    "lies on the back, head to AMASS's +y": turned(("x", -90)),
    "lies on the back, head to AMASS's +x": turned(("x", -90), ("y", -90)),
    "lies on the back, head to AMASS's -x": turned(("x", -90), ("y", 90)),
    "lies on the front, head to AMASS's -y": turned(("x", 90)),
    "lies on the side": turned(("z", 90)),
    "stands on the hands": turned(("x", 180)),
    "sits back, leaning": turned(("x", -60)),
}


@pytest.mark.parametrize("name", list(POSTURES))
@pytest.mark.parametrize("write", [amass_smplh, amass_smplx, wham, gvhmr])
def test_a_person_is_as_the_file_has_it(write, name: str, open_body: Body, tmp_path: Path) -> None:
    motion = posture(open_body, POSTURES[name])
    read = load_motion(MotionFile(path=write(motion, tmp_path / "clip"), fps=30))
    expected = open_body.posed_joints(motion.poses, motion.translation)
    found = open_body.posed_joints(read.poses, read.translation)
    torch.testing.assert_close(found, expected, atol=2e-3, rtol=0)
    head, pelvis = found[0, INDEX["head"]], found[0, INDEX["pelvis"]]
    rise = float(head[1] - pelvis[1])
    if "lies" in name:
        assert abs(rise) < 0.1
    if "hands" in name:
        assert rise < -0.5
    if name == "stands":
        assert rise > 0.5


def test_who_crawls_stays_down_and_goes_ahead(open_body: Body, tmp_path: Path) -> None:
    """Crawling to AMASS's +y, which is away from the camera: no rise, no sitting up."""
    crawl = posture(open_body, turned(("x", 90), ("y", 180)), moved=(0.0, 0.0, -0.8))
    read = load_motion(amass_smplx(crawl, tmp_path / "clip"))
    travelled = read.translation[-1] - read.translation[0]
    torch.testing.assert_close(travelled, torch.tensor([0.0, 0.0, -0.8]), atol=1e-4, rtol=0)


def test_the_user_says_up_where_the_file_does_not(open_body: Body, tmp_path: Path) -> None:
    motion = load_motion("walk")
    path = motion_x(motion, tmp_path / "clip")
    with pytest.raises(UserError, match=r"Motion-X.*does not say which axis is up: add `up: y`"):
        load_motion(path)
    arrays = {"poses": motion.poses.reshape(-1, 72).numpy(), "trans": motion.translation.numpy()}
    np.savez(tmp_path / "plain.npz", **arrays, fps=30)
    with pytest.raises(UserError, match="does not say which axis is up"):
        load_motion(tmp_path / "plain.npz")
    read = load_motion(MotionFile(path=tmp_path / "plain.npz", up="y"))
    torch.testing.assert_close(read.poses, motion.poses, atol=1e-5, rtol=0)


def test_the_user_knows_better_than_the_file(tmp_path: Path) -> None:
    """As for AMASS files that a tool turned without saying so."""
    motion = load_motion("kick")
    poses = motion.poses.reshape(-1, 72).numpy()
    path = tmp_path / "turned.npz"
    np.savez(path, poses=poses, trans=motion.translation.numpy() * 100, mocap_framerate=120)
    read = load_motion(MotionFile(path=path, up="y", fps=30, unit="cm"))
    assert read.fps == 30.0
    torch.testing.assert_close(read.poses, motion.poses, atol=1e-5, rtol=0)
    torch.testing.assert_close(read.translation, motion.translation, atol=0.01, rtol=0)


@pytest.mark.parametrize("up", ["y", "z", "-y", "-z"])
def test_every_axis_can_be_up(up: str, open_body: Body, tmp_path: Path) -> None:
    motion = load_motion("walk")
    turn = {
        "y": turned(),
        "z": turned(("x", 90)),
        "-y": turned(("x", 180)),
        "-z": turned(("x", -90)),
    }
    poses = motion.poses.double().numpy()
    poses[:, 0] = (turn[up] * Rotation.from_rotvec(poses[:, 0])).as_rotvec()
    moved = turn[up].apply(motion.translation.double().numpy())
    np.savez(tmp_path / "a.npz", poses=poses.reshape(-1, 72), trans=moved, fps=30)
    read = load_motion(MotionFile(path=tmp_path / "a.npz", up=up))
    torch.testing.assert_close(
        open_body.posed_joints(read.poses, read.translation),
        open_body.posed_joints(motion.poses, motion.translation),
        atol=0.01,
        rtol=0,
    )
